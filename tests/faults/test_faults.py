"""Each event a few times: nothing recorded is lost, the index is whole, no traceback, no process left."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.all import EVENTS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")


@pytest.mark.parametrize("name", EVENTS)
def test_nothing_is_lost(name: str, tmp_path: Path) -> None:
    event = EVENTS[name]
    outcome = event.run(event.short, tmp_path / "data")
    assert outcome.times == event.short
    assert not outcome.lost
