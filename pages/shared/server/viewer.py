"""One page that looks at a run: what it has drawn, what it shows, and so what it is sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

AHEAD = 2
"""Pictures that a page may be sent before it says that it has drawn the first of them."""
PATIENCE = 1.0
"""Seconds until a page that never says so gets one more: a script from before, in a tab left open."""
LONG_PATIENCE = 10.0
"""The same for a page that has said so before: its link is slow, or its picture failed."""
LONGEST_NAME = 40
"""Characters of the name of a part."""
MOST_PARTS = 20
"""Parts that a page may say it shows."""


class Viewer:
    """What is known of one page on one socket. Pictures wait here for the page, not in the network's buffers.

    Attributes:
        packed: whether it reads what is compressed.
        visible: whether its tab is in front.
        shows: the parts of pictures that it draws beside what every page draws; None where it has not said.
    """

    def __init__(self, packed: bool = False, clock: Callable[[], float] = time.monotonic):
        self.packed = packed
        self.visible = True
        self.shows: frozenset[str] | None = None
        self._clock = clock
        self._sent = self._drawn = 0
        self._sent_time = 0.0

    @property
    def wait(self) -> float:
        """Seconds until the next picture may go, unless the page says before that it has drawn one."""
        if self._sent - self._drawn < AHEAD:
            return 0.0
        patience = LONG_PATIENCE if self._drawn else PATIENCE
        return max(0.0, self._sent_time + patience - self._clock())

    def sends(self) -> None:
        """A picture is sent."""
        self._sent += 1
        self._sent_time = self._clock()

    def has_drawn(self, count: object) -> None:
        """The page has drawn or passed over this many pictures since the socket opened."""
        if isinstance(count, int):
            self._drawn = max(self._drawn, min(count, self._sent))

    def is_visible(self, visible: object) -> None:
        """The tab is in front or no longer; a tab that comes back gets its picture at once."""
        self.visible = bool(visible)
        self._drawn = self._sent

    def says(self, parts: object) -> bool:
        """The page says which parts it shows; returns whether that is a list of names."""
        if not (isinstance(parts, Sequence) and len(parts) <= MOST_PARTS):
            return False
        if not all(isinstance(part, str) and len(part) <= LONGEST_NAME for part in parts):
            return False
        self.shows = frozenset(parts)
        return True
