"""SECURITY.md says what is so: the tests that it names are there, and its numbers are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from core import limits
from core.data import csv_table, own_images
from core.data.opened_images import MOST_PIXELS
from core.layers import samples
from pages.shared.server.framing import FRAME_ANCESTORS
from pages.shared.server.origin import ALLOWED_HOSTS
from pages.shared.server.owner import COOKIE
from pages.shared.server.requests import LONGEST_BODY

ROOT = Path(__file__).parents[1]
TEXT = " ".join((ROOT / "SECURITY.md").read_text(encoding="utf-8").split())


def test_the_tests_and_modules_that_it_names_are_there() -> None:
    names = re.findall(r"`((?:tests/|pages/|core/|test_)[\w/.]+)`", TEXT)
    assert len(names) >= 6
    for name in names:
        folder = ROOT if "/" in name else ROOT / "tests" / "pages"
        assert (folder / name).exists(), name


def test_its_numbers_are_those_of_the_code() -> None:
    grey, colour = own_images.SIZE, own_images.COLOUR_SIZE
    for words in (
        f"({MOST_PIXELS // 10**6} million each, {own_images.MAX_ALL_PIXELS // 10**6} million in a zip)",
        f"A CSV (at most {csv_table.MEGABYTES} MB)",
        f"app's routes {LONGEST_BODY:,} bytes",
        f"({grey} x {grey} grey or {colour} x {colour} in colour; {samples.SIDE} x {samples.SIDE} for the cards)",
        f"`{COOKIE}`",
        f"`{ALLOWED_HOSTS}`",
        f"`{FRAME_ANCESTORS}`",
        f"`{limits.LIMITS['UPLOAD_MB'].variable}` megabytes",
    ):
        assert words in TEXT, words
