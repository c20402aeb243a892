"""What strangers wrote: JSON within bounds, and texts that a sentence quotes."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import ConfigError
from core.data.waves import FormulaRefused, check_formula
from core.experiments import experiment
from core.foreign import DEEPEST, LONGEST_QUOTE, quoted, read_json, written
from tests.experiments import over_all

DEEP = json.loads("[" * 900 + "]" * 900)
ODD: list[Any] = [
    DEEP, {"a": DEEP}, "[" * 5000, "(" * 5000, "9" * 5000, "-", "1e999", "\ud800", "x" * 200_000, {1: 2}, b"x",
    10**5000, float("nan"), None, object(), "http://evil.example/" + "x" * 100, "a\nb\r\n\x00c",
]  # fmt: skip

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
)


@given(values)
def test_what_json_says_is_read(value: Any) -> None:
    assert read_json(json.dumps(value)) == value


@given(st.text() | st.binary())
def test_anything_else_is_a_value_error(text: str | bytes) -> None:
    try:
        read_json(text)
    except ValueError:
        return
    json.loads(text)


@pytest.mark.parametrize("begin, end", [("[", "]"), ('{"a":', "}"), ('[{"a":[', "]}]")])
def test_depth_is_bounded_long_before_python_gives_up(begin: str, end: str) -> None:
    each = begin.count("[") + begin.count("{")
    within = DEEPEST // each
    assert read_json(begin * within + "1" + end * within) is not None
    for times in (within + 1, 500, 5_000, 500_000):
        with pytest.raises(ValueError, match="too"):
            read_json(begin * times + "1" + end * times)


@pytest.mark.parametrize("text", ['"\\ud800"', '{"\\udc00": 1}', '["a\\ud83d"]'])
def test_half_a_character_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_json(text)
    assert read_json('"\\ud83d\\ude00"') == "😀"
    assert written("a\ud800é") == "a?é"


@given(st.text() | st.integers() | st.binary() | st.lists(st.text()))
def test_a_quote_is_one_short_line(value: Any) -> None:
    quote = quoted(value)
    assert len(quote) <= LONGEST_QUOTE + 1
    assert quote == " ".join(quote.split())
    quote.encode("utf-8")


def test_a_quote_is_cut_at_forty_characters() -> None:
    assert LONGEST_QUOTE == 40
    assert quoted("x" * 40) == "x" * 40
    assert quoted("x" * 41) == "x" * 40 + "…"
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert [quoted(value) for value in (deep, 10**5000)] == ["list", "int"]


@over_all
def test_no_value_of_a_link_breaks_a_config(name: str) -> None:
    config = experiment(name).config
    for field in config.model_fields:
        for value in ODD:
            _config, problems = config.forgive({field: value})
            for problem in problems:
                assert max(map(len, str(problem).split("“")), default=0) < 700
                str(problem).encode("utf-8")
                quotes = [text for key, text in problem.values.items() if key in ("value", "name", "text")]
                assert all(len(str(text)) <= LONGEST_QUOTE + 1 for text in quotes), problem
    _config, problems = config.forgive({"http://evil.example/" + "x" * 100: "1"})
    assert "http://evil.example/" + "x" * 20 + "…" in str(problems[0])
    with pytest.raises(ConfigError):
        config.create({"lr": "\ud800"})


@pytest.mark.parametrize(
    "text",
    [
        "not " * 190 + "t", "-" * 190 + "t", "(" * 3000 + "t" + ")" * 3000, "sin(" * 190 + "t" + ")" * 190,
        "lambda:" * 150 + "t", "[" * 150 + "]" * 150, "t" + ".a" * 180, "t" + "[0]" * 120, "t<" * 150 + "t",
        "t if t else " * 120 + "t", "t**" * 150 + "2", "await " * 150 + "t", "9" * 5000, "0x" + "f" * 4000,
        "9" * 300 + ".", "f'{t}'", "(a:=" * 100 + "t" + ")" * 100, "\ud800", "t\x00",
    ],
)  # fmt: skip
def test_formulas_that_are_deep_are_read_or_refused_wherever_that_happens(text: str) -> None:
    """A page's script has used up some of Python's stack before."""

    def at(depth: int) -> None:
        if depth:
            at(depth - 1)
        else:
            try:
                check_formula(text)
            except FormulaRefused as refused:
                assert len(refused.word) <= LONGEST_QUOTE + 1

    at(0)
    at(sys.getrecursionlimit() // 4)
