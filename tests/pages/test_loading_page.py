"""The loading page and the page on how to go on, without a browser; what they start runs for real."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from core.loading.situations import SITUATIONS, SWEPT, situation, sweep
from core.processes.jobs import Job, Jobs
from pages.loading.bench import Bench
from tests.pages.tabs import BOB, Tab
from tests.pages.test_language import Message, assert_chinese, catalogs, messages
from tests.waiting import until

__all__ = ["catalogs", "messages"]

pytestmark = pytest.mark.usefixtures("server_jobs")

SMALL = {"samples": "32", "decode_ms": "1", "batch_size": "8", "num_epochs": "1"}


def bench(tab: Tab) -> Bench:
    own: Bench = tab.at.session_state["loading bench"]
    return own


def status(tab: Tab) -> str | None:
    """The status of a person's measurement."""
    job = bench(tab).job
    return job.status if job is not None else None


def finished(tab: Tab, job: Job | None) -> Tab:
    """The page after its job has ended."""
    assert job is not None
    until(lambda: not job.alive)
    assert (job.status, job.problem) == ("finished", None)
    return tab.run()


def test_there_is_a_picture_before_anything_is_measured(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open("loading")
    data = tab.data_of("loading lanes")
    assert [(group["name"], len(group["lanes"]), group["bars"]) for group in data["groups"]] == [
        ("A", 1, []), ("B", 3, []),
    ]  # fmt: skip
    assert "Nothing measured yet" in data["text"]["hint"]
    tab.set("loading B.num_workers", 5)
    assert len(tab.data_of("loading lanes")["groups"][1]["lanes"]) == 6
    tab.set("loading compare", False)
    assert [group["name"] for group in tab.data_of("loading lanes")["groups"]] == [""]


def test_two_settings_are_measured_and_compared(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open("loading", **SMALL, **{"b.num_workers": "2"})
    tab.press("measure")
    tab = finished(tab, bench(tab).job)
    data = tab.data_of("loading lanes")
    assert data["status"] == "finished"
    assert all("batches/s" in group["figures"] for group in data["groups"])
    assert {bar[0] for bar in data["groups"][1]["bars"]} == {0, 1, 2}
    assert "times as fast" in tab.words or "equally fast" in tab.words
    tab.set("section loading", "figures")
    assert "batches per second" in tab.words and "memory of all workers" in tab.words
    tab.set("section loading", "code")
    assert "num_workers=2" in tab.words and "class SlowShapes" in tab.words
    tab.set("loading code", "A")
    assert "num_workers=0" in tab.words


def test_a_measurement_takes_up_what_was_set_just_before(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open("loading", **SMALL, compare="false")
    tab.widget("loading A.batch_size").set_value(16)  # over a slow link it arrives together with the button
    finished(tab.press("measure"), bench(tab).job)
    assert [one.config.batch_size for one in bench(tab).measured] == [16]


def test_a_sweep_goes_through_all_numbers_of_workers(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open("loading", **SMALL, compare="false")
    tab.press("sweep")
    tab = finished(tab, bench(tab).job)
    data = tab.data_of("loading lanes")
    assert [entry["label"] for entry in data["sweep"]] == [str(count) for count in SWEPT]
    assert all(rate > 0 for entry in data["sweep"] for rate in entry["rates"])
    assert "8: " in data["sweep_alt"]
    warning = r"PyTorch warns of 8 workers on \d+ cores: more workers than cores can slow loading down\."
    assert re.search(warning, tab.words)
    assert "This DataLoader will create 8 worker processes" in tab.words, "in its own words as well"


def test_what_can_not_work_is_told_where_it_was_chosen(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open("loading")
    tab.set("loading side", "A").set("loading A.persistent_workers", True)
    assert tab.errors == ["DataLoader refuses persistent_workers without workers."]
    assert [element.disabled for element in tab.at.button if element.key in ("measure", "sweep")] == [True, True]
    tab.set("loading A.num_workers", 1)
    assert tab.errors == []


def test_a_link_restores_both_settings_and_starts_nothing(open_tab: Callable[..., Tab]) -> None:
    first = open_tab().open("loading", dataset="files", num_workers="3", **{"b.persistent_workers": "true"})
    linked = bench(first)
    assert linked.job is None
    assert (linked.a.config.num_workers, linked.b.config.num_workers) == (3, 3)
    assert (linked.a.config.persistent_workers, linked.b.config.persistent_workers) == (False, True)
    assert linked.to_query() == {"dataset": "files", "num_workers": "3", "b.persistent_workers": "true"}
    wrong = open_tab(BOB).open("loading", num_workers="many", **{"b.batch_size": "0"})
    assert [error for error in wrong.errors if "many" in error] and [error for error in wrong.errors if "“0”" in error]


def test_who_must_wait_is_told_and_may_end_it(open_tab: Callable[..., Tab], server_jobs: Jobs) -> None:
    anne = open_tab().open("loading", samples="2048", decode_ms="20")  # it can't end before she says so
    bob = open_tab(BOB).open("loading", **SMALL)
    anne.press("measure")
    until(lambda: status(anne) == "running")
    bob.press("measure")
    assert bob.data_of("loading lanes")["text"]["hint"] == "All cores are busy: 1 ahead of you in line."
    bob.press("end measurement")
    assert "The measurement was ended before it was done." in [element.value for element in bob.at.info]
    anne.press("end measurement")
    assert status(anne) == "ended"


@pytest.mark.parametrize("name", list(SITUATIONS))
def test_situations_are_sound_and_differ(name: str) -> None:
    a, b = situation(name)
    assert a != b
    assert [config.num_workers for config in sweep(a)] == [count for count in SWEPT if count <= 4 or name != "first"]


def test_pitfalls_run_for_real(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open("loading").set("section loading", "pitfalls").set("pitfall", "streams")
    tab.press("run program loading/pitfalls streams")
    tab = finished(tab, tab.at.session_state["program loading/pitfalls streams"])
    assert "Countdown, num_workers=2: [[10, 9, 8, 7, 6], [10, 9, 8, 7, 6]" in tab.words
    assert "It has finished." in tab.words


def test_a_profile_of_an_own_run(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open("classifier", num_steps="10", lr="0.5")
    run = tab.play()
    until(lambda: run.status == "finished")
    tab = tab.open("next").set("section next", "profile")
    [box] = [element for element in tab.at.selectbox if element.key == "profile run"]
    assert box.value == run.id and "Learning rate: 0.5" in box.options[0].replace("\\", "")
    tab.press("Profile it")
    tab = finished(tab, tab.at.session_state["profile asked"].job)
    data = tab.data_of("profile lanes")
    assert (
        "aten::addmm" in data["groups"][0]["named"] and "ms a step under the profiler" in data["groups"][0]["figures"]
    )
    assert "Optimizer.step#SGD.step" in tab.words


def test_both_pages_are_chinese(open_tab: Callable[..., Tab], messages: list[Message]) -> None:
    tab = open_tab().open("loading", lang="zh", **SMALL)
    tab.press("measure")
    tab = finished(tab, bench(tab).job)
    for section in ("lesson", "figures", "pitfalls"):
        tab.set("section loading", section)
        assert_chinese(tab, messages)
    tab = tab.open("next")
    assert_chinese(tab, messages)
    assert_chinese(tab.set("section next", "profile"), messages)
