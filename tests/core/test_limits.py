"""The limits: what the environment may say, and where they are listed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core import limits
from core.limits import LIMITS, Limit

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("row", LIMITS.values(), ids=LIMITS)
def test_a_limit_has_a_default_within_its_bounds_and_one_sentence(row: Limit) -> None:
    assert row.least <= row.default <= row.most
    assert {type(row.least), type(row.most)} <= {int, type(row.default)}
    assert row.meaning.endswith(".") and ". " not in row.meaning
    assert hasattr(limits, row.name)


@pytest.mark.parametrize("row", LIMITS.values(), ids=LIMITS)
def test_the_environment_sets_a_limit_up_to_its_bounds(row: Limit) -> None:
    assert row.read({}) == row.read({row.variable: " "}) == row.default
    for value in (row.least, row.most):
        assert row.read({row.variable: f" {value} "}) == value
    for wrong in (f"{row.least - 1}", f"{row.most + 1}", "many", "nan", "inf", "-inf", "1 2", "0x3"):
        environment = {row.variable: wrong}
        [sentence] = limits.problems(environment)
        assert sentence.startswith(f"{row.variable} has to be ") and f"“{wrong}”" in sentence


def test_a_whole_number_is_not_half() -> None:
    assert limits.problems({"TORCH_PLAYGROUND_PEOPLE": "2.5"})
    assert not limits.problems({"TORCH_PLAYGROUND_GRACE": "2.5"})


def test_large_limits_may_be_written_short_and_are_named_in_full() -> None:
    row = LIMITS["KEPT_BYTES"]
    assert row.read({row.variable: "2e9"}) == 2_000_000_000
    assert isinstance(row.read({row.variable: "2e9"}), int)
    [sentence] = limits.problems({row.variable: "1e16"})
    assert sentence == f"{row.variable} has to be a whole number from 0 to 1000000000000000, not “1e16”."


def test_all_that_is_wrong_is_named() -> None:
    sentences = limits.problems({"TORCH_PLAYGROUND_PEOPLE": "0", "TORCH_PLAYGROUND_GRACE": "soon"})
    assert sentences == [
        "TORCH_PLAYGROUND_PEOPLE has to be a whole number from 1 to 100000, not “0”.",
        "TORCH_PLAYGROUND_GRACE has to be a number from 0 to 86400, not “soon”.",
    ]


def test_a_new_process_has_what_its_environment_says() -> None:
    program = "from core import limits; print(limits.PEOPLE, limits.GRACE, limits.KEPT_RUNS)"
    environment = {"TORCH_PLAYGROUND_PEOPLE": "7", "TORCH_PLAYGROUND_GRACE": "1.5", "TORCH_PLAYGROUND_KEPT_RUNS": "x"}
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert ended.stdout.split() == ["7", "1.5", str(LIMITS["KEPT_RUNS"].default)]


def test_the_hosts_guide_lists_them_all() -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    section = guide.partition("\n## Limits\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| `TORCH_PLAYGROUND_")]
    assert table == [row.as_row() for row in LIMITS.values()]
