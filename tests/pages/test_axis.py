"""Numbers on logarithmic axes are written in full, and there are always some."""

import math

import pytest

from pages.shared.pictures.axis import log_axis, named

SMALL = (("5·", -5), ("", -4), ("2·", -4), ("5·", -4), ("", -3))


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.8, 30, "1 2 5 10 20"),
        (0.02, 900, "0.1 1 10 100 1,000"),
        (31, 38, "30 32 34 36 38"),
        (25, 45, "30 40 50"),
        (4.0, 4.0, "4"),
        (3e-9, 2.0, " ".join(f"10<sup>{power}</sup>" for power in range(-8, 1))),
        (0.00008, 3.0, "0.0001 0.001 0.01 0.1 1"),
        (0.00003, 0.0009, " ".join(f"{digits}10<sup>{power}</sup>" for digits, power in SMALL)),
        (1500, 9000, "2,000 5,000 10,000"),
    ],
)
def test_numbers_on_a_log_axis(low: float, high: float, words: str) -> None:
    axis = log_axis(low, high)
    first, last = axis["range"]
    assert first < math.log10(low) <= math.log10(high) < last
    named = zip(axis["tickvals"], axis["ticktext"], strict=True)
    assert " ".join(text for place, text in named if first <= math.log10(place) <= last) == words


def test_numbers_of_an_axis_are_written_in_one_style() -> None:
    assert named([0.0001, 0.05, 2, 2000]) == ["0.0001", "0.05", "2", "2,000"]
    assert named([1e-5, 0.05, 2000]) == ["10<sup>-5</sup>", "5·10<sup>-2</sup>", "2·10<sup>3</sup>"]


def test_a_peak_does_not_touch_the_edge() -> None:
    first, last = log_axis(1e-4, 10.0)["range"]
    assert last - 1 == pytest.approx(0.25)
    assert -4 - first == pytest.approx(0.25)
