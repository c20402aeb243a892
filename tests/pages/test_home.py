"""The home page, and what surrounds every page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.devices import devices


def test_eight_steps_and_what_each_teaches(open_tab: Callable[..., Any]) -> None:
    home = open_tab().open()
    assert home.at.title.values == ["Torch Playground"]
    links = [element.proto.label for element in home.at.get("page_link")]
    steps = sorted(int(text.split("·")[0].strip("* ")) for text in links if "·" in text)
    assert steps == list(range(1, 9))
    assert any(label.startswith("**1 ·") for label in links), "step 1 is built and can be opened"


def test_devices_of_this_machine_and_why_others_are_missing(open_tab: Callable[..., Any]) -> None:
    words = open_tab().open().words
    for device in devices():
        assert f"**{device.name}**" in words
        assert device.missing in words


def test_language_switch_speaks_chinese_and_is_remembered(open_tab: Callable[..., Any]) -> None:
    first = open_tab().open()
    assert "Press Play" in first.words
    first.set("language_switch", "zh")
    assert "Press Play" not in first.words
    assert "Torch Playground" in first.words
    later = open_tab().open()
    assert later.widget("language_switch").value == "zh"
    assert later.words == first.words


def test_language_of_the_browser_until_one_is_chosen(open_tab: Callable[..., Any]) -> None:
    visit = open_tab()
    visit.at.context["locale"] = "zh-CN"
    assert visit.open().widget("language_switch").value == "zh"
    visit = open_tab()
    visit.at.context["locale"] = "fr-FR"
    assert visit.open().widget("language_switch").value == "en"


def test_language_in_the_link(open_tab: Callable[..., Any]) -> None:
    assert open_tab().open("home", lang="zh").widget("language_switch").value == "zh"
    unknown = open_tab("c" * 32).open("home", lang="<script>")
    assert unknown.widget("language_switch").value == "en"


def test_switch_wins_over_the_language_in_the_link(open_tab: Callable[..., Any]) -> None:
    visit = open_tab().open("home", lang="zh").set("language_switch", "en")
    assert visit.run().widget("language_switch").value == "en"
