"""What makes a config: its settings that differ from the tutorial's."""

from __future__ import annotations

from core.config import TrainingConfig, kind_of
from pages.shared.person.language import _


def settings_of(config: TrainingConfig) -> list[str]:
    """What differs from the tutorial's settings, by the names that the controls have."""
    differences = []
    for name, text in config.to_query().items():
        setting, value = config.settings()[name], getattr(config, name)
        if name == "device":
            continue
        if kind_of(type(config), name) == "points":
            text = str(len(value))
        elif setting.choices is not None:
            chosen = value if isinstance(value, tuple) else (value,)
            text = ", ".join(_(setting.choices[one]) for one in chosen)
        elif isinstance(value, bool):
            text = _("on") if value else _("off")
        differences.append(_("{name}: {sentence}").format(name=_(setting.label), sentence=text or _("none")))
    return differences or [_("the tutorial's settings")]
