"""A card's form: its arguments, kept on the person's desk between visits, and taken from a link."""

from __future__ import annotations

from core.config import Problem
from core.engine.manager import manager
from core.foreign import quoted
from core.layers import CARDS
from core.layers.card import Card
from pages.shared.form.form import Form
from pages.shared.form.link import forget_link, linked
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
        """Store the card's arguments on the person's desk, for the next visit."""
        with session.storing():
            manager().store.leave(self.owner, self.config, None)


def chosen_card() -> CardForm:
    """The card that the link names, else the one that this tab or an earlier visit chose."""
    query = linked()
    name = session.get("card chosen") or session.preference("card") or FIRST
    fresh = bool(query) and query != session.get("card link")
    session.put("card link", query)
    if fresh and query.get("card", name) in CARDS:
        name = query.get("card", name)
        session.prefer("card", name)
    name = name if name in CARDS else FIRST
    session.put("card chosen", name)
    form = form_of(name)
    if fresh:
        values = {field: value for field, value in query.items() if field != "card"}
        if query.get("card", name) in CARDS:
            config, notices = form.card.config.forgive(values)
            form.fill(config)
        else:
            notices = [Problem("", "There is no card “{name}”.", {"name": quoted(query["card"])})]
        form.notices = notices
    forget_link()
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
