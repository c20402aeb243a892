"""The sheets of paper that are made from lessons: the questions, room to write, and no answer."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages.index import PAGES
from pages.shared.person.folds import folded_pieces
from pages.shared.person.language import lesson
from pages.shared.person.worksheet import routes, sheet_address, sheet_for, sheet_of
from tests.experiments import general

pytestmark = general

LESSONS = [row.folder for row in PAGES if row.step and sheet_address(row.folder, "lesson", "en")]
TEXT = """\
**After this page you can**

- read.

**Time:** 5 minutes.

## One part

**Try:** what will happen?

<!-- more: What you should see -->

The answer.

## Another

```python
x = "**Try:** not this"
```

### Try: the last

Look at a [word](glossary:word) and say `x`.

<!-- more: Exercise: reach it -->

Reach 0.9.

<!-- more: One way -->

Like this.
"""


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(Starlette(routes=routes))


def test_a_sheet_has_the_questions_and_no_answer() -> None:
    sheet = sheet_of(TEXT)
    assert sheet.title == "One part"
    assert sheet.opening == "**After this page you can**\n\n- read.\n\n**Time:** 5 minutes."
    assert sheet.questions == (
        ("One part", "**Try:** what will happen?"),
        ("Try: the last", "Look at a word and say `x`."),
    )
    assert sheet.exercise == "Reach 0.9."


@pytest.mark.parametrize("folder", LESSONS)
def test_both_languages_ask_the_same_number_of_questions(folder: str) -> None:
    english, chinese = sheet_for(folder, "lesson", "en"), sheet_for(folder, "lesson", "zh")
    assert english is not None and chinese is not None
    assert len(english.questions) == len(chinese.questions) >= 2
    assert bool(english.exercise) == bool(chinese.exercise)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("folder", LESSONS)
def test_a_sheet_can_be_printed(client: TestClient, folder: str, language: str) -> None:
    answer = client.get(sheet_address(folder, "lesson", language))
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert '<link rel="icon" href="../../favicon.png">' in answer.text
    sheet = sheet_for(folder, "lesson", language)
    assert sheet is not None
    shown = re.sub(r"<style>.*</style>", "", answer.text, flags=re.DOTALL)
    assert shown.count("<section>") == len(sheet.questions) + bool(sheet.exercise)
    assert not re.search(r"[{}$*]|glossary:|<script", shown), "no place, formula or mark of Markdown is left"


@pytest.mark.parametrize("folder", LESSONS)
def test_no_answer_is_on_a_sheet(client: TestClient, folder: str) -> None:
    shown = client.get(sheet_address(folder, "lesson", "en")).text
    answers = [piece for title, piece in folded_pieces(lesson(folder, language="en")) if title.startswith("What you")]
    assert answers
    for answer in answers:
        first = re.sub(r"[^A-Za-z ].*", "", answer.strip())
        assert len(first) < 20 or first not in shown


def test_programs_that_lead_on_and_cards_have_sheets_as_well(client: TestClient) -> None:
    for folder, name, topic in (("next", "attention", "注意力"), ("layers", "optimizers", "优化器")):
        answer = client.get(sheet_address(folder, name, "zh"))
        assert answer.status_code == 200 and re.search(f"<h1>[^<]*{topic}", answer.text)


@pytest.mark.parametrize(
    "path", ["home/lesson", "classifier/bugs", "nowhere/lesson", "shared/glossary", "classifier/..", "..%2F/lesson"]
)
def test_there_is_no_other_sheet(client: TestClient, path: str) -> None:
    assert client.get(f"/worksheets/{path}").status_code == 404
    assert client.get("/worksheets/classifier/lesson?lang=xx").status_code == 404
