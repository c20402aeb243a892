"""Every "Try" of a lesson and every "Shows best" of a bug has a button that sets what it says and starts it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.config import ConfigError
from core.experiments import experiment
from core.experiments.classifier import ClassifierConfig
from core.loading.situations import SITUATIONS
from pages import index
from pages.shared.page.tries import BREAKS, SECTION, settings_in, wanted
from pages.shared.panels.page_text import tried
from pages.shared.person.folds import TRY
from tests.pages.tabs import Tab
from tests.waiting import until

PAGES = Path(__file__).parents[2] / "pages"
MARKS = {
    ("lesson", "en"): r"^\*\*Try:\*\*",
    ("lesson", "zh"): r"^\*\*试一试\*\*",
    ("bugs", "en"): r"\*\*Shows best:\*\*",
    ("bugs", "zh"): r"\*\*最明显的设置\*\*",
}
TEXTS = sorted(
    f"{path.parent.name}/{name}"
    for name in ("lesson", "bugs")
    for path in PAGES.glob(f"*/{name}.en.md")
    if re.search(MARKS[name, "en"], path.read_text(encoding="utf-8"), re.MULTILINE)
)
"""The texts in which there is something to try."""


def buttons(text: str, code: str) -> list[list[str]]:
    """What there are buttons for behind each paragraph that asks for something to be tried."""
    folder, name = text.split("/")
    paragraphs = (PAGES / folder / f"{name}.{code}.md").read_text(encoding="utf-8").split("\n\n")
    asks = [at for at, words in enumerate(paragraphs) if re.search(MARKS[name, code], words)]
    return [TRY.findall(paragraphs[at + 1]) if at + 1 < len(paragraphs) else [] for at in asks]


@pytest.mark.parametrize("text", TEXTS)
def test_everything_to_try_has_a_button_in_both_languages(text: str) -> None:
    english = buttons(text, "en")
    assert english and all(english), "a paragraph without a line <!-- try: ... --> behind it"
    assert english == buttons(text, "zh")
    folder, name = text.split("/")
    for code in ("en", "zh"):
        lines = (PAGES / folder / f"{name}.{code}.md").read_text(encoding="utf-8").splitlines()
        assert len([line for line in lines if line.startswith("<!-- try")]) == sum(map(len, english))


@pytest.mark.parametrize("text", TEXTS)
def test_a_button_sets_what_its_page_accepts(text: str, open_tab: Callable[..., Tab]) -> None:
    folder, name = text.split("/")
    row = index.page(folder)
    wishes = [tried(folder, line) for lines in buttons(text, "en") for line in lines]
    if folder == "loading":
        assert {wish["situation"] for wish in wishes} <= set(SITUATIONS)
        return
    for wish in wishes if row.experiment else ():
        assert row.experiment is not None
        kind = experiment(row.experiment).config
        if wish.get(BREAKS):
            with pytest.raises(ConfigError):
                kind.create(settings_in(wish))
        else:
            wanted(kind, wish)
        if name == "bugs":
            assert wish["bugs"], "a bug is switched on"
    section = f"section {row.experiment}" if row.experiment else f"{'files' if folder == 'saving' else folder} section"
    page = open_tab().open(folder).set(section, name)
    drawn = [button for button in page.at.button if str(button.key).startswith(f"text {folder} {name} ")]
    assert len(drawn) == len(wishes) and all(button.label for button in drawn)
    for wish in wishes:
        if SECTION in wish:
            page.set(section, wish[SECTION])


def press(page: Tab, label: str) -> None:
    """Press the button of a lesson that says this."""
    [button] = [button for button in page.at.button if button.label.replace("\\", "") == label]
    button.click()
    page.run()


def test_a_button_sets_and_starts_and_can_be_undone(classifier: Tab) -> None:
    classifier.set("classifier.dataset", "moons").set("classifier.activation", "Tanh").set("classifier.lr", 0.5)
    before = classifier.config
    press(classifier, "Data set: circles · Hidden layers: 1 (neurons: 2) · Learning rate: 0.2")
    wish: dict[str, Any] = {"dataset": "circles", "hidden_sizes": (2,), "lr": 0.2}
    assert classifier.config == ClassifierConfig.create(wish)
    assert classifier.widget("classifier.hidden_sizes.0").value == 2 and classifier.widget("classifier.lr").value == 0.2
    run = classifier.current_run()
    until(lambda: run.step > 0)
    assert run.config == classifier.config.changed(device="cpu")
    assert classifier.data_of()["changed"] == "Data set, Hidden layers, Activation and 1 more"
    assert classifier.data_of()["tries"] == 1
    classifier.tell("undo")
    assert classifier.config == before and classifier.space.run_id is None
    until(lambda: not run.alive)
    classifier.set("section classifier", "bugs")
    press(classifier, "Spread: 2 · Bugs: learning rate too high")
    assert (classifier.config.bugs, classifier.config.dataset) == (("high_lr",), "clouds")
    until(lambda: not run.alive)
    until(lambda: classifier.current_run().status == "diverged")


def test_a_button_opens_a_section(classifier: Tab) -> None:
    before = classifier.config
    press(classifier, "Open “Step by step”")
    assert classifier.widget("section classifier").value == "steps"
    assert classifier.data_of()["tries"] == 0, "what it opens stands below: the picture stays where it is"
    assert classifier.config == before and classifier.space.run_id is None
    assert classifier.at.dataframe


def test_what_breaks_stands_in_the_form_with_its_error(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("cnn")
    before = page.config
    press(page, "Kernel size: 7 x 7 · Padding: 0 · Open “Shapes”")
    in_shapes, in_form = page.errors
    assert in_shapes.startswith("`conv2.0`") and "Convolution 2 gets 5 x 5 pixels" in in_form
    assert "7 x 7 kernel" in in_shapes and "7 x 7 kernel" in in_form and page.config == before
    assert page.widget("cnn.kernel_size").value == 7 and page.widget("section cnn").value == "shapes"
    assert page.space.run_id is None


def test_a_situation_is_measured(open_tab: Callable[..., Tab], server_jobs: object) -> None:
    page = open_tab().open("loading")
    press(page, "Images in memory")
    assert page.widget("loading situation").value == "memory"
    assert page.at.session_state["loading bench"].job is not None


def test_a_chinese_button_is_chinese(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("classifier", lang="zh", dataset="clouds")
    press(page, "散布：2")
    assert page.config.spread == 2
