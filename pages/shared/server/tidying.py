"""The server's memory: garbage is found without looking at what stays, and closed tabs are forgotten in time."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Any

from streamlit import runtime

INTERVAL = 30.0
"""Seconds between two looks for tabs that were closed long ago."""


def set_aside() -> None:
    """Leave all that the server has imported out of garbage collection.

    With two million objects that stay for ever, each full collection stopped every thread for a fifth of a second and
    more, and came so seldom that what tabs left behind took tens of megabytes.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # the next one comes when a quarter is added to what this one sees


def forget(storage: Any) -> bool:
    """Forget the tabs that Streamlit keeps no longer for their return: by itself it does so when the next one comes.

    Args:
        storage: Streamlit's `MemorySessionStorage`.

    Returns:
        Whether there were any.
    """
    return bool(storage._cache.expire())


async def forget_closed_tabs() -> None:
    """Do so again and again, in the event loop, where Streamlit keeps its sessions; with them go their uploads."""
    failed = False
    while True:
        await asyncio.sleep(INTERVAL)
        try:
            if runtime.exists() and forget(runtime.get_instance()._session_mgr._session_storage):  # type: ignore[attr-defined]
                gc.collect()
        except Exception:  # Streamlit promises none of these names
            if not failed:
                logging.exception("Tabs that were closed are forgotten only when others are.")
            failed = True
