"""What a worker writes into its run's record and reports to the server."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from core import disk, limits
from core.changes import Changes, as_pairs
from core.engine.keeping import RETRY_INTERVAL
from core.engine.lane import Lane, furthest_step
from core.engine.outbox import Outbox
from core.engine.record import Folder, as_lines, line
from core.tensorboard.logbook import Logbook

REPORT_INTERVAL = 0.1
"""Seconds between two reports of metrics."""


class Reporter:
    """Writes down and reports what is new. A full disk never stops the run; it only delays the record.

    What the disk does not take waits in memory and is written in its order once it does. What is more than
    `limits.UNWRITTEN_BYTES` the server writes when the run is over: it has heard of every step.

    Attributes:
        new_kept: the steps kept since the last report.
        new_dropped: the kept steps that were dropped since the last report.
        retry_time: when the disk is asked again for what it did not take, on `time.perf_counter`.
        last_time: when it last reported, on `time.perf_counter`.
        train_seconds: how long the steps have taken, all else left out.
        train_steps: how many they were.
    """

    def __init__(
        self, folder: Folder, outbox: Outbox, lanes: Mapping[str, Lane], changes: Changes, books: Mapping[str, Logbook]
    ):
        self.folder = folder
        self.outbox = outbox
        self.lanes = lanes
        self.changes = changes
        self.books = books
        self.new_kept: list[int] = []
        self.new_dropped: list[int] = []
        self.last_time = self.retry_time = 0.0
        self.train_seconds, self.train_steps = 0.0, 0
        self._unwritten: dict[str, bytearray] = {}
        self._unwritten_facts: dict[str, Any] = {}
        self._too_much = False
        self._refusals: dict[str, disk.DiskError] = {}

    @property
    def due_time(self) -> float:
        """When the next report is due."""
        return self.last_time + REPORT_INTERVAL

    @property
    def written(self) -> bool:
        """Whether all that was reported is in the record."""
        return not (self._unwritten or self._unwritten_facts or self._too_much)

    @property
    def refused(self) -> bool:
        """Whether the disk did not take something when it was last asked."""
        return bool(self._refusals)

    def steps(self) -> None:
        """The new steps of all lanes, and which steps were kept."""
        history: dict[str, list[dict[str, Any]]] = {}
        for name, lane in self.lanes.items():
            if lane.rows:
                rows, lane.rows = lane.rows, []
                history[name] = [line(*row) for row in rows]
                self._take(name, as_lines(rows))
        self._write(urgent=False)
        flushed = [book.flush_if_due() for book in self.books.values()]
        if any(flushed):
            self.outbox.message({"kind": "log", "log": self._log_state()})
        kept, self.new_kept = self.new_kept, []
        dropped, self.new_dropped = self.new_dropped, []
        self.last_time = time.perf_counter()
        if history or kept or dropped:
            step = furthest_step(self.lanes)
            self.outbox.message({"kind": "metrics", "rows": history, "kept": kept, "dropped": dropped, "step": step})

    def status(self, status: str, speed: float, message: Mapping[str, Any] | None = None) -> None:
        """Whether it trains, and how fast."""
        self.steps()
        self.outbox.message(
            {
                "kind": "status",
                "status": status,
                "step": furthest_step(self.lanes),
                "speed": speed,
                "changes": as_pairs(self.changes),
                "message": message,
            }
        )

    def changed(self) -> None:
        """What was changed while it trains."""
        self._unwritten_facts["changes"] = as_pairs(self.changes)
        self._write(urgent=False)

    def ended(self, status: str, message: Mapping[str, Any]) -> None:
        """How it ended, and what its log has cost."""
        self.steps()
        log = self._log_state()
        self.outbox.message({"kind": "log", "log": log})
        self._unwritten_facts |= {
            "changes": as_pairs(self.changes),
            "status": status,
            "message": message,
            "logged": log,
        }
        self._write(urgent=True)

    def kept(self, steps: Iterable[int], dropped: Iterable[int], size: int) -> None:
        """Steps that were kept, and kept steps that were dropped for them.

        Args:
            size: bytes that all kept steps of the run take by now.
        """
        self.new_kept += steps
        self.new_dropped += dropped
        self.outbox.message({"kind": "size", "size": size})

    def _take(self, lane: str, lines: bytes) -> None:
        """Have lines wait to be written, in their order and with none left out between them."""
        waiting = sum(map(len, self._unwritten.values()))
        if waiting and waiting + len(lines) > limits.UNWRITTEN_BYTES:
            self._too_much = True
        if not self._too_much:
            self._unwritten.setdefault(lane, bytearray()).extend(lines)

    def _write(self, urgent: bool) -> None:
        """Write what waits, unless the disk has only just refused it."""
        waits = self._unwritten or self._unwritten_facts
        if not waits or ("record" in self._refusals and not urgent and time.perf_counter() < self.retry_time):
            return
        try:
            for lane in list(self._unwritten):
                self.folder.append_lines(lane, bytes(self._unwritten[lane]))
                del self._unwritten[lane]
            if self._unwritten_facts:
                self.folder.update_facts(**self._unwritten_facts)
                self._unwritten_facts = {}
        except disk.Damaged as error:  # run.json is not there yet, or no longer: the server makes it
            self.disk("record", disk.DiskError(None, str(error)))
        except disk.DiskError as error:
            self.disk("record", error)
        else:
            if not self._too_much:  # else the record is not whole before the run is over
                self.disk("record", None)

    def disk(self, what: str, refused: disk.DiskError | None) -> None:
        """Say that the disk does not take something, or that it takes everything again.

        Args:
            what: "record" or "step".
            refused: what the disk said; None if it took it.
        """
        before = dict(self._refusals)
        self._refusals.pop(what, None)
        if refused is not None:
            self._refusals[what] = refused.alone()
            self.retry_time = time.perf_counter() + RETRY_INTERVAL
            if not before:
                code = "disk_full" if refused.full else "disk"
                self.outbox.message({"kind": "status", "message": {"code": code, "reason": refused.strerror}})
        elif before and not self._refusals:
            self.outbox.message({"kind": "status", "message": {"code": "disk_again"}})

    def _log_state(self) -> dict[str, Any]:
        """What logging has cost so far, beside the steps themselves."""
        states = [book.state() for book in self.books.values()]
        return {**(states[0] if states else {}), "train": [self.train_seconds, self.train_steps]}
