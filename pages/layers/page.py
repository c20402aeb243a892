"""Step 3: the common layers, to touch. A card shows what one layer does to real numbers."""

import streamlit as st

from pages.layers.form import chosen_card
from pages.layers.menu import card_menu
from pages.layers.view import card_view
from pages.shared.panels.page_text import lesson_text

form = chosen_card()
with st.sidebar:
    card_menu(form.card.name)
card_view(form)
st.divider()
lesson_text("layers", form.card.family)
