"""The process that trains: it runs the experiment's own loop, and around it keeps, reports and obeys."""

from __future__ import annotations

import copy
import json
import math
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import torch

from core import checkpoints, memory
from core.changes import as_pairs
from core.config import TrainingConfig
from core.engine.assignment import Assignment
from core.engine.keeping import RETRY_INTERVAL, Keeper
from core.engine.lane import Lane, furthest_step
from core.engine.outbox import Outbox
from core.engine.record import Folder
from core.engine.reporting import Reporter
from core.engine.turns import Turns
from core.experiments import experiment
from core.frames import encode
from core.processes.confined import is_out_of_memory
from core.processes.naming import be_called
from core.processes.priority import give_way
from core.tensorboard.logbook import Logbook

DESCRIBE_AFTER = 2.0
"""Seconds after which a run's log describes it, if it does not pause before: the first pictures go first."""
UNHURRIED_SPEED = 5
"""Steps a second up to which each picture stays long enough to be drawn as finely as one at rest."""

OUT_OF_MEMORY = (MemoryError, RuntimeError)
"""The exceptions with which Python and PyTorch report that there is not enough memory."""

LAST_WORDS = 0.5
"""Seconds that a worker has for its record when the server is gone."""


class Worker:
    """Drives the lanes of one run: by the clock when slowed down, else as fast as they go.

    Args:
        most_memory: megabytes that the process may take; None if it is not bounded.
        on_lost: called in the thread that listens, once the server is gone and the run has been told to stop.
    """

    def __init__(
        self,
        connection: Connection,
        assignment: Assignment,
        most_memory: int | None = None,
        on_lost: Callable[[], None] = lambda: None,
    ):
        self.connection = connection
        self.on_lost = on_lost
        self.most_memory = most_memory
        self.assignment = assignment
        self.trained = experiment(assignment.config.experiment)
        self.folder = Folder(assignment.folder)
        self.commands: deque[dict[str, Any]] = deque()
        self.wake = threading.Event()
        self.outbox = Outbox(connection)
        self.paused = assignment.paused
        self.speed = assignment.speed
        self.watched = assignment.watched
        self.steps_ordered = max(0, assignment.furthest - (assignment.resume_step or 0))
        self.stopping = False
        self.step_begin: float | None = None
        threading.Thread(target=self._listen, daemon=True).start()
        self.focus: dict[str, Any] = {}
        self.shows: list[str] | None = None
        self.changes = copy.deepcopy(assignment.changes)
        self.turns = Turns()
        self.frame_step = -1
        self.next_step_time = time.perf_counter()
        self.describe_time = -math.inf
        self.lanes = self._lanes()
        self.books = {name: book for name, lane in self.lanes.items() if (book := self._book(name, lane.config))}
        self.keeper = Keeper(self.folder, self.lanes, assignment.config.num_steps, assignment.keep_bytes)
        self.reporter = Reporter(self.folder, self.outbox, self.lanes, self.changes, self.books)

    def _lanes(self) -> dict[str, Lane]:
        """The lanes, at their first step or at the kept one that the run continues from."""
        first_step = self.assignment.resume_step or 0
        resumes = self.assignment.resume_step is not None
        states = self.folder.states(first_step) if resumes else {}
        alone = len(self.assignment.lanes) == 1
        lanes = {
            name: Lane(self.trained, config, self.changes, states.get(name), alone)
            for name, config in self.assignment.lanes.items()
        }
        for name, state in states.items():
            if state["step"] < first_step:
                lanes[name].stay_ended(state["diverged_step"], first_step)
        return lanes

    def _book(self, name: str, config: TrainingConfig) -> Logbook | None:
        """The log of a lane."""
        log = self.assignment.log
        if log is None:
            return None
        folder = log.folder if name == "run" else log.folder.with_name(f"{log.folder.name}-{name}")
        return Logbook(config, log.config, folder, log.budget)

    @property
    def step(self) -> int:
        """The last step of the lane that has come furthest."""
        return furthest_step(self.lanes)

    def run(self) -> None:
        """Train until the end, a stop, the server's death, or the end of the memory."""
        try:
            self._train()
        except OUT_OF_MEMORY as error:  # while something other than a step was made: a picture, a copy to keep
            if not is_out_of_memory(error):
                raise
            self.lanes["run"].out_of_memory = True
        if any(lane.out_of_memory for lane in self.lanes.values()):
            memory.unbound()  # else the record could not be finished
        self._finish()

    def _train(self) -> None:
        picture = self._frame({})
        self.outbox.frame(picture)
        self.frame_step = self.step
        self._report_status()
        give_way()
        if self.step == 0:
            self._keep(picture)
            self.reporter.steps()
        for name, book in self.books.items():
            book.begin(self.folder.past(name) if self.step else ())
        self.next_step_time = time.perf_counter()
        self.describe_time = self.next_step_time + DESCRIBE_AFTER
        while not self.stopping and not all(lane.ended for lane in self.lanes.values()):
            if self.commands:
                self._obey()
                continue
            now, due = time.perf_counter(), self._step_due()
            if now < due:
                self._rest(now, due)
                continue
            if self.steps_ordered:
                self.steps_ordered -= 1
            elif self.speed:
                self.next_step_time = max(self.next_step_time + 1 / self.speed, now - 0.5)
            self._advance()

    def _step_due(self) -> float:
        """When the next step is to be taken, on `time.perf_counter`."""
        if self.steps_ordered:
            return -math.inf
        if self.paused:
            return math.inf
        return self.next_step_time if self.speed else self.turns.rest_end

    def _advance(self) -> None:
        """Take one step with every lane, then keep, show and report what is due."""
        going = [name for name, lane in self.lanes.items() if not lane.ended]
        self.step_begin = time.monotonic()
        for name in going:
            self._advance_lane(name)
        self.step_begin = None
        diverging = [name for name in going if self.lanes[name].diverged]
        for name in diverging:
            self.keeper.restore_last_finite(name, self.changes)
        if diverging:
            self._keep()
        for name in diverging:
            self.lanes[name].kept_step = self.keeper.last_kept(self.step)
            if name == "run":
                self._report_status(message=self._ending()[1])
        now = time.perf_counter()
        full_speed = not self.speed and not self.paused
        if self.keeper.is_due(self.step, now, not full_speed):
            self._keep()
        if self.watched and self.turns.frame_due(now, full_speed):
            self._show()
        self.turns.look(now, yielding=full_speed and not self.watched and self.assignment.config.device == "cpu")
        if now > self.reporter.due_time:
            self.reporter.steps()
        if now > self.describe_time:
            self._describe()

    def _advance_lane(self, name: str) -> None:
        """Take one step with a lane, and log it."""
        lane = self.lanes[name]
        start = time.perf_counter()
        lane.advance()
        self.reporter.train_seconds += time.perf_counter() - start
        self.reporter.train_steps += 1
        if name in self.books and not lane.ended:
            self.books[name].after(lane.snapshot)
        if lane.failure and name == "run":
            self._report_status(message=self._ending()[1])

    def _rest(self, now: float, until: float) -> None:
        """Wait for the next step's time or a command, showing what is not yet shown."""
        if self.watched and self.frame_step != self.step:
            due = self.turns.frame_time(full_speed=False)
            if now >= due:
                self._show()
            until = min(until, due)
        if any(lane.rows for lane in self.lanes.values()):
            due = self.reporter.due_time
            if now >= due:
                self.reporter.steps()
            until = min(until, due)
        if self.reporter.refused:
            due = self.reporter.retry_time
            if now >= due:
                self._try_again()
            until = min(until, due)
        if until == math.inf and self.describe_time < math.inf:
            self._describe()
            return
        wait = until - time.perf_counter()
        if wait > 0:
            self.turns.rests()
            self.wake.wait(min(wait, threading.TIMEOUT_MAX))
            self.wake.clear()
            self.turns.wakes(until)

    def _describe(self) -> None:
        """Log the description of the run, once."""
        self.describe_time = math.inf
        for name, book in self.books.items():
            book.describe(self.lanes[name].snapshot)

    def _listen(self) -> None:
        """Take commands; the end of the pipe is the end of the server."""
        try:
            while True:
                order = json.loads(self.connection.recv_bytes())
                if order["command"] == "answer":
                    self._answer()
                    continue
                self.commands.append(order)
                self.wake.set()
        except (EOFError, OSError):
            self.commands.append({"command": "stop"})
            self.wake.set()
            self.on_lost()

    def _answer(self) -> None:
        """Tell the server that this process is there, and for how long it has been computing its step."""
        begin = self.step_begin
        self.outbox.message({"kind": "beat", "seconds": 0 if begin is None else int(time.monotonic() - begin)})

    def _obey(self) -> None:
        """Carry out one command, see `Run.command`."""
        order = self.commands.popleft()
        match order["command"]:
            case "play":
                self.paused, self.steps_ordered = False, 0
                self.next_step_time = time.perf_counter()
            case "pause":
                self.paused, self.steps_ordered = True, 0
                self.frame_step = -1  # once more, as finely as at rest
            case "step":
                self.paused = True
                self.steps_ordered += 1
            case "epoch":
                per_epoch: int = self.assignment.config.steps_per_epoch
                self.paused, self.steps_ordered = True, per_epoch - self.step % per_epoch
            case "change":
                self.changes.setdefault(self.step + 1, {}).update(order["value"])
            case "speed":
                self.speed = float(order["value"])
                self.next_step_time = time.perf_counter()
            case "watch":
                self.watched = bool(order["value"])
                self.frame_step = -1
                self.turns.hasten()
            case "focus":
                self.focus = order["value"]
                self.frame_step = -1
                self.turns.hasten()
            case "shows":
                before, self.shows = self._left_out, order["value"]
                if not set(before) <= set(self._left_out):
                    self.frame_step = -1
                    self.turns.hasten()
            case "stop":
                self.stopping, self.stop_cause = True, order.get("value")
        self._report_status()
        if order["command"] == "pause" and self.step not in self.keeper.kept:  # after the answer: the disk takes longer
            self._keep()
            self.reporter.steps()
        if order["command"] == "change":
            self.reporter.changed()

    @property
    def moving(self) -> bool:
        """Whether one picture soon replaces the other."""
        ended = all(lane.ended for lane in self.lanes.values())
        goes_on = not self.stopping and not ended and (not self.paused or self.steps_ordered > 0)
        return goes_on and not 0 < self.speed <= UNHURRIED_SPEED

    def _frame(self, focus: Mapping[str, Any], moving: bool = False) -> bytes:
        """The picture of all lanes as they are now."""
        snapshots = {name: lane.snapshot for name, lane in self.lanes.items()}
        return encode(self.trained.frames(self.assignment.lanes, snapshots, focus, moving))

    @property
    def _left_out(self) -> list[str]:
        """The parts of frames that no viewer shows."""
        return [] if self.shows is None else [part for part in self.trained.parts if part not in self.shows]

    def _show(self) -> None:
        """Send a frame of what the viewer looks at, without the parts that nobody shows."""
        moving, left_out = self.moving, self._left_out
        focus = {**self.focus, "left_out": left_out} if left_out else self.focus
        with self.turns.drawing(moving):
            self.outbox.frame(self._frame(focus, moving))
        self.frame_step = self.step

    def _keep(self, picture: bytes | None = None) -> None:
        """Keep this step, unless its weights are no longer finite: nothing could continue from there.

        Args:
            picture: of this step, if it is there already.
        """
        if self.keeper.can_keep():
            self.reporter.steps()  # the record never ends before the step that one can continue from
            if self.reporter.written:
                if self.keeper.keep(lambda: picture or self._frame({})):
                    self.reporter.kept([self.step], self.keeper.thin(), self.keeper.size)
                self.reporter.disk("step", self.keeper.refused)
            self.turns.wakes(math.inf)  # waiting for the disk is not waiting for the processor

    def _try_again(self) -> None:
        """While it rests, ask the disk again for what it did not take."""
        self.reporter.steps()
        if self.step not in self.keeper.kept:
            self._keep()
            self.reporter.steps()
        self.reporter.retry_time = time.perf_counter() + RETRY_INTERVAL

    def _report_status(self, status: str | None = None, message: Mapping[str, Any] | None = None) -> None:
        self.reporter.status(status or ("paused" if self.paused else "running"), self.speed, message)

    def _finish(self) -> None:
        """Keep and show the last step, close the logs, and report how the run ended."""
        hungry = any(lane.out_of_memory for lane in self.lanes.values())
        expected = OUT_OF_MEMORY if hungry else ()  # oneDNN fails again at what it failed at, though there is memory
        with suppress(*expected):
            if self.step not in self.keeper.kept:
                self._keep()
        with suppress(*expected):
            self._show()
        if self.describe_time < math.inf and not self.stopping:  # who is told to stop should be quick
            self._describe()
        status, message = self._ending()
        for name, book in self.books.items():
            lane = self.lanes[name]
            book.end(lane.snapshot, checkpoints.all_finite(lane.snapshot.net))
        self.reporter.ended(status, message)
        if not self.reporter.written:
            message["unkept"] = "record"
        elif self.keeper.refused is not None:
            message["unkept"] = "step"
        self._report_status(status, message)
        self.outbox.close()

    def _ending(self) -> tuple[str, dict[str, Any]]:
        """The status and the message of a run that has ended."""
        run = self.lanes["run"]
        if run.diverged:
            return "diverged", {
                "code": "diverged",
                "step": run.diverged_step,
                "lr": run.snapshot.optimizer.param_groups[0]["lr"],
                "finite_step": run.snapshot.step,
                "kept_step": run.kept_step,
            }
        if run.out_of_memory:
            return "failed", out_of_memory(run.snapshot.step + 1, self.most_memory)
        if run.failure:
            return "failed", {"code": "failed", "step": run.snapshot.step + 1, "error": run.failure}
        if self.stopping:
            cause = {"cause": self.stop_cause} if self.stop_cause else {}
            return "stopped", {"code": "stopped", "step": self.step, **cause}
        step = run.snapshot.step
        if step >= self.assignment.config.num_steps:
            return "finished", {"code": "reached_steps", "step": step}
        return "finished", {"step": step, **self.trained.ending(run.config, run.snapshot)}


