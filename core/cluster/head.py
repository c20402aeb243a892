"""A cluster's head: whether it answers. Not asked by Ray, whose questions to a head that is gone wait a minute."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

SILENT = 3.0
"""Seconds without an answer after which the head counts as gone."""
TIMEOUT = 3.0
"""Seconds that it may take to answer."""


def unreached(address: str, timeout: float = TIMEOUT) -> str:
    """Why HOST:PORT takes no connection, in a few words; empty if it takes one."""
    host, _colon, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout).close()
    except TimeoutError:
        return f"no answer within {timeout:.0f} seconds"
    except (OSError, UnicodeError, OverflowError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""


class Head:
    """Remembers when the head answered last.

    Attributes:
        address: HOST:PORT.
        gone: whether it has not answered for `SILENT` seconds.

    Args:
        clock: the time in seconds.
    """

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic):
        self.address = address
        self.gone = False
        self._clock = clock
        self._heard = clock()

    def ask(self) -> bool:
        """Ask once; returns whether it has gone or come back since the last time."""
        before = self.gone
        if not unreached(self.address):
            self._heard = self._clock()
        self.gone = self._clock() - self._heard > SILENT
        return self.gone != before
