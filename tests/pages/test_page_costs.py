"""What a page costs each time its script runs: the order in which it is drawn, and what is made again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.delta_generator import DeltaGenerator

from core import step_by_step
from core.experiments.classifier import ClassifierConfig
from core.export import program
from pages.index import PAGES
from pages.shared.live.live_view import untrained_frame
from pages.shared.page import shell
from pages.shared.panels.page_text import folds
from pages.shared.server import first_picture
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


def test_only_a_page_just_opened_waits_for_its_picture(
    open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[str] = []
    monkeypatch.setattr(first_picture, "wait", words.append)
    tab = open_tab().open("classifier")
    told = tab.data_of()["drawn"]
    tab.run()
    assert [first_picture.place(word) for word in words] == [told]
    assert tab.data_of()["drawn"] == told, "the view would be told something new at every change"
    tab.open("cnn")
    tab.open("classifier")
    assert len(set(words)) == len(words) == 3


def test_a_page_without_a_live_view_gives_its_top_a_start(
    open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(shell, "pause", pauses.append)
    tab = open_tab().open("loading")
    tab.run()
    assert pauses == [shell.HEAD_START], "the tab was at home before"


@pytest.fixture
def steps_taken(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The configs of which steps were taken by hand, each time that they were."""
    configs: list[object] = []
    take = step_by_step._replay

    def noting(config: ClassifierConfig, presses: tuple[step_by_step.Press, ...]) -> step_by_step.Table:
        configs.append(config)
        return take(config, presses)

    monkeypatch.setattr(step_by_step, "_replay", noting)
    monkeypatch.setattr(step_by_step, "_tables", {})
    return configs


def test_steps_by_hand_are_taken_once(classifier: Tab, steps_taken: list[object]) -> None:
    classifier.set("section classifier", "steps")
    for _rerun in range(3):
        classifier.run()
    assert len(steps_taken) == 1
    classifier.set("classifier.seed", 7)
    classifier.run()
    assert len(steps_taken) == 2


def test_own_points_are_not_remembered_for_others(classifier: Tab, steps_taken: list[object]) -> None:
    classifier.open("classifier", points="1.0,1.0,0_2.0,2.0,1", dataset="own")
    classifier.set("section classifier", "steps")
    assert steps_taken and not step_by_step._tables


def test_remembered_steps_are_bounded(monkeypatch: pytest.MonkeyPatch, steps_taken: list[object]) -> None:
    monkeypatch.setattr(step_by_step, "MOST_NUMBERS", 200)
    for seed in range(9):
        table = step_by_step.replay(ClassifierConfig(seed=seed), ())
    assert sum(known.values.size for known in step_by_step._tables.values()) <= 200
    assert step_by_step.replay(ClassifierConfig(seed=8), ()) is table


@pytest.mark.parametrize("section", ["lesson", "code"])
def test_the_frame_and_the_code_are_made_once(classifier: Tab, section: str) -> None:
    """What a page computes from its config alone is computed again only for another config."""
    classifier.set("section classifier", section)
    made = [known.cache_info().misses for known in (untrained_frame, program._build, folds)]
    for _rerun in range(3):
        classifier.run()
    assert [known.cache_info().misses for known in (untrained_frame, program._build, folds)] == made
