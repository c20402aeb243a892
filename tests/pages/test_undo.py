"""What a person made themselves can be brought back, whatever took its place: a button, a link or an earlier run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.engine.manager import Manager
from core.experiments.build import TUTORIAL_CNN
from core.experiments.classifier import ClassifierConfig
from pages.home.film import CONFIG
from tests.pages.tabs import BOB, Tab
from tests.pages.test_build_page import Builder
from tests.waiting import until

POINTS = "1.5,2,a\n-1,0.5,b\n2,-1,a\n-2,-2.25,b\n"
SPREAD = "Spread: 2 · Bugs: learning rate too high"
CIRCLES = "Data set: circles · Hidden layers: 1 (neurons: 2) · Learning rate: 0.2"
MLP = "Flatten(),Linear(784,33),ReLU(),Linear(33,10)"


@pytest.fixture
def own(open_tab: Callable[..., Tab]) -> Tab:
    """The classifier's page with a person's own points, of which nothing was trained."""
    tab = open_tab().open("classifier")
    tab.widget("classifier.csv text").set_value(POINTS)
    tab.run().press("Use these points")
    assert len(tab.config.points) == 4 and tab.config.dataset == "own"
    return tab


def undone(tab: Tab) -> Any:
    """The config after Undo, which must be offered."""
    assert tab.data_of()["changed"]
    tab.tell("undo")
    assert tab.data_of()["changed"] == ""
    return tab.config


def tried(tab: Tab, label: str) -> None:
    """Press the button of the lesson or of the bugs that says this, and wait until its run is there."""
    [button] = [button for button in tab.at.button if button.label.replace("\\", "") == label]
    button.click()
    tab.run()
    until(lambda: tab.current_run().step > 0)


def test_buttons_one_after_the_other_lead_back_to_what_was_ones_own(own: Tab) -> None:
    before = own.config
    tried(own, CIRCLES)
    tried(own, CIRCLES)
    assert own.data_of()["changed"].startswith("Data set")
    own.press("Tutorial's settings")
    assert own.config == ClassifierConfig()
    assert undone(own) == before


def test_a_bugs_button_leads_back_too(own: Tab) -> None:
    before = own.config
    own.set("section classifier", "bugs")
    tried(own, SPREAD)
    tried(own, SPREAD)
    own.set("classifier.lr", 0.5)
    assert undone(own) == before


def test_play_and_a_dragged_setting_leave_the_way_back(own: Tab) -> None:
    before = own.config
    own.press("Tutorial's settings")
    run = own.play(speed=2)
    own.set("classifier.lr", 0.5)
    own.tell("reset")
    until(lambda: not run.alive)
    own.play(paused=True)
    assert undone(own) == before


def test_a_change_by_hand_is_undone_first(own: Tab) -> None:
    before = own.config
    tried(own, CIRCLES)
    button = own.config
    own.set("classifier.batch_norm", True)
    assert own.data_of()["changed"] == "Batch norm"
    own.tell("undo")
    assert own.config == button
    assert undone(own) == before


def test_what_was_made_by_hand_since_is_not_lost_either(own: Tab) -> None:
    first = own.config
    own.press("Tutorial's settings")
    own.set("classifier.batch_norm", True)
    second = own.config
    tried(own, CIRCLES)
    own.tell("undo")
    assert own.config == second
    assert undone(own) == first


@pytest.mark.parametrize("times", [1, 2])
def test_a_link_leads_back(own: Tab, times: int) -> None:
    before = own.config
    for dataset in ["moons", "spirals"][:times]:
        own.at.query_params = {"dataset": dataset}
        own.run()
    assert own.config.points == () and own.data_of()["changed"].startswith("Data set")
    assert undone(own) == before
    assert own.widget("classifier.dataset").value == "own"


def test_a_link_in_another_tab_leads_back_after_a_reload_too(own: Tab, open_tab: Callable[..., Tab]) -> None:
    before = own.config
    assert open_tab().open("classifier", dataset="moons").data_of()["changed"]
    again = open_tab().open("classifier")
    assert again.config == ClassifierConfig(dataset="moons")
    assert undone(again) == before
    assert open_tab().open("classifier").config == before
    assert open_tab().open("classifier").data_of()["changed"] == ""


def test_a_link_that_replaces_nothing_of_ones_own_offers_nothing(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(BOB).open("classifier", dataset="moons")
    assert tab.data_of()["changed"] == ""
    again = open_tab(BOB).open("classifier", dataset="circles")
    assert again.config.dataset == "circles" and again.data_of()["changed"] == ""


def test_tutorials_settings_lead_back_after_a_reload(own: Tab, open_tab: Callable[..., Tab]) -> None:
    run = own.play()
    before = own.config
    own.press("Tutorial's settings")
    again = open_tab().open("classifier")
    assert again.config == ClassifierConfig()
    tried(again, CIRCLES)
    again = open_tab().open("classifier")
    assert undone(again) == before
    assert again.data_of()["run"] == run.id


def test_a_damaged_way_back_costs_the_rest_nothing(own: Tab, open_tab: Callable[..., Tab], manager: Manager) -> None:
    own.press("Tutorial's settings")
    for stored in ('{"past": [{"config": 1}]}', '{"past": 3}', '{"past": [[]], "own": 2}', "[]"):
        manager.store.prefer(own.owner, "past classifier", stored)
        again = open_tab().open("classifier")
        assert again.config == ClassifierConfig() and again.data_of()["changed"] == ""


def test_an_earlier_run_and_homes_picture_lead_back(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open("classifier")
    run = tab.play(steps=1)
    until(lambda: run.step == 1)
    tab.set("section classifier", "runs")
    tab.widget("classifier.csv text").set_value(POINTS)
    tab.run().press("Use these points")
    before = tab.config
    tab.press(f"open {run.id}")
    assert tab.data_of()["run"] == run.id
    assert undone(tab) == before
    home = open_tab().open("home")
    home.tell("start", key="home hero")
    after = open_tab().open("classifier")
    assert after.config == CONFIG
    assert undone(after) == before


def test_a_link_replaces_no_series_for_good(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open("rnn")
    values = "\n".join(str((i * 7) % 11) for i in range(60))
    tab.widget("rnn.series file").upload("series.csv", values.encode(), "text/csv")
    tab.run().press("Use this series")
    before = tab.config
    assert before.signal == "own" and len(before.series) == 60
    other = open_tab().open("rnn", hidden_size="16")
    assert other.config.series == ()
    assert undone(other) == before


def test_a_link_replaces_no_network_for_good(open_tab: Callable[..., Tab]) -> None:
    page = Builder(open_tab())
    page.edit("text", value=MLP)
    page = Builder(open_tab(), blocks="Flatten(),Linear(784,10)")
    assert page.network == "Flatten(),Linear(784,10)" and page.data["undo"]
    assert page.tab.data_of()["changed"] == "Network"
    page = Builder(open_tab())
    page.edit("undo")
    assert page.network == MLP
    page.tab.press("Tutorial's settings")
    assert page.network == TUTORIAL_CNN and page.data["undo"]
    page.tab.tell("undo")
    assert page.network == MLP and page.space.config.blocks == MLP


@pytest.mark.parametrize("closed", [False, True])
def test_a_network_that_does_not_work_yet_comes_back_as_well(open_tab: Callable[..., Tab], closed: bool) -> None:
    page = Builder(open_tab())
    page.edit("text", value=MLP)
    page.edit("set", path=[1], name="out_features", value="34")
    red = page.network
    assert page.data["where"] == [3]
    if closed:
        page = Builder(open_tab(), blocks="Flatten(),Linear(784,10)")
    else:
        page.tab.press("Tutorial's settings")
    assert page.network != red and page.data["works"]
    page.tab.tell("undo")
    assert page.network == red and page.data["where"] == [3]
    assert page.space.config.blocks == MLP


@pytest.mark.parametrize(
    "text",
    ["1" * 5000, f"{'1' * 5000}\n{'2' * 5000}", f"nn.Linear(784, {'1' * 5000})", f"nn.Linear(784, 0x{'f' * 5000})"],
)
def test_digits_without_end_are_answered(open_tab: Callable[..., Tab], text: str) -> None:
    page = Builder(open_tab())
    page.edit("text", value=text)
    assert page.data["refused"]["why"] and page.data["refused"]["typed"] == text[:8000]
    assert page.network == TUTORIAL_CNN
