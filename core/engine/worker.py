"""The process that trains: it runs the experiment's own loop, and around it keeps, tells and obeys."""

from __future__ import annotations

import copy
import json
import math
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from core import checkpoints
from core.changes import as_pairs
from core.config import TrainingConfig
from core.engine.lane import Lane
from core.engine.outbox import Outbox
from core.engine.record import Folder, line
from core.experiments import experiment
from core.frames import encode
from core.tensorboard.config import LogConfig
from core.tensorboard.logbook import Logbook

FRAME_INTERVAL = 1 / 15
"""Seconds between two frames at most often."""
FRAME_SHARE = 0.03
"""The share of training time that frames may take when training runs at full speed."""
SLOW_FRAME_SHARE = 0.3
"""The same while it is slowed down or goes step by step."""
KEEP_SHARE = 0.01
"""The same for keeping steps."""
KEPT_STEPS = 40
"""About how many steps of a run are kept to go back to."""
KEPT_BYTES = 2_000_000_000
"""About how much disk they may take; of large networks fewer are kept, the first and the last at least."""
STATES = 4
"""Numbers that a checkpoint has of each parameter at most: itself, its gradient, two of the optimizer's."""
TELL_INTERVAL = 0.1
"""Seconds between two reports of metrics."""


@dataclass
class Log:
    """How a run is logged for TensorBoard.

    Attributes:
        folder: where; a lane beside the run has its name added.
        budget: bytes that each lane's log may take.
    """

    config: LogConfig
    folder: Path
    budget: int


@dataclass
class Job:
    """What a worker is asked to do.

    Attributes:
        changes: what was changed in the past, when a run goes on.
        resume_step: the kept step in `folder` to go on from.
        speed: steps a second, 0 for as fast as it goes.
    """

    config: TrainingConfig
    folder: Path
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    resume_step: int | None = None
    speed: float = 0
    paused: bool = False
    watched: bool = False
    log: Log | None = None


