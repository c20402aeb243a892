"""What becomes of closed tabs and of what the server has loaded."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.memory_session_storage import MemorySessionStorage

from core.machine import bfloat16
from pages.shared.server import assets, routes, tidying
from pages.shared.server.tidying import forget

ROOT = Path(__file__).parents[2]
PROGRAM = """
import gc
from pages.shared.server.imports import import_all
from pages.shared.server.tidying import set_aside
import_all()
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


@pytest.mark.long
def test_what_is_loaded_is_left_out_of_collections() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    frozen, collected = map(int, ended.stdout.split())
    assert frozen > 50 * collected


def test_what_can_not_be_prepared_keeps_nothing_else_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []

    def fail() -> None:
        raise RuntimeError("whatever it is")

    warmed = SimpleNamespace(warm=fail, tensorboard=SimpleNamespace(warm=lambda: done.append("tensorboard")))
    monkeypatch.setattr(routes, "manager", lambda: warmed)
    monkeypatch.setattr(tidying, "set_aside", lambda: done.append("set aside"))
    monkeypatch.setattr(assets, "plotly_bundle", fail)
    monkeypatch.setattr(bfloat16, "measure", lambda: done.append("measured"))
    routes.warm()
    assert done == ["set aside", "tensorboard", "measured"]
    assert caplog.text.count("could not prepare") == 2


def test_a_storage_that_is_another_one_is_told_of_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks: list[object] = []

    def look(storage: object) -> bool:
        looks.append(storage)
        if len(looks) == 3:
            raise asyncio.CancelledError
        raise AttributeError("_cache")

    instance = SimpleNamespace(_session_mgr=SimpleNamespace(_session_storage=None))
    monkeypatch.setattr(tidying, "INTERVAL", 0)
    monkeypatch.setattr(tidying, "forget", look)
    monkeypatch.setattr(tidying, "runtime", SimpleNamespace(exists=lambda: True, get_instance=lambda: instance))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(tidying.forget_closed_tabs())
    assert len(looks) == 3 and caplog.text.count("are forgotten only when") == 1
