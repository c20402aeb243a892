"""The types that the scripts are checked against name what Python sends them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pages.index import PAGES, Page
from pages.shared.live import live_view
from tests.pages.tabs import Tab

TYPES = Path(live_view.__file__).parent / "js" / "types.d.ts"


def declared(interface: str) -> set[str]:
    """The names that an interface in types.d.ts has."""
    match = re.search(rf"^interface {interface} {{\n(.*?)^}}", TYPES.read_text(), re.MULTILINE | re.DOTALL)
    assert match is not None
    return set(re.findall(r"^  (\w+)\??:", match[1], re.MULTILINE))


@pytest.mark.parametrize("row", [row for row in PAGES if row.experiment], ids=lambda row: row.folder)
def test_what_the_live_view_is_sent_is_what_its_types_declare(row: Page, open_tab: Callable[..., Tab]) -> None:
    data = open_tab().open(row.folder).data_of()
    assert set(data) == declared("LiveData")
    assert set(data["picture"]) <= declared("PictureData")
