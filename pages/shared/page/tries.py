"""What the buttons beside "Try" and "Shows best" do on a page: they set what the text says, and start it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.config import TrainingConfig
from pages.shared.form.differences import settings_of
from pages.shared.form.workspace import Workspace
from pages.shared.panels.page_text import Tries
from pages.shared.person import session
from pages.shared.person.language import _, plain

SECTION = "section"
"""The section to open, by its name."""
START = "start"
"""Whether a run is started; it is, unless this says no or there are no settings."""
BREAKS = "breaks"
"""Whether the settings can't be used, which is what the text wants to show: they stand in the form with their error."""


def settings_in(values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of what is to be tried, all others as the tutorial has them."""
    fields = {name: value for name, value in values.items() if name not in (SECTION, START, BREAKS)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def starts(values: Mapping[str, Any]) -> bool:
    """Whether a run is started."""
    return bool(values.get(START, SECTION not in values or settings_in(values)) and not values.get(BREAKS))


def wanted(kind: type[TrainingConfig], values: Mapping[str, Any]) -> TrainingConfig:
    """The config that is to be tried; unchecked where it is to show an error.

    Raises:
        ConfigError: it can't be used, and should be.
    """
    if values.get(BREAKS):
        return kind.model_construct(**{**dict(kind()), **settings_in(values)})
    return kind.create(settings_in(values))


def training_tries(space: Workspace, titles: Mapping[str, str], called: Callable[[Any], str]) -> Tries:
    """What a training page does.

    Args:
        titles: the page's sections.
        called: the name that the page has for a config; empty if it has none.
    """
    kind = type(space.config)

    def label(values: Mapping[str, Any]) -> str:
        """What a button says; "" where the page has no such section, as for settings without bugs."""
        if SECTION in values and values[SECTION] not in titles:
            return ""
        about = [_open(titles[values[SECTION]])] if SECTION in values else []
        if settings_in(values) or not about:
            config = wanted(kind, values)
            about = [called(config)] if called(config) else [*settings_of(config, settings_in(values)), *about]
        return str(plain(" · ".join(about)))

    def start(values: Mapping[str, Any]) -> None:
        if SECTION in values:
            _show(f"section {space.name}", values[SECTION])
        if values.get(BREAKS):
            _put_in_form(space, settings_in(values))
        elif settings_in(values) or SECTION not in values:
            space.replace(wanted(kind, values).changed(device=space.config.device), starts(values))
        if starts(values) and SECTION not in values:
            space.tries += 1

    return Tries(label, start, starts)


def section_tries(key: str, titles: Mapping[str, str]) -> Tries:
    """What a page does that trains nothing: it opens a section of its row."""
    return Tries(lambda values: plain(_open(titles[values[SECTION]])), lambda values: _show(key, values[SECTION]))


def _open(title: str) -> str:
    return _("Open “{section}”").format(section=title)


def _show(key: str, section: str) -> None:
    session.put(key, section)
    session.prefer(key, section)


def _put_in_form(space: Workspace, values: Mapping[str, Any]) -> None:
    """Put values into the form's widgets, as if they were typed there; all others are the tutorial's."""
    space.replace(space.experiment.config().changed(device=space.config.device), typed=values)
