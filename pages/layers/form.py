"""A card's form: its arguments, kept on the person's desk between visits, and taken from a link."""

from __future__ import annotations

import streamlit as st

from core.config import Problem
from core.engine.manager import manager
from core.layers import CARDS
from core.layers.card import Card
from pages.shared.form.form import Form
from pages.shared.person import session

FIRST = "conv2d"
"""The card of a first visit."""


class CardForm(Form):
    """What one tab has chosen on one card."""

    def __init__(self, card: Card):
        self.card = card
        self.owner = session.owner()
        desk = manager().store.desk(self.owner, card.config.experiment)
        super().__init__(f"card {card.name}", card.config.forgive(desk.config)[0] if desk else card.config())

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
