"""What is written in the palette's colours can be read on both themes' backgrounds."""

from __future__ import annotations

import pytest

from pages.shared.page.readable import READABLE
from pages.shared.pictures.palette import PALETTE

BACKGROUNDS = {"light": ("#ffffff", "#f8f8f7"), "dark": ("#171614", "#2d2b27")}
"""Streamlit's page and its sidebar's and widgets' boxes."""
LEAST = 4.5
"""The contrast that WCAG asks for in texts of usual size (AA)."""
WRITTEN = ("primary", "train", "test", "negative", "positive", "warning", "wrong", "brokenText")


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def tinted(colour: str, background: str, share: float) -> str:
    """A colour laid over a background."""
    mixed = [
        round(share * int(colour[at : at + 2], 16) + (1 - share) * int(background[at : at + 2], 16)) for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in mixed)


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", BACKGROUNDS)
@pytest.mark.parametrize("name", WRITTEN)
def test_colours_of_texts_are_read_on_each_background(theme: str, name: str) -> None:
    for background in BACKGROUNDS[theme]:
        assert contrast(PALETTE[theme][name], background) >= LEAST


@pytest.mark.parametrize("theme", BACKGROUNDS)
def test_the_chosen_one_of_a_row_is_read_on_its_own_tint(theme: str) -> None:
    primary = PALETTE[theme]["primary"]
    for background in BACKGROUNDS[theme]:
        assert contrast(primary, tinted(primary, background, 0.1)) >= LEAST


def test_one_of_the_two_inks_is_read_on_any_colour() -> None:
    inks = PALETTE["ink"].values()
    for grey in range(256):
        assert max(contrast(ink, f"#{grey:02x}{grey:02x}{grey:02x}") for ink in inks) >= LEAST


def test_streamlits_parts_get_the_palettes_colours_in_both_themes() -> None:
    for theme in BACKGROUNDS:
        for name in ("primary", "positive", "train"):
            assert PALETTE[theme][name] in READABLE
