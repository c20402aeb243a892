"""TensorBoard's page, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core import limits
from core.engine.manager import Manager
from core.experiments.classifier import ClassifierConfig
from core.tensorboard.config import LogConfig
from core.tensorboard.reading import read
from tests.pages.tabs import ANNE, BOB, Tab
from tests.waiting import until


def test_code_records_and_picture_follow_the_form(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("tensorboard")
    assert "i * 2" in page.words and "101 records" in page.words
    page.set("first log.function", "square").set("first log.points", 12)
    assert page.errors == []
    assert "i ** 2" in page.words and "range(12)" in page.words and "13 records" in page.words
    [table] = page.at.dataframe
    assert table.value.iloc[-1].tolist()[:2] == ["11", "Example/y = 121"]
    page.set("first log.run", "../../x")
    [error] = page.errors
    assert "“../../x” can't be the name of a run here" in error and "range(12)" in page.words


@pytest.mark.usefixtures("server_jobs")
def test_mistakes_each_have_words_and_a_program(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("tensorboard").set("section tensorboard", "mistakes")
    for name, words in (("one_folder", "runs/all"), ("no_flush", "os._exit"), ("tensor", "grad_fn")):
        page.set("logging mistake", name)
        assert words in page.words
    page.set("logging mistake", "one_folder").press("Run it here")
    until(lambda: "It has finished." in page.run().words)
    assert [figure.key for figure in page.at.get("plotly_chart")] == ["zigzag all", "zigzag lr0.1"]
    line = read(page.manager.store.logs(ANNE) / "mistakes/one_folder/all").scalars["Train/Loss"]
    assert [step for step, _value in line] == [0, 1, 2, 3, 0, 1, 2, 3]


def test_who_logged_nothing_is_sent_to_pages_that_train(open_tab: Callable[..., Tab], manager: Manager) -> None:
    manager.store.prefer(ANNE, "section tensorboard", "view")  # the section shown else writes an example
    page = open_tab().open("tensorboard")
    assert page.links == ["Classifier", "CNN", "RNN"]


def finished(page: Tab, **values: Any) -> Any:
    """A run of that person's that has ended, logged as they chose."""
    run = page.manager.start(page.owner, ClassifierConfig.create({"num_steps": 100, "device": "cpu", **values}))
    until(lambda: not run.alive and run.connection is None)
    return run


def test_own_runs_are_drawn_and_nobody_elses(open_tab: Callable[..., Tab]) -> None:
    page = open_tab()
    run = finished(page)
    name = run.folder.facts()["log"]
    page = open_tab().open("tensorboard").set("section tensorboard", "view")
    assert name in page.at.multiselect[0].options
    assert "**Train/Loss**" in page.words and f"tensorboard --logdir {page.manager.store.logs(ANNE)}" in page.words
    page.set("log smoothing", 0.5).set("log runs", [])
    assert page.errors == []
    assert open_tab().open("tensorboard").at.session_state["section tensorboard"] == "view", "as after a refresh"
    stranger = open_tab(BOB).open("tensorboard")
    assert stranger.at.session_state["section tensorboard"] == "first"
    stranger.set("section tensorboard", "view")
    assert name not in stranger.at.multiselect[0].options


def test_what_is_switched_on_is_logged_from_then_on_and_told(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("tensorboard").set("section tensorboard", "log")
    assert 'writer.add_histogram(f"weights/{name}", parameter, step)' in page.words
    assert "In the last run" not in page.words
    page.set("log.histograms", True).set("log.histograms_every", 40)
    run = finished(page)
    assert read(page.manager.store.logs(ANNE) / run.folder.facts()["log"]).histograms.keys() >= {"weights/out.bias"}
    assert page.run().words.count("In the last run") == 5
    assert open_tab().open("tensorboard").set("section tensorboard", "log").widget("log.histograms").value
    assert not open_tab(BOB).open("tensorboard").set("section tensorboard", "log").widget("log.histograms").value


def test_a_training_page_shows_its_kinds_and_its_script_logs(classifier: Tab) -> None:
    classifier.set("section classifier", "log")
    assert "add_scalar" in classifier.words and "add_images" not in classifier.words
    classifier.set("section classifier", "code")
    plain = classifier.data_of("code classifier")["lines"]
    classifier.set("code log classifier", True)
    logging = classifier.data_of("code classifier")["lines"]
    texts = ["".join(text for _kind, text in line["parts"]) for line in logging if not line.get("missing")]
    assert len(logging) > len(plain) and any("writer.add_scalar(" in text for text in texts)
    compile("\n".join(texts), "run.py", "exec")


def test_a_full_log_is_told(open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOG_BYTES", 2000)
    page = open_tab()
    page.manager.store.choose_log(ANNE, LogConfig(every=1))
    run = finished(page)
    assert run.log["stopped"] == "budget"
    page.open("tensorboard").set("section tensorboard", "log")
    assert any("log was full" in element.value for element in page.at.warning)
