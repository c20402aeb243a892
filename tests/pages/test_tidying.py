"""What becomes of closed tabs and of what the server has loaded."""

from __future__ import annotations

import subprocess
import sys
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from streamlit.runtime.memory_session_storage import MemorySessionStorage

from pages.shared.server.tidying import forget

ROOT = Path(__file__).parents[2]
PROGRAM = """
import gc, time
from pages.shared.server.tidying import set_aside
set_aside()
print(gc.get_freeze_count(), len(gc.get_objects()))
"""


class Session:
    """What Streamlit keeps of a tab, as far as its storage looks."""

    id = "tab"


def kept(seconds: float) -> tuple[MemorySessionStorage, Any]:
    """A storage that keeps tabs for so long, with one in it, and a way to see whether it is still there."""
    storage, session = MemorySessionStorage(ttl_seconds=seconds), Session()  # type: ignore[arg-type]
    storage.save(SimpleNamespace(session=session))  # type: ignore[arg-type]
    return storage, weakref.ref(session)


def test_a_tab_that_may_return_no_longer_is_forgotten() -> None:
    storage, session = kept(0)
    assert session() is not None, "Streamlit waits for the next tab"
    assert forget(storage)
    assert session() is None
    assert not forget(storage)


def test_a_tab_that_may_return_is_kept() -> None:
    storage, session = kept(3600)
    assert not forget(storage)
    assert session() is not None and storage.get("tab") is not None


def test_what_is_loaded_is_left_out_of_collections() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    frozen, collected = map(int, ended.stdout.split())
    assert frozen > 50 * collected
