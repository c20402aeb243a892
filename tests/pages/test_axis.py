"""Numbers on logarithmic axes are written in full, and there are always some."""

import math

import pytest

from pages.shared.axis import log_axis, named


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.8, 30, "1 2 5 10 20"),
        (0.02, 900, "0.1 1 10 100 1,000"),
        (31, 38, "30 32 34 36 38"),
        (25, 45, "30 40 50"),
        (4.0, 4.0, "4"),
        (3e-9, 2.0, "10<sup>-8</sup> 10<sup>-7</sup> 10<sup>-6</sup> 10<sup>-5</sup> 10<sup>-4</sup> 0.001 0.01 0.1 1"),
        (1500, 9000, "2,000 5,000 10,000"),
    ],
)
def test_numbers_on_a_log_axis(low: float, high: float, words: str) -> None:
    axis = log_axis(low, high)
    first, last = axis["range"]
    assert first < math.log10(low) <= math.log10(high) < last
    named = zip(axis["tickvals"], axis["ticktext"], strict=True)
    assert " ".join(text for place, text in named if first <= math.log10(place) <= last) == words


def test_numbers_are_written_in_full() -> None:
    assert [named(number) for number in (0.05, 2, 2000, 1e-7)] == ["0.05", "2", "2,000", "10<sup>-7</sup>"]
