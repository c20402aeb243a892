"""The rest of a page waits for its picture, but not for long."""

from __future__ import annotations

import threading

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages.shared.server import first_picture, pack
from pages.shared.server.first_picture import MOST, expect, place, wait
from tests.waiting import PATIENCE

BROWSER = TestClient(Starlette(routes=first_picture.routes))


def test_the_rest_comes_when_the_browser_has_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_picture, "PATIENCE", PATIENCE)
    word = expect()
    waiting = threading.Thread(target=wait, args=(word,))
    waiting.start()
    assert BROWSER.post(place(word)).status_code == 204
    waiting.join(PATIENCE / 2)
    assert not waiting.is_alive()
    assert word not in first_picture._awaited


def test_the_rest_comes_without_a_word_as_well() -> None:
    word = expect()
    wait(word)
    assert word not in first_picture._awaited
    wait(word)


def test_words_of_pages_that_were_never_drawn_are_bounded() -> None:
    for _page in range(MOST + 5):
        expect()
    assert len(first_picture._awaited) == MOST


def test_a_word_that_nobody_waits_for_means_nothing() -> None:
    assert BROWSER.post(place("0" * 16)).status_code == 204
    assert BROWSER.get(place("0" * 16)).status_code == 405


def test_every_element_of_the_pack_is_loaded_before_a_page_has_it() -> None:
    """Another build of Streamlit may say it in other words: then pages show its grey bars for longer."""
    elements = {name for name in pack.ELEMENTS if name[0].isupper()}
    text = "".join(pack.streamlit_scripts().values())
    assert {match["element"] for match in pack.LAZY.finditer(text)} == elements
