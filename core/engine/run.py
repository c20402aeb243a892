"""What the app holds of a run: its history so far, its newest frame, and the way to command it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from core.changes import from_pairs, recorded, value_after
from core.config import TrainingConfig
from core.engine.record import Folder, extend

ALIVE = ("running", "paused")
"""The statuses of a run that a process is behind."""


class Run:
    """One run, alive or over. All methods may be called from any thread.

    Attributes:
        id: 16 hexadecimal digits.
        status: running, paused, finished, stopped, diverged, failed or crashed.
        step: the last one that was reported.
        speed: steps a second; 0 is as fast as it goes.
        message: what is said of it below the picture, as a code and what the sentence needs.
        changes: step -> {field: value}, what was changed while it trained.
        history: lane -> metric -> {"step": [...], "value": [...]}.
        rows: how many lines of metrics the history was made of.
        kept: the steps kept so far, in order.
        log: what logging has cost; empty where nothing was logged.
        frame: the newest picture, encoded; None before the first.
        frame_number: how many pictures there were, so that a viewer knows whether there is a newer one.
        connection: the server's end of the pipe to the worker, while there is one.
        process: the worker.
        unattended_since: since when its owner has no tab open, on `time.monotonic`; None while there is one.
    """

    def __init__(self, id: str, owner: str, config: TrainingConfig, folder: Folder):
        self.id = id
        self.owner = owner
        self.config = config
        self.folder = folder
        self.status = "running"
        self.step = 0
        self.speed = 0.0
        self.message: dict[str, Any] | None = None
        self.changes: dict[int, dict[str, Any]] = {}
        self._ordered: dict[str, Any] = {}
        self.history: dict[str, dict[str, dict[str, list[Any]]]] = {}
        self.rows = 0
        self._journal: list[tuple[str, dict[str, Any]]] = []
        self.kept: list[int] = []
        self.log: dict[str, Any] = {}
        self.frame: bytes | None = None
        self.frame_number = 0
        self.connection: Connection | None = None
        self.process: BaseProcess | None = None
        self.unattended_since: float | None = time.monotonic()
        self._watchers: set[Callable[[], None]] = set()
        self._lock = threading.RLock()

    @property
    def alive(self) -> bool:
        """Whether a process is behind it."""
        return self.status in ALIVE

    def value_now(self, field: str) -> Any:
        """The value that a field has by now: that of the config, or what it was last changed to."""
        return value_after(self.changes, self.config, field)

    def value_wanted(self, field: str) -> Any:
        """The value last asked for, which the worker may not have taken up yet."""
        return self._ordered.get(field, self.value_now(field))

    @property
    def last_metrics(self) -> dict[str, float | None]:
        """The last value of each metric of the run itself."""
        with self._lock:
            return {name: column["value"][-1] for name, column in self.history.get("run", {}).items()}

    def command(self, name: str, value: Any = None) -> None:
        """Tell the worker: play, pause, step, epoch, change (with {field: value}), speed, focus, watch or stop."""
        with self._lock:
            if self.connection is not None and self.alive:
                if name == "change":
                    self._ordered |= value
                try:
                    self.connection.send_bytes(json.dumps({"command": name, "value": value}).encode())
                except OSError:
                    return

    def hang_up(self) -> None:
        """Close the pipe of a worker that is gone, but not while a command is on its way into it."""
        with self._lock:
            if self.connection is not None:
                self.connection.close()
            self.connection = None

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` at whatever is new; frames are made while there is one."""
        with self._lock:
            self._watchers.add(watcher)
            if len(self._watchers) == 1:
                self.command("watch", True)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """End `watch`."""
        with self._lock:
            self._watchers.discard(watcher)
            if not self._watchers:
                self.command("watch", False)

    @property
    def watched(self) -> bool:
        """Whether someone looks at it."""
        return bool(self._watchers)

    def hello(self) -> dict[str, Any]:
        """All that a new watcher needs to know."""
        with self._lock:
            return {
                "kind": "hello",
                "run": self.id,
                **self.state(),
                "steps_per_epoch": self.config.steps_per_epoch,
                "lanes": list(self.history) or ["run"],
                "history": {
                    lane: {
                        name: {axis: list(values) for axis, values in column.items()}
                        for name, column in metrics.items()
                    }
                    for lane, metrics in self.history.items()
                },
                "rows": self.rows,
                "kept": list(self.kept),
            }

    def state(self) -> dict[str, Any]:
        """What may change beside the metrics."""
        with self._lock:
            return {
                "status": self.status,
                "step": self.step,
                "num_steps": self.config.num_steps,
                "speed": self.speed,
                "lr": self.value_now("lr"),
                "events": [{"step": step, **fields} for step, fields in sorted(self.changes.items())],
                "message": self.message,
            }

    def since(self, rows: int, end: int) -> dict[str, dict[str, dict[str, list[Any]]]]:
        """The part of the history in the lines number `rows` to `end`."""
        with self._lock:
            history: dict[str, dict[str, dict[str, list[Any]]]] = {}
            for lane, row in self._journal[rows:end]:
                extend(history.setdefault(lane, {}), row)
            return history

    def load(self, status: str) -> None:
        """Take everything from the folder: a run of the past."""
        facts = self.folder.facts()
        with self._lock:
            self.status = status
            self.message = facts["message"]
            self.changes = recorded(facts)
            self.log = facts.get("logged") or {}
            self.kept = self.folder.kept()
            self._journal = []
            self.history = {}
            for lane in self.folder.measured():
                for row in self.folder.rows(lane):
                    self._enter(lane, row)
            self.step = max([0, *(row["step"] for _, row in self._journal)])
            if self.kept:
                self.frame = self.folder.frame_file(self.kept[-1]).read_bytes()
                self.frame_number += 1
            if status == "crashed" and self.message is None:
                self.message = {"code": "crashed", "step": self.step, "kept_step": self.kept[-1] if self.kept else 0}

    def _enter(self, lane: str, row: dict[str, Any]) -> None:
        extend(self.history.setdefault(lane, {}), row)
        self._journal.append((lane, row))
        self.rows = len(self._journal)

    def receive(self, data: bytes) -> None:
        """Take in what the worker sent."""
        with self._lock:
            if data[:1] == b"F":
                self.frame = data[1:]
                self.frame_number += 1
            else:
                content = json.loads(data[1:])
                if content["kind"] == "metrics":
                    for lane, rows in content["rows"].items():
                        for row in rows:
                            self._enter(lane, row)
                    self.kept = sorted({*self.kept, *content["kept"]})
                    self.step = max(self.step, content["step"])
                elif content["kind"] == "log":
                    self.log = content["log"]
                else:
                    self.message = content["message"] or self.message
                    if "status" in content:
                        self.status, self.step, self.speed = content["status"], content["step"], content["speed"]
                        self.changes = from_pairs(content["changes"])
        self.notify()

    def _catch_up(self) -> None:
        """Take in the steps that were written down but no longer reported."""
        for lane in self.folder.measured():
            known = self.history.get(lane, {}).get("loss/train", {"step": []})["step"]
            last = known[-1] if known else 0
            for row in self.folder.rows(lane):
                if row["step"] > last:
                    self._enter(lane, row)
                    self.step = max(self.step, row["step"])

    def crashed(self) -> None:
        """The worker is gone without a word."""
        with self._lock:
            self._catch_up()
            self.kept = self.folder.kept()
            kept = self.kept[-1] if self.kept else 0
            self.message = {"code": "crashed", "step": self.step, "kept_step": kept}
            self.status = "crashed"
            with suppress(OSError, ValueError):  # a full disk, or a folder that is gone
                self.folder.update_facts(status="crashed", message=self.message)
        self.notify()

    def notify(self) -> None:
        """Call every watcher."""
        with self._lock:
            watchers = list(self._watchers)
        for watcher in watchers:
            with suppress(RuntimeError):  # its event loop has just closed
                watcher()
