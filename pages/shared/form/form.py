"""A config on the screen: the last values that fit, and what is wrong with those that are there now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.config import Config, ConfigError, Problem


class Form:
    """The form of one config; whatever has settings on the screen is one.

    Attributes:
        config: the last values that fit.
        problems: what can't be used now, by field.
        refused: all values of the form while some of them can't be used; else empty.
        notices: sentences about a link, until something is changed.
        refill: fields whose widgets must take the config's value.
        typed: values that stand in the form though they can't be used, once its widgets are filled again.
        spoken: the language that the widgets were last drawn in.
        pictures: addresses of small pictures of what can be chosen: setting -> choice -> address.
    """

    def __init__(self, name: str, config: Config):
        self._name = name
        self.config: Any = config
        self.problems: dict[str, Problem] = {}
        self.refused: dict[str, Any] = {}
        self.notices: list[Problem] = []
        self.refill: set[str] = set()
        self.typed: dict[str, Any] = {}
        self.spoken = ""
        self.pictures: Mapping[str, Mapping[Any, str]] = {}

    def key(self, field: str) -> str:
        """The session key of a field's widget."""
        return f"{self._name}.{field}"

    def entered(self, field: str) -> Any:
        """A field's value as it stands in the form, whether it can be used or not."""
        return self.refused.get(field, getattr(self.config, field))

    def fill(self, config: Config, typed: Mapping[str, Any] | None = None) -> None:
        """Put another config into the form; only before its widgets are drawn, as in a callback.

        Args:
            typed: values that can't be used, and stand in the form nevertheless.
        """
        self.problems, self.refused, self.notices = {}, {}, []
        self.config, self.refill, self.typed = config, set(config.settings()), dict(typed or {})
        self.save()

    def put_in(self, config: Config) -> None:
        """Put in what a link asks for."""
        self.fill(config)

    def submit(self, values: dict[str, Any]) -> None:
        """Take the form's values: a valid change acts at once, an invalid one has a sentence in `problems`."""
        try:
            config = type(self.config).create(values)
        except ConfigError as error:
            self.problems = {problem.field: problem for problem in error.problems}
            self.refused = values
            return
        self.problems, self.refused = {}, {}
        if config != self.config:
            self.notices = []
            self.change(config)

    def change(self, config: Config) -> None:
        """Take another config that fits, with what follows from it."""
        self.config = config
        self.save()

    def take_link(self, query: Mapping[str, str]) -> None:
        """Fill the form from a link. It starts nothing."""
        config, notices = type(self.config).forgive(query)
        self.put_in(config)
        self.notices = notices

    def save(self) -> None:
        """Store everything for the next visit; a form that has no place for it stores nothing."""
