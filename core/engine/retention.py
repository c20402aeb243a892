"""Deletes what belongs to people who were not there for `limits.KEEP_DAYS`, and keeps uploaded images in bounds."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from core import limits
from core.disk import DiskError
from core.engine import events
from core.engine.presence import Presence
from core.engine.store import Store

DAY = 86_400.0
LOOK_INTERVAL = 3600.0
"""Seconds between two looks; nothing is deleted at the first."""
JUMP = 3600.0
"""Seconds by which the clock may have been set between two looks; after more, nothing is deleted for `SETTLED`."""
SETTLED = DAY
"""Seconds for which a clock has to run as it should before anything is deleted again."""
TIMES = (
    "SELECT owner, MAX(created) AS seen FROM runs GROUP BY owner",
    "SELECT owner, MAX(changed) AS seen FROM desks GROUP BY owner",
    "SELECT owner, MAX(changed) AS seen FROM networks GROUP BY owner",
    "SELECT owner, MAX(added) AS seen FROM images GROUP BY owner",
    "SELECT owner, NULL AS seen FROM preferences GROUP BY owner",
)
"""When a person has last left something, where it was not noted yet that they were there."""
TABLES = ("desks", "preferences", "networks", "damage", "images", "people")
"""The tables of the index that hold something of a person's, beside the runs."""


@dataclass
class Deleted:
    """How much was deleted."""

    people: int = 0
    runs: int = 0


class Retention:
    """Looks once an hour, in the thread of whoever calls `look`.

    Args:
        training: whether one of a person's runs is alive.
        still: inside of still(owner) no run of that person's begins.
        clock: the time in seconds that no one can set.
        date: the time in seconds since 1970, which someone may set.
    """

    def __init__(
        self,
        store: Store,
        presence: Presence,
        training: Callable[[str], bool],
        still: Callable[[str], AbstractContextManager[object]],
        clock: Callable[[], float] = time.monotonic,
        date: Callable[[], float] = time.time,
    ):
        self._store = store
        self._presence = presence
        self._training = training
        self._still = still
        self._clock = clock
        self._date = date
        self._begin = clock()
        self._look_time: float | None = None
        self._ahead = date() - clock()
        self._trusted_from = self._begin
        self._met: set[str] = set()
        self._lock = threading.Lock()

    def look_if_due(self) -> None:
        """Look, if the last one was an hour ago."""
        if self._look_time is None or self._clock() - self._look_time >= LOOK_INTERVAL:
            self.look()

    def look(self) -> Deleted:
        """Note who was there, and delete what has been kept for long enough; what was deleted."""
        with self._lock:
            first, self._look_time = self._look_time is None, self._clock()
            self._note()
            if not limits.KEEP_DAYS or first or not self._clock_is_right():
                return Deleted()
            return self._delete(self._date() - limits.KEEP_DAYS * DAY)

    def note(self) -> None:
        """Note who was there since the last look: the server ends, and does not wait for what is being deleted."""
        if self._lock.acquire(timeout=1):
            try:
                self._note()
            finally:
                self._lock.release()

    def _note(self) -> None:
        visitors, now = self._presence.visitors(), self._date()
        self._met |= visitors
        for owner in visitors:
            with suppress(DiskError):
                order = "INSERT OR REPLACE INTO people VALUES (?, ?)"
                self._store.index.write(order, owner, now, later=("people", owner))

    def _clock_is_right(self) -> bool:
        """Whether the clock has run as it should for long enough: one that was set forward makes everything old."""
        now = self._clock()
        ahead = self._date() - now
        if abs(ahead - self._ahead) > JUMP:
            self._trusted_from = now + SETTLED
            logging.warning("The clock was set: nothing is deleted because of its age for a day.")
        self._ahead = ahead
        return now >= self._trusted_from

    def _delete(self, before: float) -> Deleted:
        deleted = Deleted()
        for owner in self._gone(before):
            with self._still(owner):
                if not (self._presence.present(owner) or self._training(owner) or self._store.alive(owner)):
                    deleted.runs += forget_person(self._store, owner)
                    deleted.people += 1
        if deleted.people:
            logging.warning(
                "All of %d people who were not here for %d days was deleted, %d runs among it.",
                deleted.people,
                limits.KEEP_DAYS,
                deleted.runs,
            )
            events.tally.add("people_deleted", amount=deleted.people)
        return deleted

    def _gone(self, before: float) -> list[str]:
        """Who was last there before that time; of those of whom nothing is known it is noted that they are here now."""
        noted = {row["owner"]: float(row["seen"]) for row in self._store.index.read("SELECT * FROM people")}
        seen: dict[str, float | None] = {}
        for question in TIMES:
            for row in self._store.index.read(question):
                times = [time for time in (seen.get(row["owner"]), row["seen"]) if time is not None]
                seen[row["owner"]] = max(map(float, times), default=None)
        if self._store.index.unreadable:
            return []
        for owner in [owner for owner, last in seen.items() if last is None and owner not in noted]:
            noted[owner] = self._date()
            with suppress(DiskError):
                self._store.index.write("INSERT OR IGNORE INTO people VALUES (?, ?)", owner, noted[owner])
        last = {owner: max(seen.get(owner) or 0.0, noted.get(owner, 0.0)) for owner in {*seen, *noted}}
        return sorted(owner for owner, when in last.items() if when < before and owner and owner not in self._met)


def forget_person(store: Store, owner: str) -> int:
    """Delete all that belongs to a person; how many runs that were."""
    runs = store.ids(owner)
    for run in runs:
        store.remove(owner, run)
    keys = [row["key"] for row in store.index.read("SELECT key FROM images WHERE owner = ?", owner)]
    shutil.rmtree(store.logs(owner), ignore_errors=True)
    with suppress(OSError):
        store.picture(owner).unlink()
    for table in TABLES:
        with suppress(DiskError):
            order = f"DELETE FROM {table} WHERE owner = ?"
            store.index.write(order, owner, later=("forget", table, owner))
    for key in keys:
        remove_unused(store, str(key))
    return len(runs)


def keep_images(store: Store, owner: str, key: str) -> None:
    """Note whose images were uploaded under a key, and remove that person's oldest ones beyond `limits.IMAGES_BYTES`.

    Raises:
        DiskError: the disk does not take the note.
    """
    file = images_file(store, key)
    size = file.stat().st_size if file.exists() else 0
    order = "INSERT OR REPLACE INTO images VALUES (?, ?, ?, ?)"
    store.index.write(order, owner, key, size, time.time())
    rows = store.index.read("SELECT key, bytes FROM images WHERE owner = ? ORDER BY added DESC", owner)
    taken = 0
    for number, row in enumerate(rows):
        taken += int(row["bytes"])
        if number and taken > limits.IMAGES_BYTES:
            store.index.write("DELETE FROM images WHERE owner = ? AND key = ?", owner, row["key"])
            remove_unused(store, str(row["key"]), owner)


def images_file(store: Store, key: str) -> Path:
    """Where the images under a key are kept."""
    return store.root / "own" / f"{key}.npz"


def remove_unused(store: Store, key: str, owner: str = "") -> None:
    """Remove images that nobody has uploaded but those who are forgotten, and on which nobody else has trained."""
    others = store.index.read("SELECT owner FROM images WHERE key = ? LIMIT 1", key)
    used = [
        row
        for table in ("runs", "desks")
        for row in store.index.read(
            f"SELECT owner FROM {table} WHERE owner != ? AND instr(config, ?) LIMIT 1", owner, f'"{key}"'
        )
    ]
    if not (others or used or store.index.unreadable):
        with suppress(OSError):
            images_file(store, key).unlink()
