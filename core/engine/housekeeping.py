"""Work beside the runs: writes later what the disk did not take, and keeps everyone's runs within their quota."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from core import limits
from core.engine.quota import Usage, thin
from core.engine.run import Run
from core.engine.store import Store

Note = tuple[str, int, dict[str, float | None]]
"""A run's progress as the index stores it: its status, its last step, and the last value of each metric."""
RETRY_INTERVAL = 2.0
"""Seconds before the disk is asked again."""


class Housekeeping:
    """Works in a thread of its own, so that a slow disk holds up nobody. All methods may be called from any thread."""

    def __init__(
        self,
        store: Store,
        runs: Callable[[], list[Run]],
        still: Callable[[str], AbstractContextManager[object]],
        also: Callable[[], object] = lambda: None,
    ):
        """Begin.

        Args:
            runs: the runs that the server holds in memory.
            still: inside of still(owner) no run of that person's begins.
            also: called every few seconds.
        """
        self._store = store
        self._runs = runs
        self._still = still
        self._also = also
        self._debtors: dict[str, Run] = {}
        self._notes: dict[str, Note] = {}
        self._noting = ""
        self._in_hand = ""
        self._people: set[str] = set()
        self._used: dict[str, int] = {}
        self._work = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._do, name="housekeeping", daemon=True)
        self._thread.start()

    def owe(self, run: Run) -> None:
        """Write what the disk refused of a run as soon as the disk takes it."""
        self._debtors[run.id] = run
        self._work.set()

    def note(self, run: Run) -> None:
        """Write a run's progress into the index soon; the latest note counts."""
        self._notes[run.id] = (run.status, run.step, run.last_metrics)
        self._work.set()

    def notes(self, run: Run) -> bool:
        """Whether a run's progress still has to be written into the index."""
        return run.id in self._notes or run.id == self._noting

    def owes(self, run: Run) -> bool:
        """Whether something of a run is not written yet."""
        return run.id == self._in_hand or run.id in self._debtors or self.notes(run)

    def look_at(self, owner: str) -> None:
        """Check a person's quota soon: one of their runs has begun or ended."""
        self._people.add(owner)
        self._work.set()

    def has_grown(self, owner: str) -> None:
        """Check it if the known sizes exceed it: one of their runs has kept a step."""
        if owner in self._used and self.used(owner) > limits.KEPT_BYTES:
            self.look_at(owner)

    def used(self, owner: str) -> int:
        """Bytes that a person's runs take on disk: as of when one last began or ended, and what was kept since."""
        if owner not in self._used:
            self._measure(owner)
        own = [run for run in self._runs() if run.owner == owner]
        return self._used[owner] + sum(max(0, run.kept_bytes - run.measured_bytes) for run in own)

    def close(self) -> None:
        """Write what can be written now, and end."""
        self._closed = True
        self._work.set()
        self._thread.join(timeout=5)

    def _do(self) -> None:
        closed = False
        while not closed:
            self._work.wait(RETRY_INTERVAL)
            self._work.clear()
            closed = self._closed  # what came before that is still done
            self._try(self._store.index.write_later)
            for run in list(self._debtors.values()):
                self._try(lambda run=run: self._write_rest(run))  # type: ignore[misc]
            while self._notes:
                self._try(self._write_note)
            while self._people:
                owner = self._people.pop()
                self._try(lambda owner=owner: self._keep_within(owner))  # type: ignore[misc]
            if not closed:
                self._try(self._also)

    def _try(self, work: Callable[[], object]) -> None:
        """Do something for one person; an error in it must not end this thread, which serves everyone."""
        try:
            work()
        except Exception as error:
            logging.warning("What the disk did not take can't be written: %s: %s.", type(error).__name__, error)

    def _write_note(self) -> None:
        self._noting = id = next(iter(self._notes))
        try:
            self._store.update(id, *self._notes.pop(id))
        finally:
            self._noting = ""

    def _write_rest(self, run: Run) -> None:
        self._in_hand = run.id
        del self._debtors[run.id]  # before it is written, or what it owes from now on would be forgotten
        written = False
        try:
            written = run.write_rest()
        finally:
            if not written:
                self._debtors[run.id] = run
            self._in_hand = ""

    def _keep_within(self, owner: str) -> None:
        if self._measure(owner) > limits.KEPT_BYTES:
            with self._still(owner):
                self._thin(owner)

    def _measure(self, owner: str) -> int:
        folders = [self._store.folder(id) for id in self._store.ids(owner)]
        for run in self._runs():
            if run.owner == owner:
                run.measured_bytes = run.kept_bytes
        self._used[owner] = used = Usage(folders).bytes
        return used

    def _thin(self, owner: str) -> None:
        runs = {run.id: run for run in self._runs()}
        alive = {run.id for run in runs.values() if run.alive} | self._store.alive(owner)
        folders = {id: self._store.folder(id) for id in self._store.ids(owner)}
        spared = {run.id for run in runs.values() if run.watched or self.owes(run)}
        dropped, condemned = thin(folders, alive, limits.KEPT_BYTES, spared)
        for id, steps in dropped.items():
            if id in runs:
                runs[id].forget_steps(steps)
        for id in condemned:
            self._store.remove(owner, id)
        if dropped or condemned:
            count = sum(map(len, dropped.values()))
            logging.info("%d kept steps and %d runs were removed for lack of space.", count, len(condemned))
            self._measure(owner)
