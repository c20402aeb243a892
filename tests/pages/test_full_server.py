"""One person more than the server takes: all pages are there to be looked at, and work waits until someone has left."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core import limits
from core.engine.manager import Manager
from core.processes.jobs import Jobs
from pages.index import PAGES, page
from tests.pages.tabs import ANNE, BOB, Tab

FULL = "This server is full: one person is on it; this works as soon as that person has left."
CHINESE = "服务器已满，已有 1 人在使用；等那个人离开后再试一次即可。"


@pytest.fixture
def bob(open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch) -> Tab:
    """Bob's tab, on a server that takes one person, where Anne is."""
    monkeypatch.setattr(limits, "PEOPLE", 1)
    monkeypatch.setattr(limits, "PLACE_SECONDS", 0.0)
    open_tab(ANNE).open()
    return open_tab(BOB)


def anne_leaves(manager: Manager) -> None:
    """AppTest closes no tab: this is what the end of one tells the server."""
    while manager.presence.present(ANNE):
        manager.presence.depart(ANNE)


def test_the_quiet_line_stays_with_its_page(bob: Tab, manager: Manager) -> None:
    bob.open("layers")
    assert next(element.value for element in bob.at.caption) == FULL
    anne_leaves(manager)
    bob.run()
    assert next(element.value for element in bob.at.caption) == "Someone has left: you can start work now."
    bob.open("devices")
    assert not [element.value for element in bob.at.caption if "can start work now" in element.value]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("folder", [row.folder for row in PAGES])
def test_all_pages_can_be_looked_at(bob: Tab, folder: str) -> None:
    bob.open(folder)
    assert len(bob.words) > 100
    assert bob.errors == []
    row = page(folder)
    lines = [element.value for element in bob.at.caption].count(FULL)
    said = bob.data_of()["full"] if row.experiment else ""
    assert (lines, said) == ((0, FULL) if row.experiment else (1, "")), "it is said once, before anything is pressed"


def test_play_says_so_and_works_as_soon_as_someone_has_left(bob: Tab, manager: Manager) -> None:
    bob.open("classifier")
    following = {bob.data_of()["next"]}
    for order in ({}, {"paused": True, "steps": 1}, {"paused": True, "steps": "epoch"}):
        bob.tell("play", speed=30, **order)
        assert (bob.errors, bob.data_of()["notice"]) == ([], FULL)
        assert bob.space.run_id is None and not manager.training(BOB)
        following.add(bob.data_of()["next"])
    assert len(following) == 4, "each press gives the play bar back"
    anne_leaves(manager)
    run = bob.play(speed=5)
    assert bob.data_of()["notice"] == bob.data_of()["full"] == "" and run.alive


def test_it_is_said_in_chinese(bob: Tab) -> None:
    bob.open("classifier", lang="zh")
    assert bob.data_of()["full"] == CHINESE
    bob.tell("play", speed=30)
    assert bob.data_of()["notice"] == CHINESE


def test_who_is_in_starts_as_ever(bob: Tab, open_tab: Callable[..., Tab]) -> None:
    bob.open("classifier")
    anne = open_tab(ANNE).open("classifier")
    assert anne.play(speed=5).alive and anne.data_of()["notice"] == anne.data_of()["full"] == ""
    bob.tell("play", speed=30)
    assert bob.data_of()["notice"] == FULL


def test_steps_by_hand_wait(bob: Tab, manager: Manager) -> None:
    bob.open("classifier").set("section classifier", "steps")
    assert bob.errors == []
    bob.press("press backward")
    assert bob.errors == [FULL]
    assert "Pressed so far: –" in bob.words
    anne_leaves(manager)
    bob.press("press backward")
    assert bob.errors == []
    assert "Pressed so far: backward" in bob.words


BUTTONS = [
    ("saving", "", "files start classifier"),
    ("saving", "files section=transfer", "files transfer"),
    ("devices", "devices section=threads", "devices threads button"),
    ("loading", "", "measure"),
    ("loading", "", "sweep"),
    ("next", "section next=profile", "Profile it"),
    ("tensorboard", "section tensorboard=mistakes", "Run it here"),
    ("rnn", "section rnn=forwards", "Measure on this machine"),
    ("cnn", "", "Use these images"),
    ("cnn", "cnn.dataset=mnist", "Download"),
]
"""Page, a widget set before, and the button that starts work."""


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("folder", "chosen", "button"), BUTTONS)
def test_every_button_that_starts_work_says_so(
    bob: Tab, manager: Manager, server_jobs: Jobs, folder: str, chosen: str, button: str
) -> None:
    bob.open(folder)
    if chosen:
        bob.set(*chosen.split("="))
    bob.press(button)
    assert bob.errors == [FULL]
    assert not manager.training(BOB) and not server_jobs._line


def test_what_is_measured_by_itself_waits_too(bob: Tab, manager: Manager, server_jobs: Jobs) -> None:
    bob.open("vgg", width="1")
    assert bob.data_of()["note"] == FULL and not server_jobs._line
    anne_leaves(manager)
    bob.run()
    assert bob.data_of()["note"] != FULL and server_jobs._line


def test_files_from_outside_wait(bob: Tab, manager: Manager) -> None:
    bob.open("saving").set("files section", "load")
    bob.at.file_uploader[0].upload("mine.pt", b"no file of PyTorch's", "application/octet-stream")
    bob.run()
    assert bob.errors == [FULL]
    anne_leaves(manager)
    bob.run()
    assert bob.errors not in ([FULL], [])


def test_an_own_picture_waits(bob: Tab, manager: Manager) -> None:
    bob.open("layers", card="conv2d")
    bob.at.file_uploader[0].upload("mine.png", b"no picture", "image/png")
    bob.run()
    assert bob.errors == [FULL]
