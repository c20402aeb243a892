"""All cards at a glance, family by family."""

from __future__ import annotations

import streamlit as st

from core.layers import CARDS, FAMILIES
from pages.layers.form import choose
from pages.layers.words import card_title, family_titles
from pages.shared.person import session
from pages.shared.person.language import _


def card_menu(chosen: str) -> None:
    """A row of cards for each family; the one shown is marked."""
    titles = family_titles()
    for family in FAMILIES:
        names = [name for name, card in CARDS.items() if card.family == family]
        key = f"cards of {family}"
        session.put(key, chosen if chosen in names else None)
        st.pills(titles[family], names, format_func=card_title, key=key, on_change=_take, args=(key,))


def _take(key: str) -> None:
    name = session.get(key)
    if name:
        choose(name)


def neighbours(chosen: str) -> None:
    """One card back and one on: on a telephone the menu is folded away."""
    names = list(CARDS)
    at = names.index(chosen)
    for by, icon, words in (
        (-1, ":material/chevron_left:", _("The previous card")),
        (1, ":material/chevron_right:", _("The next card")),
    ):
        name = names[(at + by) % len(names)]
        key = f"card {'next' if by > 0 else 'before'}"
        if st.button(" ", key=key, icon=icon, help=words, type="tertiary"):
            choose(name)
            st.rerun()
