"""What every training page does: it opens, trains its experiment, and draws each of its sections."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from core.frames import decode
from core.machine import bfloat16
from core.resources import cores
from pages.index import page_of
from pages.shared.server.assets import PAGES
from tests.experiments import general, over_all, smallest
from tests.pages.tabs import Tab
from tests.waiting import until


@over_all
def test_opens_trains_and_draws_every_section(name: str, open_tab: Callable[..., Tab]) -> None:
    row = page_of(name)
    assert row is not None, "pages/index.py has no page for it"
    config = smallest(name)
    page = open_tab().open(row.folder, **config.to_query())
    assert (page.config, page.errors) == (config, [])
    assert [title.value for title in page.at.title] == [row.heading]

    live = page.data_of()
    header, arrays = decode(base64.b64decode(live["preview"]))
    assert live["experiment"] == name and header["step"] == 0 and arrays
    assert live["lanes"] == ["run"] and live["num_steps"] == config.num_steps
    script = live["picture"]["module"].partition("/pages/")[2].partition("/")[2]
    assert (PAGES / script).is_file(), "its picture is a script that is served"

    run = page.play()
    until(lambda: not run.alive)
    assert (run.status, run.step) == ("finished", config.num_steps)
    assert page.run().data_of()["run"] == run.id
    assert {"steps", "code", "log", "runs"} <= set(page.sections)
    for section in page.sections:
        page.set(f"section {name}", section)
        assert page.errors == []


@pytest.mark.parametrize(
    ("speed", "english", "chinese"),
    [
        (0.13, "takes about 7.7 times as long as in float32", "float32 的 7.7 倍"),
        (1.9, "is about 1.9 times as fast as in float32", "float32 的 1.9 倍"),
        (1.02, "bfloat16 and float32 take about the same time", "所花的时间差不多"),
    ],
)
@general
def test_what_bfloat16_brings_here_is_said_beside_the_choice(
    open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch, speed: float, english: str, chinese: str
) -> None:
    assert "On this machine" not in open_tab().open("vgg").words
    monkeypatch.setattr(bfloat16, "_speeds", {"vgg": speed})
    assert english in open_tab().open("vgg").words
    assert chinese in open_tab().open("vgg", lang="zh").words
    assert "bfloat16" not in open_tab().open("classifier").words


def test_play_takes_up_what_was_set_just_before(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("cnn", train_size="1000", num_epochs="1").set("section cnn", "log")
    page.widget("cnn.lr").set_value(0.002)  # no answer yet: over a slow link it arrives together with Play
    page.widget("log.histograms").set_value(True)
    run = page.play(paused=True)
    assert run.config.lr == 0.002 and page.current_run() is run
    assert page.manager.store.log_config(page.owner).histograms
    page.widget("cnn.lr").set_value(0.01)
    page.tell("reset")
    page.widget("cnn.lr").set_value(0.02)
    again = page.play(paused=True)
    assert again is not run and again.config.lr == 0.02


def test_the_many_numbers_of_a_cnn_are_shown_in_pages_and_found(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("cnn").set("section cnn", "steps")

    def shown() -> list[str]:
        return list(page.at.dataframe[0].value["parameter"])

    def widget(label: str) -> Any:
        everything = [*page.at.selectbox, *page.at.text_input, *page.at.toggle, *page.at.number_input]
        return next(element for element in everything if element.label.startswith(label))

    assert "Numbers 1 to 200 of 28,938; the network has 28,938 in all." in page.words
    assert shown()[0] == "conv1.0.weight[0, 0, 0, 0]" and len(shown()) == 200
    widget("Page, of 145").set_value(145)
    page.run()
    assert shown()[-1] == "out.bias[9]" and len(shown()) == 138
    widget("Find").set_value("bias[3]")
    page.run()
    assert shown() == ["conv1.0.bias[3]", "conv2.0.bias[3]", "out.bias[3]"]
    widget("Find").set_value("nothing")
    page.run()
    assert shown() == [] and "No number of the network has such a name." in page.words
    widget("Find").set_value("")
    widget("Parameter").set_value("conv2.0.bias")
    page.run()
    assert shown() == [f"conv2.0.bias[{at}]" for at in range(32)]
    page.press("press backward")
    widget("Most changed first").set_value(True)
    page.run()
    changes = list(page.at.dataframe[0].value[".grad changed by"].abs())
    assert changes == sorted(changes, reverse=True)


@over_all
def test_the_device_is_in_sight_with_what_it_is(name: str, open_tab: Callable[..., Tab]) -> None:
    row = page_of(name)
    assert row is not None
    page = open_tab().open(row.folder)
    choice = page.widget(f"{name}.device")
    assert choice.value == "auto"
    folded = {widget.key for fold in page.at.sidebar.expander for widget in fold.button_group}
    assert f"{name}.device" not in folded
    named = [caption.value for caption in page.at.sidebar.caption if caption.value.startswith("Auto is the CPU: ")]
    assert len(named) == 1 and f", {cores()} cores." in named[0]
    page.set(f"{name}.device", "cpu")
    assert any(caption.value.startswith("The CPU: ") for caption in page.at.sidebar.caption)
