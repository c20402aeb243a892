"""The home page, and what surrounds every page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from core.devices import devices
from core.experiments.classifier import ClassifierConfig
from core.experiments.classifier.film import film
from core.frames import decode
from pages.home import film as home_film
from pages.home.film import CONFIG
from pages.index import PAGES, Page, neighbours, page
from pages.shared.server.assets import PAGES as FOLDER
from tests.pages.tabs import Tab

PATH = [row for row in PAGES if row.step]


def test_a_card_for_each_page_of_the_path(open_tab: Callable[..., Tab]) -> None:
    data = open_tab().open().data_of("home cards")
    assert [card["folder"] for card in data["cards"]] == [row.folder for row in PATH]
    steps = [int(data["text"][row.folder]["title"].split(" · ")[0]) for row in PATH]
    assert steps == sorted(steps) and set(steps) == set(range(1, 9))
    for card in data["cards"]:
        assert data["text"][card["folder"]]["sentence"].endswith(".")
        for theme in ("light", "dark"):
            assert FOLDER.joinpath(*card[theme].split("/")[3:]).is_file(), card[theme]


@pytest.mark.parametrize("row", PATH, ids=lambda row: row.folder)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_takes_as_long_as_its_texts_say(row: Page, language: str) -> None:
    pattern = {"en": r"\*\*Time:\*\* (\d+) minutes", "zh": r"用时\D*(\d+) 分钟"}[language]
    texts = [path.read_text(encoding="utf-8") for path in (FOLDER / row.folder).glob(f"*.{language}.md")]
    assert sum(int(minutes) for text in texts for minutes in re.findall(pattern, text)) == row.minutes


def test_a_card_leads_to_its_page(open_tab: Callable[..., Tab]) -> None:
    home = open_tab().open()
    home.tell("go", "home cards", folder="cnn")
    assert home.at.title.values == ["A CNN on handwritten digits"]
    other = open_tab().open()
    other.tell("go", "home cards", folder="../secret")
    assert other.at.title.values == ["Torch Playground"]


def test_the_button_leads_to_step_1(open_tab: Callable[..., Tab]) -> None:
    home = open_tab().open()
    assert [button.label for button in home.at.button] == ["Start with step 1"]
    assert home.press("Start with step 1").at.title.values == ["A simple classifier"]


def test_a_click_makes_the_moving_picture_ones_own_run(open_tab: Callable[..., Tab]) -> None:
    home = open_tab().open()
    home.tell("start", "home hero")
    assert home.at.title.values == ["A simple classifier"]
    trained = home.current_run().config
    assert home.config == CONFIG and isinstance(trained, ClassifierConfig) and trained.dataset == CONFIG.dataset
    home.at.switch_page(page("home").script)
    assert home.run().at.title.values == ["Torch Playground"], "one click starts one run, and home stays in reach"


def test_its_boundary_bends_far_enough_to_be_seen() -> None:
    header, arrays = decode(film(CONFIG.changed(device="cpu"), home_film.EVERY))
    assert header["levels"] and arrays["run/accuracy"][-1] > 0.95
    classes = arrays["run/decision"] // header["levels"]
    assert (classes[0] != classes[-1]).mean() > 0.2
    last = arrays["run/steps"][-1]
    assert last == CONFIG.num_steps and len(arrays["run/steps"]) > 60


def test_machine_of_home(open_tab: Callable[..., Any]) -> None:
    words = open_tab().open().words
    for device in devices():
        assert f"**{device.name}**" in words
        assert device.missing in words


def foot(tab: Tab) -> list[str]:
    """The links at the foot of a page."""
    return [element.proto.label for element in tab.at.get("page_link")][-2:]


@pytest.mark.parametrize("folder", ["classifier", "layers", "tensorboard", "next"])
def test_the_foot_of_a_page_leads_to_its_neighbours(folder: str, open_tab: Callable[..., Tab]) -> None:
    before, after = neighbours(page(folder))
    labels = [f"{row.step} · {row.title}" if row.step else row.title for row in (before, after) if row]
    assert foot(open_tab().open(folder))[-len(labels) :] == labels


def test_the_path_is_one_line_from_home_to_its_end() -> None:
    walked: list[Page] = []
    row: Page | None = PATH[0]
    while row is not None:
        walked.append(row)
        before, after = neighbours(row)
        assert before == (walked[-2] if len(walked) > 1 else PAGES[0])
        row = after
    assert walked == PATH
    assert neighbours(PAGES[0]) == neighbours(page("glossary")) == (None, None)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("folder", [row.folder for row in PAGES])
def test_the_language_is_switched_at_one_place_of_each_page(folder: str, open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open(folder)
    at_left = [element.key for element in tab.at.sidebar.get("button_group") if element.key == "language_switch"]
    assert bool(at_left) == page(folder).settings
    assert tab.widget("language_switch").value == "en"
    assert bool(tab.at.sidebar.children) == page(folder).settings, "no empty column stands at the left"


def test_the_document_speaks_the_language_of_the_page(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open("cnn")
    assert tab.data_of("document") == {"lang": "en"}
    tab.set("language_switch", "zh")
    assert tab.data_of("document") == {"lang": "zh-CN"}


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
