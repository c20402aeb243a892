"""The SQLite index: what the disk does not take waits in memory, and a damaged index is made again."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from core import disk

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, experiment TEXT NOT NULL, config TEXT NOT NULL,
    created REAL NOT NULL, status TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL, server INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS runs_by_owner ON runs (owner, experiment, created);
CREATE TABLE IF NOT EXISTS desks (
    owner TEXT NOT NULL, experiment TEXT NOT NULL, config TEXT NOT NULL, run TEXT, changed REAL NOT NULL,
    PRIMARY KEY (owner, experiment)
);
CREATE TABLE IF NOT EXISTS preferences (
    owner TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (owner, name)
);
CREATE TABLE IF NOT EXISTS networks (
    owner TEXT NOT NULL, name TEXT NOT NULL, blocks TEXT NOT NULL, dataset TEXT NOT NULL, changed REAL NOT NULL,
    PRIMARY KEY (owner, name)
);
CREATE TABLE IF NOT EXISTS damage (
    owner TEXT NOT NULL, run TEXT NOT NULL, file TEXT NOT NULL, seen REAL NOT NULL, PRIMARY KEY (owner, run, file)
);
CREATE TABLE IF NOT EXISTS people (owner TEXT PRIMARY KEY, seen REAL NOT NULL);
CREATE TABLE IF NOT EXISTS images (
    owner TEXT NOT NULL, key TEXT NOT NULL, bytes INTEGER NOT NULL, added REAL NOT NULL, PRIMARY KEY (owner, key)
);
"""
TABLES = ("runs", "desks", "preferences", "networks", "damage", "people", "images")
"""The tables of the index."""
MOST_OPEN = 4
"""Connections at once besides the one that is held: as long as that one is, SQLite gives no file handle back."""
Key = tuple[str, ...]


