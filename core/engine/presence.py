"""Who has a tab open: what a person has started continues while they are there."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Presence:
    """Counts each person's open tabs. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._tabs: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def attended(self, owner: str) -> Iterator[None]:
        """While inside, the owner counts as present."""
        self.arrive(owner)
        try:
            yield
        finally:
            self.depart(owner)

    def arrive(self, owner: str) -> None:
        """One more tab of the owner's is open."""
        with self._lock:
            self._tabs[owner] += 1

    def depart(self, owner: str) -> None:
        """One tab less; a refresh looks the same, so what the owner started is not ended yet."""
        with self._lock:
            self._tabs[owner] -= 1
            if self._tabs[owner] <= 0:
                del self._tabs[owner]

    def present(self, owner: str) -> bool:
        """Whether the owner has a tab open."""
        with self._lock:
            return self._tabs[owner] > 0
