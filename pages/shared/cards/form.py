"""A card's form: its arguments, kept on the person's desk between visits, and taken from a link."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.config import ConfigError, Problem
from core.engine.manager import manager
from core.layers import CARDS
from core.layers.card import Card, CardConfig
from pages.shared import session

FIRST = "conv2d"
"""The card of a first visit."""


class CardForm:
    """What one tab has chosen on one card.

    Attributes:
        config: the last values that fit.
        problems: what can't be used in the form now, by field.
        notices: sentences to show once, about a link.
        refill: whether the widgets must take the config's values.
    """

    def __init__(self, card: Card):
        self.card = card
        self.owner = session.owner()
        desk = manager().store.desk(self.owner, card.config.experiment)
        self.config: CardConfig = card.config.forgive(desk.config)[0] if desk else card.config()
        self.problems: dict[str, Problem] = {}
        self.notices: list[Problem] = []
        self.refill = False

    def key(self, field: str) -> str:
        """The session key of a field's widget."""
        return f"card {self.card.name}.{field}"

    def fill(self, config: CardConfig) -> None:
        """Put another config into the form; only before its widgets are drawn, as in a callback."""
        self.config, self.problems, self.refill = config, {}, True
        self.save()

    def submit(self, values: dict[str, Any]) -> None:
        """Take the form's values: a valid change acts at once, an invalid one is told and changes nothing."""
        try:
            config = self.card.config.create(values)
        except ConfigError as error:
            self.problems = {problem.field: problem for problem in error.problems}
            return
        self.problems = {}
        if config != self.config:
            self.config = config
            self.save()

    def save(self) -> None:
        """Leave it on the desk."""
        manager().store.leave(self.owner, self.config, None)


def chosen_card() -> CardForm:
    """The card that the link names, else the one that this tab or an earlier visit chose."""
    asked = {name: value for name, value in st.query_params.items() if name != "lang"}
    name = session.get("card chosen") or session.preference("card") or FIRST
    fresh = bool(asked) and asked != session.get("card link")
    # The browser may send the same link once more before it has taken it out of its address.
    session.put("card link", asked)
    if fresh and asked.get("card", name) in CARDS:
        name = asked.get("card", name)
        session.prefer("card", name)
    name = name if name in CARDS else FIRST
    session.put("card chosen", name)
    form = form_of(name)
    if fresh:
        values = {field: value for field, value in asked.items() if field != "card"}
        if asked.get("card", name) in CARDS:
            config, notices = form.card.config.forgive(values)
            form.fill(config)
        else:
            notices = [Problem("", "There is no card “{name}”.", {"name": asked["card"][:80]})]
        form.notices = notices
    if asked:
        st.query_params.from_dict({name: value for name, value in st.query_params.items() if name == "lang"})
    return form


def form_of(name: str) -> CardForm:
    """This tab's form of a card."""
    form: CardForm | None = session.get(f"card form {name}")
    if form is None:
        form = CardForm(CARDS[name])
        session.put(f"card form {name}", form)
    return form


def choose(name: str) -> None:
    """Turn to another card; only in a callback."""
    session.put("card chosen", name)
    session.prefer("card", name)
