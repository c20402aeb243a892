"""Who has a tab open, and who of them has a place: what a person has started continues while they are there."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core import limits
from core.config import Problem
from core.engine import events
from core.refused import Refused


class Presence:
    """Counts each person's open tabs, and gives out `limits.PEOPLE` places. All methods may be called from any thread.

    A person takes a place with the first page, if one is free, and else with the first work they ask for after one has
    become free. They hold it while a tab is open, and after that until someone else wants it, but for at least
    `limits.PLACE_SECONDS`: a refresh loses none.

    Args:
        clock: the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tabs: Counter[str] = Counter()
        self._places: dict[str, float | None] = {}  # owner -> when the last tab was closed, None while one is open
        self._visitors: set[str] = set()
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
            self._visitors.add(owner)
            self._take_place(owner)

    def depart(self, owner: str) -> None:
        """One tab less; a refresh looks the same, so what the owner started is not ended yet."""
        with self._lock:
            self._tabs[owner] -= 1
            if self._tabs[owner] <= 0:
                del self._tabs[owner]
                if owner in self._places:
                    self._places[owner] = self._clock()

    def present(self, owner: str) -> bool:
        """Whether the owner has a tab open."""
        with self._lock:
            return self._tabs[owner] > 0

    def visitors(self) -> set[str]:
        """Everyone who has a tab open, or has opened one since this was last called."""
        with self._lock:
            visitors = self._visitors | {owner for owner, count in self._tabs.items() if count > 0}
            self._visitors = set()
            return visitors

    def counts(self) -> tuple[int, int]:
        """How many people have a tab open, and how many places are taken or still held for who has just left."""
        with self._lock:
            until = self._clock() - limits.PLACE_SECONDS
            held = sum(left is None or left > until for left in self._places.values())
            return sum(count > 0 for count in self._tabs.values()), held

    def refusal(self, owner: str) -> Problem | None:
        """Why the owner may not start work: all places are taken; None where they have one, or get one now."""
        with self._lock:
            if self._take_place(owner):
                return None
            events.refused("people")
            return self._full()

    def turned_away(self, owner: str) -> Problem | None:
        """What `refusal` would answer now; but who only looks takes no place that has become free."""
        with self._lock:
            room = len(self._places) < limits.PEOPLE or self._leaver(self._clock()) is not None
            return None if room or owner in self._places else self._full()

    def _full(self) -> Problem:
        people = len(self._places)
        left = [since for since in self._places.values() if since is not None]
        if left:
            return Problem(
                "",
                "This server is full, but someone has just left: in {seconds} s their place is free, unless they come "
                "back.",
                {"seconds": max(1, math.ceil(min(left) + limits.PLACE_SECONDS - self._clock()))},
            )
        if people == 1:
            return Problem("", "This server is full: one person is on it; this works as soon as that person has left.")
        return Problem(
            "",
            "This server is full: {count} people are on it; this works as soon as one of them has left.",
            {"count": people},
        )

    def admit(self, owner: str) -> None:
        """Let the owner start work.

        Raises:
            Refused: all places are taken.
        """
        problem = self.refusal(owner)
        if problem is not None:
            raise Refused(problem)

    def _take_place(self, owner: str) -> bool:
        """Give the owner a place where there is one; whether they have one now."""
        now = self._clock()
        if owner not in self._places:
            leaver = self._leaver(now)
            if len(self._places) >= limits.PEOPLE and leaver is not None:
                del self._places[leaver]
            if len(self._places) >= limits.PEOPLE:
                return False
        self._places[owner] = None if self._tabs[owner] > 0 else now
        return True

    def _leaver(self, now: float) -> str | None:
        """The one who left first, if that is long enough ago for the place to be another's."""
        left = {owner: since for owner, since in self._places.items() if since is not None}
        if left:
            first = min(left, key=left.__getitem__)
            if now - left[first] >= limits.PLACE_SECONDS:
                return first
        return None
