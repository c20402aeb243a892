"""The glossary: the terms of the lessons in both languages, with a sentence each."""

import streamlit as st

from pages.index import page
from pages.shared.page.shell import page_top
from pages.shared.person.glossary import glossary
from pages.shared.person.language import _, current

GROUPS = {
    "data": _("Data"),
    "training": _("Training"),
    "network": _("Networks"),
    "images": _("Images and convolution"),
    "sequences": _("Sequences"),
    "pytorch": "PyTorch",
}

language = current()
other = "en" if language == "zh" else "zh"
page_top(page("glossary"))
st.caption(_("The words that the lessons use, in English and in Chinese. Lessons link each at its first use."))
for group, title in GROUPS.items():
    st.header(title, anchor=False)
    for key, term in glossary().items():
        if term.group == group:
            names = dict.fromkeys((term.name(language), term.name(other)))
            st.subheader(" · ".join(names), anchor=key)
            st.markdown(term.sentence[language])