def work(connection: Connection) -> None:
    """The process's main function: wait for an assignment, then train.

    One thread: with more of them small steps are many times slower on a busy machine. Ctrl+C in the terminal reaches
    workers too, but it is the server that ends them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    give_way()
    be_called("run")
    torch.set_num_threads(1)
    try:
        assignment = connection.recv()
    except EOFError:
        return
    memory.go_first()
    most_memory = bounded(assignment)
    try:
        worker = Worker(connection, assignment, most_memory, on_lost=leave)
    except OUT_OF_MEMORY as error:
        if not is_out_of_memory(error):
            raise
        memory.unbound()
        give_up(connection, assignment, most_memory)
        return
    worker.run()


def leave() -> None:
    """End this process, whatever it is doing, after a moment to write down how its run ended."""
    time.sleep(LAST_WORDS)
    os._exit(0)


def bounded(assignment: Assignment) -> int | None:
    """Bound the memory of this process; returns the bound in megabytes, None if there is none.

    A GPU's driver maps far more than a run takes.
    """
    free = memory.available()
    most = assignment.memory if free is None else min(assignment.memory, free // 2**20)
    return most if assignment.config.device == "cpu" and memory.bound(most * 2**20) else None


def out_of_memory(step: int, most: int | None) -> dict[str, Any]:
    """The message of a run that needed more memory than it may take, in megabytes, or than there was."""
    where: dict[str, Any] = {"cause": "machine"} if most is None else {"most": most}
    return {"code": "memory", "step": step, **where}


def give_up(connection: Connection, assignment: Assignment, most: int | None) -> None:
    """Report that there was not enough memory to begin."""
    step = assignment.resume_step or 0
    message = out_of_memory(step + 1, most)
    with suppress(OSError, ValueError):
        Folder(assignment.folder).update_facts(status="failed", message=message)
    outbox = Outbox(connection)
    status = {"status": "failed", "step": step, "speed": assignment.speed, "changes": as_pairs(assignment.changes)}
    outbox.message({"kind": "status", **status, "message": message})
    outbox.close()