class Index:
    """Reads and changes the tables of `SCHEMA`. All methods may be called from any thread.

    What the disk does not take waits in memory, where it is found again, until `write_later`. What can't be read
    counts as absent, and `unreadable` says why. A damaged file is set aside and made again from what can be read of it.

    Attributes:
        unreadable: why something could not be read; empty once it could be read again.
        made_again: whether the file was damaged when it was opened.
    """

    def __init__(self, path: Path, when_made_again: Callable[[], None]):
        """Open the file, or make it (raises DiskError).

        Args:
            when_made_again: called after the file was found damaged later on.
        """
        self.path = path
        self.unreadable = ""
        self.made_again = False
        self._when_made_again = when_made_again
        self._lock = threading.RLock()
        self._later: dict[Key, tuple[str, tuple[Any, ...]]] = {}
        self._held: list[sqlite3.Connection] = []
        self._turns = threading.BoundedSemaphore(MOST_OPEN)
        weakref.finalize(self, _close, self._held)
        with disk.refusals():
            self._prepare()

    def _prepare(self) -> None:
        """Make the tables, in another file if this one is damaged, and hold it open."""
        try:
            with self._open() as database:
                _make_tables(database)
                if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                    raise sqlite3.DatabaseError("quick_check")
        except sqlite3.Error as error:
            if not _is_damage(error):
                raise
            self._replace()
            self.made_again = True
        else:
            self._hold()

    def close(self) -> None:
        """Let go of the file; nothing is read or written after that."""
        _close(self._held)

    def _hold(self) -> None:
        """Keep a connection open: then SQLite's files beside the index stay.

        Making them takes space on the disk, and without it even reading would fail.
        """
        database = sqlite3.connect(self.path, timeout=10, check_same_thread=False)
        self._held.append(database)
        database.execute("SELECT id FROM runs LIMIT 1").fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._turns:
            database = sqlite3.connect(self.path, timeout=10)
            database.row_factory = sqlite3.Row
            database.text_factory = lambda data: data.decode(errors="replace")
            try:
                with database:
                    yield database
            finally:
                database.close()

    def _replace(self) -> None:
        """Set a damaged index aside, and make another one of what can be read of it."""
        with self._lock:
            _close(self._held)
            aside = disk.set_aside(self.path)
            for end in ("-wal", "-shm"):
                with suppress(OSError):
                    os.replace(f"{self.path}{end}", f"{aside or f'{self.path}{disk.ASIDE}'}{end}")
            with self._open() as database:
                _make_tables(database)
                if aside is not None:
                    _salvage(aside, database)
            self._hold()

    def read(self, question: str, *values: Any) -> list[sqlite3.Row]:
        """The rows that answer a question; none if the disk can't be read."""
        for attempt in (1, 2):
            try:
                with self._open() as database:
                    rows = database.execute(question, values).fetchall()
                self.unreadable = ""
                return rows
            except sqlite3.Error as error:
                if attempt == 1 and _is_damage(error):
                    self._make_again()
                    continue
                if not self.unreadable:
                    logging.warning("The index can't be read: %s.", error)
                self.unreadable = str(error)
        return []

    def _make_again(self) -> None:
        """`_replace` while the server runs, once for all threads that find the index damaged."""
        with self._lock:
            try:
                with self._open() as database:
                    whole = database.execute("PRAGMA quick_check").fetchone()[0] == "ok"
                    if whole and database.execute("SELECT name FROM sqlite_master WHERE name = 'damage'").fetchone():
                        return  # another thread has done it
                    if whole:  # it was taken away, and SQLite has begun another one
                        _make_tables(database)
            except sqlite3.Error as error:
                if not _is_damage(error):
                    return
                whole = False
            try:
                if whole:
                    _close(self._held)
                    self._hold()
                else:
                    self._replace()
            except (sqlite3.Error, OSError) as error:
                logging.warning("The index can't be made again: %s.", error)
                return
        self._when_made_again()

    def write(self, order: str, *values: Any, later: Key = (), after: Key = ()) -> None:
        """Change something.

        Args:
            later: where the change waits if the disk does not take it, in the place of an older one.
            after: a change that has to come before; while that waits, this one does.

        Raises:
            DiskError: the disk does not take it now.
        """
        with self._lock:  # one after the other: else what has waited could come after what replaces it
            try:
                if after in self._later:
                    raise sqlite3.OperationalError("what comes before waits for the disk")
                self._change(order, values)
            except sqlite3.Error as error:
                if later:
                    self._later[later] = (order, values)
                raise disk.from_sqlite(error) from error
            self._later.pop(later, None)

    def _change(self, order: str, values: tuple[Any, ...]) -> None:
        for attempt in (1, 2):
            try:
                with self._open() as database:
                    database.execute(order, values)
                return
            except sqlite3.Error as error:
                if attempt == 2 or not _is_damage(error):
                    raise
                self._make_again()

    def waiting(self, key: Key) -> tuple[Any, ...] | None:
        """The values of a change that waits for the disk; None if there is none."""
        change = self._later.get(key)
        return change[1] if change is not None else None

    def forget(self, *keys: Key) -> None:
        """Give up changes that wait for the disk."""
        with self._lock:
            for key in keys:
                self._later.pop(key, None)

    def write_later(self) -> None:
        """Make the changes that wait for the disk, as far as it takes them by now."""
        with suppress(disk.DiskError):
            for key in list(self._later):
                with self._lock:
                    if key in self._later:
                        order, values = self._later[key]
                        self.write(order, *values, later=key)


def _make_tables(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode=WAL")
    database.executescript(SCHEMA)


def _salvage(aside: Path, database: sqlite3.Connection) -> None:
    """Take over from a damaged index what can be read of it, row by row."""
    with suppress(sqlite3.Error):
        damaged = sqlite3.connect(f"{aside.absolute().as_uri()}?mode=ro", uri=True)
        damaged.text_factory = lambda data: data.decode(errors="replace")
        with closing(damaged):
            for table in TABLES:
                with suppress(sqlite3.Error):
                    for values in damaged.execute(f"SELECT * FROM {table}"):
                        places = ", ".join("?" * len(values))
                        with suppress(sqlite3.Error):
                            database.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", values)


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether an error means that the file is damaged, not that the system refuses it."""
    code = getattr(error, "sqlite_errorcode", None)
    return (
        type(error) is sqlite3.DatabaseError
        or (code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))
        or str(error).startswith(("no such table", "no such column"))
    )


def _close(connections: list[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()
