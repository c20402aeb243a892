"""What a page's folder need not bring: a lesson, words on its bugs, bugs at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from core.experiments import experiment
from core.experiments.classifier import ClassifierConfig
from pages.shared.form import workspace
from pages.shared.person import language
from tests.pages.tabs import Tab


class WithoutBugs(ClassifierConfig):
    """The classifier's settings, but for the bugs."""

    if not TYPE_CHECKING:
        bugs: ClassVar[tuple[str, ...]] = ()


def take_texts_from(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have the classifier's page read its texts in another folder."""
    text_file = language.text_file
    monkeypatch.setattr(
        language,
        "text_file",
        lambda page, name, code: folder / f"{name}.{code}.md" if page == "classifier" else text_file(page, name, code),
    )


def test_without_texts_there_is_no_lesson_and_bugs_can_be_switched_on(
    open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    take_texts_from(monkeypatch, tmp_path)
    page = open_tab().open("classifier")
    assert "lesson" not in page.sections and "bugs" in page.sections
    page.set("section classifier", "bugs").set("classifier.bugs", ["softmax"])
    assert page.config.bugs == ("softmax",)
    assert page.errors == []


def test_a_text_on_bugs_stands_without_a_lesson(
    open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bugs.en.md").write_text("Each of these is an *old friend*.", encoding="utf-8")
    take_texts_from(monkeypatch, tmp_path)
    page = open_tab().open("classifier").set("section classifier", "bugs")
    assert "lesson" not in page.sections and "Each of these is an *old friend*." in page.words


def test_settings_without_bugs_have_no_section_of_bugs(
    open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = replace(experiment("classifier"), config=WithoutBugs)
    monkeypatch.setattr(workspace, "experiment", lambda name: plain)
    page = open_tab().open("classifier")
    assert isinstance(page.config, WithoutBugs)
    assert "bugs" not in page.sections and "lesson" in page.sections
    data: dict[str, Any] = page.data_of()
    assert data["lanes"] == ["run"] and data["diverged"] == "message_diverged"
