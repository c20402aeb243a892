"""What makes a config: its settings that differ from the tutorial's."""

from __future__ import annotations

from collections.abc import Collection

from core.config import TrainingConfig, kind_of
from pages.shared.person.language import _


def settings_of(config: TrainingConfig, named: Collection[str] = ()) -> list[str]:
    """What differs from the tutorial's settings, by the names that the controls have.

    Args:
        named: settings that are told even where they are the tutorial's.
    """
    differences = []
    for name, setting in config.settings().items():
        value = getattr(config, name)
        if name == "device" or (value == config.default(name) and name not in named):
            continue
        text = config.write(name, value)
        if kind_of(type(config), name) == "points":
            text = str(len(value))
        elif setting.choices is not None:
            chosen = value if isinstance(value, tuple) else (value,)
            text = ", ".join(_(setting.choices[one]) for one in chosen)
        elif isinstance(value, bool):
            text = _("on") if value else _("off")
        elif setting.count_help and value:
            text = _("{count} (neurons: {sizes})").format(count=len(value), sizes=", ".join(map(str, value)))
        differences.append(_("{name}: {sentence}").format(name=_(setting.label), sentence=text or _("none")))
    return differences or [_("the tutorial's settings")]
