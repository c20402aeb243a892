"""What the app holds of a run: its history so far, its newest frame, and the way to command it."""

from __future__ import annotations

import json
import select
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from core import disk
from core.changes import as_pairs, from_pairs, recorded, value_after
from core.config import TrainingConfig
from core.engine.heartbeat import Heartbeat
from core.engine.history import History, Lengths, Values
from core.engine.launcher import WorkerProcess
from core.engine.outbox import PACKING
from core.engine.record import Folder
from core.processes.starting import kill

ALIVE = ("running", "paused")
"""The statuses of a run that a process is behind."""
LATEST = ("focus", "shows", "speed", "watch")
"""Commands of which the newest is the only one that matters."""
MOST_HELD = 200
"""Commands that are held for a worker that does not read them."""
LONG_STEP = 5
"""Seconds after which a step that is still being computed is worth a word."""


class Watching(NamedTuple):
    """What a watcher wants: whether it can be seen, and which parts of frames it shows; None for all of them."""

    visible: bool = True
    shows: frozenset[str] | None = None


class Run:
    """One run, alive or over. All methods may be called from any thread.

    Attributes:
        id: 16 hexadecimal digits.
        status: running, paused, finished, stopped, diverged, failed or crashed.
        step: the last one that was reported.
        speed: steps a second; 0 is as fast as it goes.
        message: what is said of it below the picture, as a code and what the sentence needs.
        changes: step -> {field: value}, what was changed while it trained.
        rows: how many lines of metrics the history was made of.
        kept: the steps kept so far, in order.
        log: what logging has cost; empty where nothing was logged.
        packed_frame: the newest picture, encoded and compressed by zlib; None before the first.
        frame_number: how many pictures there were, so that a viewer knows whether there is a newer one.
        connection: the server's end of the pipe to the worker, while there is one.
        process: the worker.
        begun: when its worker was started, on `time.monotonic`.
        end_cause: why the server has told it to end, see `command`; None where it has not.
        unattended_since: since when its owner has no tab open, on `time.monotonic`; None while there is one.
        heartbeat: when its worker was heard and asked last.
        silent: whether its worker does not answer.
        step_seconds: how long its worker has been computing a step, if that is long; otherwise 0.
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
        self._measured = History()
        self.rows = 0
        self.kept: list[int] = []
        self.kept_bytes = self.measured_bytes = 0
        self.facts: dict[str, Any] = {}
        self.log: dict[str, Any] = {}
        self.packed_frame: bytes | None = None
        self.frame_number = 0
        self.connection: Connection | None = None
        self.process: WorkerProcess | None = None
        self.begun = time.monotonic()
        self.end_cause: str | None = None
        self.unattended_since: float | None = time.monotonic()
        self.heartbeat = Heartbeat()
        self.silent = False
        self.step_seconds = 0
        self._held: list[tuple[str, Any]] = []
        self._watchers: dict[Callable[[], None], Watching] = {}
        self._told: Watching | None = None
        self._lock = threading.RLock()

    @property
    def alive(self) -> bool:
        """Whether a process is behind it."""
        return self.status in ALIVE

    @property
    def log_name(self) -> str:
        """The name of its log among its owner's; empty if it has none or that is not known."""
        with suppress(OSError, ValueError):
            return str((self.facts or self.folder.facts()).get("log") or "")
        return ""

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
            return self._measured.last("run")

    @property
    def frame(self) -> bytes | None:
        """The newest picture, encoded; None before the first."""
        packed = self.packed_frame
        return None if packed is None else zlib.decompress(packed)

    @property
    def history(self) -> Values:
        """All metrics of all lanes so far."""
        return self.since({})[0]

    def command(self, name: str, value: Any = None) -> None:
        """Tell the worker: play, pause, step, epoch, change (with {field: value}), speed, focus, shows, watch or stop.

        The value of stop says why, where that is not what its owner just did: "another" of theirs has begun and they
        may have no more, they have "left", it has taken too "long", or the "host" has ended it.
        """
        with self._lock:
            if name == "stop" and self.alive:
                self.end_cause = value
            if self.connection is not None and self.alive:
                if name == "change":
                    self._ordered |= value
                if name in LATEST:
                    self._held = [held for held in self._held if held[0] != name]
                self._held = [*self._held, (name, value)][-MOST_HELD:]
                self._send_held()

    def _send_held(self) -> None:
        """Send commands as far as the pipe takes them: the server never waits for a worker that does not read."""
        while self._held and self.connection is not None and _takes(self.connection):
            name, value = self._held.pop(0)
            with suppress(OSError):
                self.connection.send_bytes(json.dumps({"command": name, "value": value}).encode())

    def look_after(self, now: float) -> None:
        """Ask a worker that has long been silent whether it is there, and tell watchers if it does not answer."""
        with self._lock:
            if self.connection is None or not self.alive:
                return
            if self.heartbeat.should_ask(now) and not self._held:
                self.command("answer")
            silent = self.heartbeat.silent(now)
            changed, self.silent = silent != self.silent, silent
        if changed:
            self.notify()

    def end_silent(self) -> None:
        """End a worker that does not answer, at once; its record stays."""
        with self._lock:
            if self.silent and self.alive and self.process is not None:
                kill(self.process)

    def hang_up(self) -> None:
        """Close the pipe of a worker that is gone, but not while a command is on its way into it."""
        with self._lock:
            if self.connection is not None:
                self.connection.close()
            self.connection = None

    def watch(self, watcher: Callable[[], None], visible: bool = True, shows: frozenset[str] | None = None) -> None:
        """Call `watcher` at whatever is new; frames are made while there is one that can be seen.

        Args:
            visible: whether it can be seen: a tab behind others hears of the run, but gets no frames.
            shows: the parts of frames that it draws beside what all draw; None for all parts.
        """
        with self._lock:
            self._watchers[watcher] = Watching(visible, shows)
            self._tell_worker()

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """End `watch`."""
        with self._lock:
            self._watchers.pop(watcher, None)
            self._tell_worker()

    def _tell_worker(self) -> None:
        """Tell the worker whether frames are wanted, and of which parts, where that is new."""
        seen = [watching for watching in self._watchers.values() if watching.visible]
        parts = [watching.shows for watching in seen]
        shows = None if None in parts or not parts else frozenset[str]().union(*(part or () for part in parts))
        before = self._told
        self._told = Watching(bool(seen), shows if seen or before is None else before.shows)
        if before is None or self._told.shows != before.shows:
            self.command("shows", None if self._told.shows is None else sorted(self._told.shows))
        if before is None or self._told.visible != before.visible:
            self.command("watch", self._told.visible)

    @property
    def watched(self) -> bool:
        """Whether someone looks at it."""
        return bool(self._watchers)

    def hello(self, most: int | None = None) -> dict[str, Any]:
        """All that a new watcher needs to know.

        Args:
            most: about how many values of a metric at most; all of them if None.
        """
        with self._lock:
            return {
                "kind": "hello",
                "run": self.id,
                **self.state(),
                "steps_per_epoch": self.config.steps_per_epoch,
                "first_lr": self.config.lr,
                "lanes": list(self._measured.lanes) or ["run"],
                "history": self._measured.since({}, most, self.kept),
                "known": self._measured.lengths(),
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
                "silent": self.silent and self.alive,
                "step_seconds": self.step_seconds if self.status == "running" else 0,
            }

    def since(self, known: Lengths, most: int | None = None) -> tuple[Values, Lengths]:
        """What was measured after what a viewer knows, and what is known with it.

        Args:
            most: about how many values of a metric at most; all of them if None.
        """
        with self._lock:
            return self._measured.since(known, most, self.kept), self._measured.lengths()

    def between(self, first: float, last: float, most: int) -> Values:
        """What was measured from one step to another, about `most` values of a metric at most."""
        with self._lock:
            return self._measured.since({}, most, self.kept, (first, last))

    def load(self, status: str) -> None:
        """Take everything from the folder: a run of the past."""
        facts = self.folder.facts()
        with self._lock:
            self.status = status
            self.message = facts.get("message")
            self.changes = recorded(facts)
            self.log = facts.get("logged") or {}
            self.kept = self.folder.kept()
            self._measured, self.rows, self.step = History(), 0, 0
            for lane in self.folder.measured():
                for row in self.folder.rows(lane):
                    self._enter(lane, row)
                    self.step = max(self.step, row["step"])
            for step in reversed(self.kept):
                with suppress(disk.Damaged):
                    self.packed_frame = zlib.compress(self.folder.frame(step, {}), PACKING)
                    self.frame_number += 1
                    break
            if status == "crashed" and self.message is None:
                self.message = {"code": "crashed", "step": self.step, "kept_step": self.kept[-1] if self.kept else 0}

    def _enter(self, lane: str, row: dict[str, Any]) -> None:
        self._measured.add(lane, row)
        self.rows += 1

    def receive(self, data: bytes) -> None:
        """Take in what the worker sent."""
        with self._lock:
            self.heartbeat.hear()
            self.silent = False
            self._send_held()
            if data[:1] == b"F":
                self.packed_frame = data[1:]
                self.frame_number += 1
            else:
                content = json.loads(data[1:])
                seconds = content["seconds"] if content["kind"] == "beat" else 0
                self.step_seconds = seconds if seconds >= LONG_STEP else 0
                if content["kind"] == "beat":
                    pass
                elif content["kind"] == "metrics":
                    for lane, rows in content["rows"].items():
                        for row in rows:
                            self._enter(lane, row)
                    self.kept = sorted({*self.kept, *content["kept"]} - set(content["dropped"]))
                    self.step = max(self.step, content["step"])
                elif content["kind"] == "log":
                    self.log = content["log"]
                elif content["kind"] == "size":
                    self.kept_bytes = content["size"]
                else:
                    if content["message"] is not None:
                        self.message = content["message"] or None
                    if "status" in content:
                        self.status, self.step, self.speed = content["status"], content["step"], content["speed"]
                        self.changes = from_pairs(content["changes"])
        self.notify()

    def _catch_up(self) -> None:
        """Take in the steps that were written down but no longer reported."""
        written = {lane: self.folder.rows(lane) for lane in self.folder.measured()}
        with self._lock:
            for lane, rows in written.items():
                known = self._measured.lanes.get(lane, {}).get("loss/train")
                last = known.last[0] if known else 0
                for row in rows:
                    if row["step"] > last:
                        self._enter(lane, row)
                        self.step = max(self.step, row["step"])

    def crashed(self, cause: str | None = None) -> None:
        """Note that the worker ended without a report; housekeeping writes this into its record, see `write_rest`.

        Args:
            cause: "memory" if the system ended it for lack of memory.
        """
        if self.end_cause == "host":
            cause = "host"
        elif self.silent:
            cause = "silent"
        self._catch_up()
        kept = self.folder.kept()
        message: dict[str, Any] = {"code": "crashed", "step": self.step, "kept_step": kept[-1] if kept else 0}
        if cause is not None:
            message["cause"] = cause
        with self._lock:
            self.kept, self.message, self.status = kept, message, "crashed"
        self.notify()

    def write_rest(self) -> bool:
        """Write what the disk did not take: what run.json says, and of a run that is over the steps and its end.

        Returns:
            whether all of it is written.
        """
        with self._lock:
            over = not self.alive and self.connection is None
            message = {name: value for name, value in (self.message or {}).items() if name != "unkept"}
            changes = as_pairs(self.changes)
        try:
            with disk.refusals():
                begun = (self.folder.path / "run.json").exists()
            if self.facts and not begun:
                self.folder.make({**self.facts, "changes": changes})
            if over:
                for lane, config in self.folder.lanes().items():
                    written = max((row["step"] for row in self.folder.rows(lane)), default=0)
                    rows = self._rows_after(lane, written, config.steps_per_epoch)
                    if rows:
                        self.folder.append_lines(lane, "".join(json.dumps(row) + "\n" for row in rows).encode())
                self.folder.update_facts(status=self.status, message=message, changes=changes, logged=self.log)
        except disk.DiskError:
            return False
        except (ValueError, LookupError):  # a run.json that is damaged is none of what the disk did not take
            return True
        if over and (self.message or {}).get("unkept") == "record":
            unkept = {} if self.step in self.kept or self.status == "crashed" else {"unkept": "step"}
            self.message = {**message, **unkept}
            self.notify()
        return True

    def _rows_after(self, lane: str, after: int, steps_per_epoch: int) -> list[dict[str, Any]]:
        """A lane's steps after another one, as they stand in the record."""
        with self._lock:
            rows: dict[int, dict[str, Any]] = {}
            for name, column in self._measured.lanes.get(lane, {}).items():
                for step, value in zip(column.steps(), column.values(), strict=True):
                    if step > after:
                        row = rows.setdefault(step, {"step": step, "epoch": (step - 1) // steps_per_epoch + 1})
                        row[name] = value
        return [rows[step] for step in sorted(rows)]

    def forget_steps(self, steps: Iterable[int]) -> None:
        """Take in that kept steps are there no more."""
        with self._lock:
            self.kept = sorted(set(self.kept) - set(steps))
        self.notify()

    def notify(self) -> None:
        """Call every watcher."""
        with self._lock:
            watchers = list(self._watchers)
        for watcher in watchers:
            with suppress(RuntimeError):  # its event loop has just closed
                watcher()


def _takes(connection: Connection) -> bool:
    """Whether a pipe takes one more command without waiting.

    Linux says so only while most of the pipe's room is free, which is more than the longest command takes.
    """
    if sys.platform == "win32":
        return True
    asking = select.poll()
    try:
        asking.register(connection, select.POLLOUT)
    except (OSError, ValueError):  # closed just now
        return False
    return bool(asking.poll(0))
