"""What a process is called in `top` and `ps`, so that a host sees what keeps the machine busy (Linux)."""

from __future__ import annotations

import ctypes
from contextlib import suppress

SET_NAME = 15
"""PR_SET_NAME of Linux's prctl."""


def be_called(name: str) -> None:
    """Call this process by a name of at most 15 letters, where the system has such names."""
    with suppress(OSError, AttributeError, TypeError):  # Windows has no CDLL(None), macOS no prctl
        ctypes.CDLL(None).prctl(SET_NAME, name.encode())
