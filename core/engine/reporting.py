"""What a worker writes into its run's record and reports to the server."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from core.changes import Changes, as_pairs
from core.engine.lane import Lane, furthest_step
from core.engine.outbox import Outbox
from core.engine.record import Folder, line
from core.tensorboard.logbook import Logbook

REPORT_INTERVAL = 0.1
"""Seconds between two reports of metrics."""


class Reporter:
    """Writes down and reports what is new. A full disk costs the record, never the run.

    Attributes:
        new_kept: the steps kept since the last report.
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
        self.last_time = 0.0
        self.train_seconds, self.train_steps = 0.0, 0

    @property
    def due_time(self) -> float:
        """When the next report is due."""
        return self.last_time + REPORT_INTERVAL

    def steps(self) -> None:
        """The new steps of all lanes, and which steps were kept."""
        history: dict[str, list[dict[str, Any]]] = {}
        for name, lane in self.lanes.items():
            if lane.rows:
                rows, lane.rows = lane.rows, []
                history[name] = [line(*row) for row in rows]
                try:
                    self.folder.append(name, rows)
                except OSError as error:
                    self._disk(error)
        flushed = [book.flush_if_due() for book in self.books.values()]
        if any(flushed):
            self.outbox.message({"kind": "log", "log": self._log_state()})
        kept, self.new_kept = self.new_kept, []
        self.last_time = time.perf_counter()
        if history or kept:
            step = furthest_step(self.lanes)
            self.outbox.message({"kind": "metrics", "rows": history, "kept": kept, "step": step})

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
        self._write_facts()

    def ended(self, status: str, message: Mapping[str, Any]) -> None:
        """How it ended, and what its log has cost."""
        self.steps()
        log = self._log_state()
        self.outbox.message({"kind": "log", "log": log})
        self._write_facts(status=status, message=message, logged=log)

    def _write_facts(self, **facts: Any) -> None:
        try:
            self.folder.update_facts(changes=as_pairs(self.changes), **facts)
        except OSError as error:
            self._disk(error)

    def _disk(self, error: OSError) -> None:
        self.outbox.message({"kind": "status", "message": {"code": "disk", "reason": error.strerror}})

    def _log_state(self) -> dict[str, Any]:
        """What logging has cost so far, beside the steps themselves."""
        states = [book.state() for book in self.books.values()]
        return {**(states[0] if states else {}), "train": [self.train_seconds, self.train_steps]}
