"""The checks: what a change concerns, and what the end says."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.affected import concerned_by
from scripts.checks import Outcome, failed_tests, summary
from scripts.long_table import write_table
from scripts.subjects import main, problem

ROOT = Path(__file__).parents[1]
REPORT = """<testsuites><testsuite>
<testcase classname="tests.core.test_cnn" name="test_it_learns" time="31.4">
<properties><property name="accuracy" value="0.97" /></properties></testcase>
<testcase classname="tests.core.test_rnn" name="test_it_reads[LSTM]" time="20"><failure message="no" /></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A report of two tests, the second of which failed."""
    path = tmp_path / "report.xml"
    path.write_text(REPORT)
    return path


@pytest.mark.parametrize(
    ("changed", "first", "also"),
    [
        ("core/frames.py", "tests/core/test_frames.py", "tests/pages/test_server.py"),
        ("pages/saving/page.py", "tests/pages/test_saving_page.py", "tests/pages/test_language.py"),
        ("pages/rnn/zh.po", "tests/pages/test_language.py", None),
        ("tests/core/engine/test_store.py", "tests/core/engine/test_store.py", None),
        ("requirements.lock", "tests/test_requirements.py", None),
    ],
)
def test_the_nearest_tests_come_first(changed: str, first: str, also: str | None) -> None:
    near = concerned_by([changed], ROOT)
    assert near[0] == first
    assert also is None or also in near[1:]
    assert not [path for path in near if "browser" in path]


def test_what_concerns_no_test_runs_none() -> None:
    assert concerned_by(["README.md"], ROOT) == []


def test_the_end_says_what_failed(report: Path, tmp_path: Path) -> None:
    failures = failed_tests(report)
    assert failures == ["tests/core/test_rnn.py::test_it_reads[LSTM]"]
    assert failed_tests(tmp_path / "none.xml") == []
    said = summary([Outcome("style", 1), Outcome("tests", 2, failures), Outcome("JavaScript", skipped="no Node here")])
    assert [line.split()[1] for line in said.splitlines() if not line.startswith("    ") and line] == [
        "passed",
        "failed",
        "skipped",
    ]
    assert failures[0] in said and "no Node here" in said


def test_the_table_of_long_tests(report: Path, tmp_path: Path) -> None:
    table = write_table(report, tmp_path / "docs" / "long.md")
    assert "| it learns | 31 | passed | accuracy 0.97 |" in table
    assert "| it reads[LSTM] | 20 | failed |  |" in table
    assert (tmp_path / "docs" / "long.md").read_text() == table


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("Add a card for GroupNorm", None),
        ("x" * 72 + "\n\nA body says why.\n# a comment of git's", None),
        ("é" * 72, None),
        ("x" * 73, "73 characters"),
        ("A subject\nand no empty line", "empty line"),
        ("# only a comment", "needs a subject"),
    ],
)
def test_subjects_of_commits(message: str, wrong: str | None, tmp_path: Path) -> None:
    said = problem(message)
    assert said is None if wrong is None else said is not None and wrong in said
    file = tmp_path / "COMMIT_EDITMSG"
    file.write_text(message, encoding="utf-8")
    assert main([str(file)]) == int(wrong is not None)