class Worker:
    """Drives the lanes of one run: by the clock when slowed down, else as fast as they go."""

    def __init__(self, connection: Connection, job: Job):
        self.connection = connection
        self.job = job
        self.trained = experiment(job.config.experiment)
        self.folder = Folder(job.folder)
        self.commands: deque[dict[str, Any]] = deque()
        self.wake = threading.Event()
        self.outbox = Outbox(connection)
        self.paused = job.paused
        self.speed = job.speed
        self.watched = job.watched
        self.steps_ordered = 0
        self.stopping = False
        self.focus: dict[str, Any] = {}
        self.changes = copy.deepcopy(job.changes)
        self.last_frame_time = self.last_keep_time = self.last_tell_time = 0.0
        self.next_step_time = time.perf_counter()
        self.frame_cost = self.keep_cost = 0.0
        self.frame_step = -1
        self.new_kept: list[int] = []
        first_step = job.resume_step or 0
        states = checkpoints.load(self.folder.checkpoint_file(first_step)) if job.resume_step is not None else {}
        configs = self.trained.lanes(job.config)
        self.lanes = {
            name: Lane(self.trained, config, self.changes, states.get(name), alone=len(configs) == 1)
            for name, config in configs.items()
        }
        for name, state in states.items():
            if state["step"] < first_step:
                self.lanes[name].stay_ended(state["diverged_step"], first_step)
        self.train_seconds, self.train_steps = 0.0, 0
        self.books = {name: book for name, lane in self.lanes.items() if (book := self._book(name, lane.config))}
        self.keep_every = max(1, job.config.num_steps // self._kept_steps())
        self.kept = set(self.folder.kept())

    def _book(self, name: str, config: TrainingConfig) -> Logbook | None:
        """The log of a lane."""
        log = self.job.log
        if log is None:
            return None
        folder = log.folder if name == "run" else log.folder.with_name(f"{log.folder.name}-{name}")
        return Logbook(config, log.config, folder, log.budget)

    def _kept_steps(self) -> int:
        """How many steps are kept on the way."""
        numbers = sum(p.numel() for lane in self.lanes.values() for p in lane.snapshot.net.parameters())
        return max(1, min(KEPT_STEPS, KEPT_BYTES // (4 * STATES * numbers)))

    @property
    def step(self) -> int:
        """The last step of the lane that has come furthest."""
        return max(lane.snapshot.step for lane in self.lanes.values())

    def run(self) -> None:
        """Train until the end, a stop, or the server's death."""
        threading.Thread(target=self._listen, daemon=True).start()
        if self.step == 0:
            self._keep()
        self._show()
        self._tell_status()
        for name, book in self.books.items():
            book.begin(self.lanes[name].snapshot, self.folder.past(name) if self.step else ())
        self.next_step_time = time.perf_counter()
        while not self.stopping and not all(lane.ended for lane in self.lanes.values()):
            if self.commands:
                self._obey()
                continue
            now = time.perf_counter()
            moving = not self.paused or self.steps_ordered > 0
            if not moving or (self.speed and not self.steps_ordered and now < self.next_step_time):
                self._rest(now, self.next_step_time if moving else math.inf)
                continue
            if self.steps_ordered:
                self.steps_ordered -= 1
            elif self.speed:
                self.next_step_time = max(self.next_step_time + 1 / self.speed, now - 0.5)
            self._advance()
        self._finish()

    def _advance(self) -> None:
        diverging = []
        for name, lane in self.lanes.items():
            if not lane.ended:
                start = time.perf_counter()
                lane.advance()
                self.train_seconds += time.perf_counter() - start
                self.train_steps += 1
                if name in self.books and not lane.ended:
                    self.books[name].after(lane.snapshot)
                if lane.diverged:
                    diverging.append(lane)
                if lane.failure and lane is self.lanes["run"]:
                    self._tell_status(message=self._ending(lane)[1])
        for lane in diverging:
            self._restore_last_finite(lane)
        if diverging:
            self._keep()
        for lane in diverging:
            lane.kept_step = max([0, *(step for step in self.kept if step <= self.step)])
            if lane is self.lanes["run"]:
                self._tell_status(message=self._ending(lane)[1])
        now = time.perf_counter()
        step = self.step
        free = bool(self.speed) or self.paused
        if step % self.keep_every == 0 and (free or now - self.last_keep_time > self.keep_cost / KEEP_SHARE):
            self._keep()
        if self.watched and now - self.last_frame_time > (
            max(FRAME_INTERVAL, self.frame_cost / (SLOW_FRAME_SHARE if free else FRAME_SHARE))
        ):
            self._show()
        if now - self.last_tell_time > TELL_INTERVAL:
            self._tell()

    def _rest(self, now: float, until: float) -> None:
        """Wait for the next step's time or a command, showing what is not yet shown."""
        if self.watched and self.frame_step != self.step:
            due = self.last_frame_time + FRAME_INTERVAL
            if now >= due:
                self._show()
            until = min(until, due)
        if any(lane.rows for lane in self.lanes.values()):
            due = self.last_tell_time + TELL_INTERVAL
            if now >= due:
                self._tell()
            until = min(until, due)
        wait = until - time.perf_counter()
        if wait > 0:
            self.wake.wait(min(wait, threading.TIMEOUT_MAX))
            self.wake.clear()

    def _listen(self) -> None:
        """Take commands; the end of the pipe is the end of the server, and so of this process."""
        try:
            while True:
                self.commands.append(json.loads(self.connection.recv_bytes()))
                self.wake.set()
        except (EOFError, OSError):
            self.commands.append({"command": "stop"})
            self.wake.set()
            time.sleep(0.5)
            os._exit(0)

    def _obey(self) -> None:
        order = self.commands.popleft()
        match order["command"]:
            case "play":
                self.paused, self.steps_ordered = False, 0
                self.next_step_time = time.perf_counter()
            case "pause":
                self.paused, self.steps_ordered = True, 0
                if self.step not in self.kept:
                    self._keep()
            case "step":
                self.paused = True
                self.steps_ordered += 1
            case "epoch":
                per_epoch: int = self.job.config.steps_per_epoch
                self.paused, self.steps_ordered = True, per_epoch - self.step % per_epoch
            case "change":
                self.changes.setdefault(self.step + 1, {}).update(order["value"])
                self._write_facts()
            case "speed":
                self.speed = float(order["value"])
                self.next_step_time = time.perf_counter()
            case "watch":
                self.watched = bool(order["value"])
                self.frame_step = -1
            case "focus":
                self.focus = order["value"]
                self.frame_step, self.last_frame_time = -1, 0.0
            case "stop":
                self.stopping = True
        self._tell_status()

    def _frame(self, focus: Mapping[str, Any]) -> bytes:
        snapshots = {name: lane.snapshot for name, lane in self.lanes.items()}
        return encode(self.trained.frames(self.job.config, snapshots, focus))

    def _show(self) -> None:
        start = time.perf_counter()
        self.outbox.frame(self._frame(self.focus))
        self.frame_step = self.step
        self.last_frame_time = time.perf_counter()
        self.frame_cost = self.last_frame_time - start

    def _keep(self) -> None:
        """Keep this step, unless its weights are already beyond all numbers: nothing could go on from there."""
        if not all(checkpoints.all_finite(lane.snapshot.net) for lane in self.lanes.values()):
            return
        self._tell()  # the record never ends before the step that one can go on from
        start = time.perf_counter()
        try:
            self.folder.keep(self.step, {name: lane.state() for name, lane in self.lanes.items()}, self._frame({}))
        except OSError:
            return
        self.kept.add(self.step)
        self.new_kept.append(self.step)
        self.last_keep_time = time.perf_counter()
        self.keep_cost = self.last_keep_time - start

    def _restore_last_finite(self, lane: Lane) -> None:
        """Bring a lane whose loss is no longer finite back to its last finite weights.

        The weights may have overflowed before the loss shows it, and the step with that loss has already drawn its
        chance and moved batch norm's statistics. Runs repeat bit for bit, so the state before it is found by training
        again from the last kept one.
        """
        name = next(name for name, other in self.lanes.items() if other is lane)
        start = max((step for step in self.kept if step < lane.diverged_step), default=None)
        state = checkpoints.load(self.folder.checkpoint_file(start))[name] if start is not None else None
        again = Lane(self.trained, lane.config, self.changes, state, alone=False)
        last = again.snapshot
        while not again.ended and checkpoints.all_finite(again.snapshot.net):
            last = copy.deepcopy(again.snapshot)
            for kept, trained in zip(last.net.parameters(), again.snapshot.net.parameters(), strict=True):
                kept.grad = copy.deepcopy(trained.grad)
            lane.rng = again.rng
            again.advance()
        lane.snapshot = last
        torch.set_rng_state(lane.rng)

    def _write_facts(self, **changes: Any) -> None:
        try:
            self.folder.update_facts(changes=as_pairs(self.changes), **changes)
        except OSError as error:
            self._tell_disk(error)

    def _tell_disk(self, error: OSError) -> None:
        self.outbox.message({"kind": "status", "message": {"code": "disk", "reason": error.strerror}})

    def _tell(self) -> None:
        """Write down and report what is new."""
        history: dict[str, list[dict[str, Any]]] = {}
        for name, lane in self.lanes.items():
            if lane.rows:
                rows, lane.rows = lane.rows, []
                history[name] = [line(*row) for row in rows]
                try:
                    self.folder.append(name, rows)
                except OSError as error:
                    self._tell_disk(error)
        flushed = [book.flush_if_due() for book in self.books.values()]
        if any(flushed):
            self.outbox.message({"kind": "log", "log": self._log_state()})
        kept, self.new_kept = self.new_kept, []
        self.last_tell_time = time.perf_counter()
        if history or kept:
            self.outbox.message({"kind": "metrics", "rows": history, "kept": kept, "step": self.step})

    def _log_state(self) -> dict[str, Any]:
        """What logging has cost so far, beside the steps themselves."""
        states = [book.state() for book in self.books.values()]
        return {**(states[0] if states else {}), "train": [self.train_seconds, self.train_steps]}

    def _tell_status(self, status: str | None = None, message: dict[str, Any] | None = None) -> None:
        self._tell()
        self.outbox.message(
            {
                "kind": "status",
                "status": status or ("paused" if self.paused else "running"),
                "step": self.step,
                "speed": self.speed,
                "changes": as_pairs(self.changes),
                "message": message,
            }
        )

    def _finish(self) -> None:
        run = self.lanes["run"]
        if self.step not in self.kept:
            self._keep()
        self._show()
        status, message = self._ending(run)
        for name, book in self.books.items():
            lane = self.lanes[name]
            book.end(lane.snapshot, checkpoints.all_finite(lane.snapshot.net))
        self._tell()
        log = self._log_state()
        self.outbox.message({"kind": "log", "log": log})
        self._write_facts(status=status, message=message, logged=log)
        self._tell_status(status, message)
        self.outbox.close()

    def _ending(self, run: Lane) -> tuple[str, dict[str, Any]]:
        config: Any = run.config
        if run.diverged:
            lr = run.snapshot.optimizer.param_groups[0]["lr"]
            return "diverged", {
                "code": "diverged",
                "step": run.diverged_step,
                "lr": lr,
                "finite_step": run.snapshot.step,
                "kept_step": run.kept_step,
            }
        if run.failure:
            return "failed", {"code": "failed", "step": run.snapshot.step + 1, "error": run.failure}
        if self.stopping:
            return "stopped", {"code": "stopped", "step": self.step}
        if run.snapshot.step >= config.num_steps:
            return "finished", {"code": "reached_steps", "step": run.snapshot.step}
        if config.stop == "accuracy":
            accuracy = run.snapshot.metrics["accuracy/test"]
            return "finished", {"code": "reached_accuracy", "step": run.snapshot.step, "accuracy": accuracy}
        return "finished", {"code": "plateau", "step": run.snapshot.step}


def work(connection: Connection) -> None:
    """The process's main function: wait for a job, then do it.

    One thread: with more of them small steps are many times slower on a busy machine. Ctrl+C in the terminal reaches
    workers too, but it is the server that ends them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    try:
        job = connection.recv()
    except EOFError:
        return
    Worker(connection, job).run()
