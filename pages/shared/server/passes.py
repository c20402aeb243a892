"""Passes: addresses that open a person's TensorBoard where the browser says nothing of who asks.

What a frame or a link asks for carries no tab's token, and without cookies nothing else. So the page makes them an
address with a random pass in it. Addresses are seen by others, in logs and over a shoulder: a pass opens only what is
read, never the person's runs or settings, and ends some time after it was last used.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

LASTS = 3600.0
"""Seconds that a pass lasts after it was last used."""
MOST = 20_000
"""Passes held at once; the one used longest ago goes first."""


class Passes:
    """All passes of the server, in memory alone: with its end they end.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._used: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def issue(self, owner: str) -> str:
        """A new pass of a person."""
        word = secrets.token_urlsafe(16)
        with self._lock:
            self._used[word] = owner, self._clock()
            while len(self._used) > MOST:
                self._used.popitem(last=False)
        return word

    def owner(self, word: str) -> str:
        """Whose pass it is, which is thereby used; an empty text where it isn't or no longer valid."""
        with self._lock:
            owner, used = self._used.pop(word, ("", 0.0))
            if not owner or self._clock() - used > LASTS:
                return ""
            self._used[word] = owner, self._clock()
            return owner


passes = Passes()
