"""What a page costs each time its script runs: the order in which it is drawn, and what is made again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.delta_generator import DeltaGenerator

from pages.index import PAGES
from pages.shared.page import shell
from tests.pages.tabs import Tab

TRAINING = [row.folder for row in PAGES if row.experiment]
WIDGETS = {"slider", "number_input", "selectbox", "toggle", "checkbox", "text_input", "file_uploader"}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of all elements that pages draw, in the order in which they are sent."""
    kinds: list[str] = []
    enqueue = DeltaGenerator._enqueue

    def noting(self: DeltaGenerator, delta_type: str, *arguments: object, **options: object) -> object:
        kinds.append(delta_type)
        return enqueue(self, delta_type, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(DeltaGenerator, "_enqueue", noting)
    return kinds


@pytest.mark.parametrize("folder", TRAINING)
def test_the_picture_is_sent_before_the_settings(folder: str, open_tab: Callable[..., Tab], drawn: list[str]) -> None:
    """A browser makes all widgets of a page in one go, which takes longer than all else."""
    tab = open_tab().open(folder)
    drawn.clear()
    tab.run()
    before = drawn[: drawn.index("bidi_component")]
    assert "heading" in before
    assert WIDGETS.isdisjoint(before), before
    assert WIDGETS & set(drawn)


def test_only_a_page_just_opened_gives_its_top_a_start(
    open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(shell, "pause", pauses.append)
    tab = open_tab().open("classifier")
    assert len(pauses) == 1
    tab.run()
    assert len(pauses) == 1
    tab.open("cnn")
    tab.open("classifier")
    assert len(pauses) == 3
