"""What a worker sends to the server."""

from __future__ import annotations

import json
import threading
import zlib
from collections import deque
from multiprocessing.connection import Connection
from typing import Any

PACKING = 1
"""zlib's level for frames and messages: the quickest, which takes two thirds off a frame."""


class Outbox:
    """Sends from a thread of its own, so that a slow server never holds up training.

    Messages are all sent, in order; of frames only the newest, compressed here, beside the training.
    """

    def __init__(self, connection: Connection):
        self._connection = connection
        self._messages: deque[bytes] = deque()
        self._frame: deque[bytes] = deque(maxlen=1)
        self._something = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def message(self, content: dict[str, Any]) -> None:
        """Send a JSON message."""
        self._messages.append(b"M" + json.dumps(content).encode())
        self._something.set()

    def frame(self, content: bytes) -> None:
        """Send a frame, unless a newer one comes first."""
        self._frame.append(content)
        self._something.set()

    def close(self) -> None:
        """Send what is left, then end."""
        self._closing = True
        self._something.set()
        self._thread.join(timeout=5)

    def _send(self) -> None:
        try:
            while True:
                self._something.wait()
                self._something.clear()
                if self._frame:
                    self._connection.send_bytes(b"F" + zlib.compress(self._frame.popleft(), PACKING))
                while self._messages:
                    self._connection.send_bytes(self._messages.popleft())
                if self._closing and not self._messages and not self._frame:
                    return
        except (OSError, ValueError):
            return
