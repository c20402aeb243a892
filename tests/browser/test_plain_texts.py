"""What strangers wrote stands on the page as they wrote it, and does nothing: in Streamlit's own page, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pages.shared.person.language import WORD_JOINER
from tests.browser.app import ROOT, App

TEXTS = [
    "http://evil.example/x?y=1",
    "HTTPS://evil.example",
    "www.evil.example",
    "see (www.evil.example), WWW.evil.example",
    "mail to a.b@evil.example",
    "mailto:a@evil.example",
    "ftp://evil.example",
    "//evil.example",
    "[click](http://evil.example)",
    "[click][1]",
    "<http://evil.example>",
    "![seen](http://evil.example/x.png)",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "&lt;b&gt; &#58; &amp;",
    "$x^2$ and $$y$$",
    ":red[alarm] :blue-background[x] :small[x] :rainbow[x]",
    ":red-badge[x] ::name[x] :name{x}",
    ":smile: :+1: :material/home: :streamlit:",
    "**bold** *slanted* _under_ ~~gone~~ `code`",
    "# heading",
    "a | b",
    "- one",
    "1. one",
    "> said",
    "---",
    "C:\\path\\*.txt",
    "50% of 3:4",
]
PLACES = "[data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]"
ALIVE = ["a", "img", "script", "code", "strong strong", "em", "del", ".katex", "h1", "table", "ul", "ol", "blockquote"]
PAGE = """
import streamlit as st
from pages.shared.person.language import plain

TEXTS = {texts!r}
if __name__ == "__main__":
    for text in TEXTS:
        st.error(f"“{{plain(text)}}” is wrong.")
        st.markdown(f"x {{plain(text)}} x")
        st.caption(f"**{{plain(text)}}**")
"""


@pytest.fixture
def page(tmp_path: Path, used_context: BrowserContext) -> Iterator[Page]:
    """A page of Streamlit's that shows each text in a message, a paragraph and a caption."""
    (tmp_path / "streamlit_app.py").write_text(PAGE.format(texts=TEXTS), encoding="utf-8")
    server = App(tmp_path, root=tmp_path, environment={"PYTHONPATH": str(ROOT)})
    made = used_context.new_page()
    made.goto(server.url)
    yield made
    made.close()
    server.end()


def test_texts_of_strangers_do_nothing(page: Page) -> None:
    places = page.get_by_test_id("stMain").locator(PLACES)
    expect(places).to_have_count(3 * len(TEXTS))
    read = [text.replace(WORD_JOINER, "").strip() for text in places.all_inner_texts()]
    expected = [line for text in TEXTS for line in (f"“{text}” is wrong.", f"x {text} x", text)]
    assert read == expected
    for alive in (
        "a",
        "img",
        "script",
        "code",
        "strong strong",
        "em",
        "del",
        ".katex",
        "h1",
        "table",
        "ul",
        "blockquote",
    ):
        expect(places.locator(alive)).to_have_count(0)
    assert (
        places.evaluate_all(
            "(places) => places.flatMap((place) => [...place.querySelectorAll('span')]).map((span) => span.outerHTML)"
        )
        == []
    )
