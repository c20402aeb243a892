"""README's moving pictures and those of Home's cards: there is one of each page, and none is large."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pages.index import PAGES
from tests.pictures import CARD, CARDS, FILM, FILMS, MOST_BYTES, SCENES, THEMES

ROOT = Path(__file__).parents[1]
LEAST_CONTRAST = 3
"""Standard deviation of the shades, from 0 to 255, in a sixth of a card: a blank one has 0."""
LARGEST_CARD = 40_000
"""Bytes: a first visit loads a dozen of them."""


@pytest.mark.parametrize("folder", [row.folder for row in PAGES if row.experiment])
def test_readme_has_a_moving_picture_of_each_training_page(folder: str) -> None:
    path = FILMS / f"{folder}.webp"
    with Image.open(path) as film:
        assert getattr(film, "n_frames", 1) >= 10 and film.size == FILM
    assert path.stat().st_size <= MOST_BYTES
    named = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert path.relative_to(ROOT).as_posix() in [target for words, target in named if words]


@pytest.mark.parametrize("folder", [row.folder for row in PAGES if row.step])
def test_each_card_has_a_picture_in_both_themes(folder: str) -> None:
    assert folder in SCENES
    for theme in THEMES:
        path = CARDS / f"{folder}.{theme}.webp"
        with Image.open(path) as card:
            assert card.size == CARD
            shades = np.asarray(card.convert("L"), dtype=float)
        parts = [part for row in np.array_split(shades, 2) for part in np.array_split(row, 3, axis=1)]
        assert all(part.std() > LEAST_CONTRAST for part in parts), "it shows something in each of its six parts"
        assert path.stat().st_size <= LARGEST_CARD


def test_no_picture_is_left_over() -> None:
    cards = {path.name for path in CARDS.iterdir()}
    assert cards == {f"{row.folder}.{theme}.webp" for row in PAGES if row.step for theme in THEMES}
    assert {path.stem for path in FILMS.iterdir()} == {row.folder for row in PAGES if row.experiment}
