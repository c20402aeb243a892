"""Step 3: the common layers, to touch. A card shows what one layer does to real numbers."""

import streamlit as st

from pages.shared.cards.form import chosen_card
from pages.shared.cards.menu import card_menu
from pages.shared.cards.view import card_view
from pages.shared.language import lesson
from pages.shared.shell import language_switch

form = chosen_card()
with st.sidebar:
    language_switch()
    card_menu(form.card.name)
card_view(form)
st.divider()
st.markdown(lesson(f"layers_{form.card.family}"))
