"""Whether a worker still answers: one that has said nothing for a while is asked, and a thread of its own answers."""

from __future__ import annotations

import time

ASK_AFTER = 1.0
"""Seconds without a word after which a worker is asked, and asked again."""
PATIENCE = 2.5
"""Seconds to wait for the answer before people are told: with ASK_AFTER and a look every half second under 5 in all."""
FIRST_WORD = 20.0
"""Seconds that a worker may take to its first word: where there is no forkserver it has to import PyTorch."""


class Heartbeat:
    """When a worker was last heard and last asked, on `time.monotonic`. All methods are called from one thread."""

    def __init__(self) -> None:
        self.spoken = False
        self._heard = time.monotonic()
        self._asked: float | None = None
        self._asked_last = self._heard

    def hear(self) -> None:
        """The worker said something."""
        self.spoken = True
        self._heard = time.monotonic()
        self._asked = None

    def should_ask(self, now: float) -> bool:
        """Whether to ask the worker now; if so, this counts as asked."""
        if now - max(self._heard, self._asked_last) < ASK_AFTER:
            return False
        self._asked_last = now
        if self._asked is None:
            self._asked = now
        return True

    def silent(self, now: float) -> bool:
        """Whether the worker does not answer."""
        return self._asked is not None and now - self._asked > (PATIENCE if self.spoken else FIRST_WORD)
