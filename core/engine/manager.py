"""Starts, finds, caps and ends runs. One manager serves all pages and routes of a server."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from core import limits
from core.changes import Changes, as_pairs, from_pairs, value_after
from core.checkpoints import KeptStep
from core.config import ConfigError, Problem, TrainingConfig
from core.devices import resolve
from core.engine.assignment import Assignment, Log
from core.engine.launcher import Launcher
from core.engine.presence import Presence
from core.engine.record import Folder, rows_of
from core.engine.run import ALIVE, Run
from core.engine.store import Store, data_folder
from core.experiments import experiment
from core.refused import Refused
from core.tensorboard.config import special
from core.tensorboard.host import Host


@dataclass(frozen=True)
class Beginning:
    """What a new run begins with.

    Attributes:
        lanes: "run", the run itself, and what is trained beside it.
        changes: what was changed up to the step that it continues from, and at the next one.
        source: the folder of the run that it continues from.
        step: the kept step in it.
        speed: steps a second, 0 for as fast as it goes.
        steps: with `paused`, how far to go first: 0, 1, or "epoch".
    """

    lanes: dict[str, TrainingConfig]
    changes: Changes = field(default_factory=dict)
    source: Folder | None = None
    step: int | None = None
    speed: float = 0
    paused: bool = False
    steps: int | str = 0


class Manager:
    """All runs of one server."""

    def __init__(self, store: Store, grace: float | None = None):
        self.store = store
        self.grace = grace if grace is not None else float(os.environ.get("TORCH_PLAYGROUND_GRACE", limits.GRACE))
        self.presence = Presence()
        self._launcher = Launcher()
        self.tensorboard = Host(self._launcher.context)
        self._runs: dict[str, Run] = {}
        self._lock = threading.RLock()
        self._starting = threading.Lock()
        self._waker, self._woken = multiprocessing.Pipe()
        self._closed = False
        self._thread = threading.Thread(target=self._receive, name="runs", daemon=True)
        self._thread.start()

    def warm(self) -> None:
        """Have the first run start as fast as all others."""
        self._launcher.warm()

    def start(
        self, owner: str, config: TrainingConfig, *, speed: float = 0, paused: bool = False, steps: int | str = 0
    ) -> Run:
        """Start a run.

        Args:
            speed: steps a second, 0 for as fast as it goes.
            steps: with `paused`, how far to go first: 0, 1, or "epoch".

        Raises:
            Refused: the device or the data is missing, or the server is full.
        """
        problem = experiment(config.experiment).missing(config)
        if problem:
            raise Refused(problem)
        config = self._with_device(config)
        lanes = dict(experiment(config.experiment).lanes(config))
        return self._begin(owner, Beginning(lanes, speed=speed, paused=paused, steps=steps))

    def resume(
        self,
        owner: str,
        id: str,
        step: int,
        *,
        num_steps: int | None = None,
        change: Mapping[str, Any] | None = None,
        speed: float = 0,
        paused: bool = False,
        steps: int | str = 0,
    ) -> Run:
        """Continue from a kept step in a new run, which has the history up to there.

        Args:
            num_steps: how many steps the new run has in all; by default as many as the old one.
            change: the fields that have other values from the next step on.

        Raises:
            Refused: the step was not kept, or as `start`.
        """
        old = self.run(owner, id)
        if old is None or step not in old.kept:
            raise Refused(Problem("", "Step {step} of that run was not kept.", {"step": step}))
        lanes = {name: self._with_device(config) for name, config in _with_steps(old.folder.lanes(), num_steps).items()}
        if old.alive:
            self.stop(old)
        changes = {at: fields for at, fields in old.changes.items() if at <= step}
        new = {
            field: value for field, value in (change or {}).items() if value != value_after(changes, old.config, field)
        }
        if new:
            changes[step + 1] = new
        return self._begin(owner, Beginning(lanes, changes, old.folder, step, speed, paused, steps))

    def adopt(self, owner: str, kept: KeptStep, *, num_steps: int | None = None, speed: float = 0) -> Run:
        """Continue from a step that was brought along, in a new, paused run, which has its losses up to there.

        Args:
            num_steps: how many steps the run has in all; by default as many as its config says, or one more step.

        Raises:
            Refused: as `start`.
        """
        step = kept.step
        lanes = _with_steps(kept.lanes, max(num_steps or kept.config.num_steps, step + 1))
        with tempfile.TemporaryDirectory() as place:
            source = Folder(Path(place) / "upload")
            try:
                source.create(lanes, kept.changes)
                for lane, state in kept.states.items():
                    source.append(lane, rows_of(state, lanes[lane]))
                source.keep(step, kept.states, kept.frame)
            except OSError as error:
                raise Refused(_unwritable(error)) from None
            return self._begin(owner, Beginning(lanes, kept.changes, source, step, speed, paused=True))

    def _with_device(self, config: TrainingConfig) -> TrainingConfig:
        try:
            return config.changed(device=resolve(config.device))
        except LookupError as error:
            raise Refused(error.args[0]) from None

    def _begin(self, owner: str, beginning: Beginning) -> Run:
        with self._starting:  # else two starts at once could both take the last place
            self._make_room(owner)
            run = self._make_run(owner, beginning)
            if beginning.step is not None:
                run.load("running")
            run.speed, run.changes = beginning.speed, from_pairs(as_pairs(beginning.changes))
            run.status, run.message = ("paused" if beginning.paused else "running"), None
            assignment = Assignment(
                beginning.lanes,
                run.folder.path,
                run.changes,
                beginning.step,
                beginning.speed,
                beginning.paused,
                watched=True,
                log=self._log(run),
            )
            run.process, run.connection = self._launcher.launch(assignment)
            if beginning.steps:
                run.command("epoch" if beginning.steps == "epoch" else "step")
            with self._lock:
                self._runs[run.id] = run
                self._forget()
        self._waker.send_bytes(b"!")
        self.store.prune(owner)
        return run

    def _make_run(self, owner: str, beginning: Beginning) -> Run:
        """A new run, in the index and with a folder."""
        config = beginning.lanes["run"]
        try:
            id = self.store.add(owner, config)
            folder = self.store.folder(id)
            number = f"{time.strftime('%m%d-%H%M%S')}-{id[:4]}"
            log = f"{config.experiment}/" + "_".join(filter(None, [special(config), number]))
            if beginning.source is None or beginning.step is None:
                folder.create(beginning.lanes, beginning.changes, log=log)
            else:
                resumed = (beginning.source.path.name, beginning.step)
                folder.create(beginning.lanes, beginning.changes, resumed, log)
                beginning.source.branch(folder, beginning.step)
        except (OSError, sqlite3.Error) as error:
            raise Refused(_unwritable(error)) from None
        return Run(id, owner, config, folder)

    def _log(self, run: Run) -> Log | None:
        """How a new run is logged; not at all where that can't be known: no log costs a run its start."""
        try:
            folder = self.store.logs(run.owner)
            used = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            budget = max(0, min(limits.LOG_BYTES, limits.LOGS_BYTES - used))
            return Log(self.store.log_config(run.owner), folder / run.folder.facts()["log"], budget)
        except Exception:
            logging.warning("A run is not logged.", exc_info=True)
            return None

    def _make_room(self, owner: str) -> None:
        with self._lock:
            alive = [run for run in self._runs.values() if run.alive]
        own = [run for run in alive if run.owner == owner]
        oldest = own[: max(0, len(own) - limits.RUNS_PER_OWNER + 1)]
        if len(alive) - len(oldest) >= limits.RUNS_AT_ONCE:
            raise Refused(
                Problem(
                    "",
                    "{count} runs are training on this server: wait for one to end, then press Play again.",
                    {"count": len(alive)},
                )
            )
        for run in oldest:
            self.stop(run)

    def _forget(self) -> None:
        """Drop the longest known runs of the past from memory; their folders stay."""
        over = [id for id, run in self._runs.items() if not run.alive and not run.watched]
        for id in over[: max(0, len(self._runs) - limits.RUNS_IN_MEMORY)]:
            del self._runs[id]

    def run(self, owner: str, id: str) -> Run | None:
        """A run of that person's, alive or of the past; None for all others."""
        with self._lock:
            run = self._runs.get(id)
        if run is None:
            entry = self.store.find(id)
            if entry is None or entry.owner != owner or not self.store.folder(id).path.exists():
                return None
            run = Run(id, owner, self.store.folder(id).config(), self.store.folder(id))
            run.load("crashed" if entry.status in ALIVE else entry.status)
            with self._lock:
                run = self._runs.setdefault(id, run)
        return run if run.owner == owner else None

    def training(self, owner: str) -> bool:
        """Whether one of a person's runs is alive."""
        with self._lock:
            return any(run.alive for run in self._runs.values() if run.owner == owner)

    def last_logged(self, owner: str) -> Run | None:
        """The person's newest run of which it is known what logging cost."""
        with self._lock:
            own = [run for run in self._runs.values() if run.owner == owner and run.log.get("costs")]
        return own[-1] if own else None

    def stop(self, run: Run, patience: float = 3.0) -> None:
        """End a run and wait until its record is whole; a worker that does not answer is killed."""
        run.command("stop")
        process = run.process
        if process is not None:
            process.join(patience)
            if process.is_alive():
                process.kill()
                process.join()
        deadline = time.monotonic() + 1
        while run.alive and time.monotonic() < deadline:
            time.sleep(0.005)

    def close(self) -> None:
        """End all runs, keeping their records."""
        with self._lock:
            runs = [run for run in self._runs.values() if run.alive]
        for run in runs:
            run.command("stop")
        for run in runs:
            self.stop(run, patience=0.7)
        self._closed = True
        self._waker.send_bytes(b"!")
        self.tensorboard.close()
        self._thread.join(timeout=2)

    def _receive(self) -> None:
        """Read what all workers send; the end of a pipe is the end of its worker."""
        while not self._closed:
            with self._lock:
                open_pipes = {run.connection: run for run in self._runs.values() if run.connection is not None}
            for connection in wait([*open_pipes, self._woken], timeout=1):
                if connection is self._woken:
                    self._woken.recv_bytes()
                    continue
                try:
                    self._hear(open_pipes[connection], connection)  # type: ignore[index, arg-type]
                except Exception:  # one run's trouble must not end the thread that serves all others
                    logging.exception("A message of a run could not be taken in.")
            self._end_unattended()

    def _hear(self, run: Run, connection: Connection) -> None:
        before = run.status
        try:
            data = connection.recv_bytes()
        except (EOFError, OSError):
            self._gone(run)
        else:
            run.receive(data)
        if run.status != before:
            self.store.update(run.id, run.status, run.step, run.last_metrics)

    def _gone(self, run: Run) -> None:
        run.hang_up()
        if run.alive:
            run.crashed()
        process, run.process = run.process, None  # a Process holds two file descriptors as long as it is known
        if process is not None:
            threading.Thread(target=process.join, daemon=True).start()

    def _end_unattended(self) -> None:
        now = time.monotonic()
        with self._lock:
            for run in self._runs.values():
                if not run.alive or self.presence.present(run.owner):
                    run.unattended_since = None
                elif run.unattended_since is None:
                    run.unattended_since = now
                elif now - run.unattended_since > self.grace:
                    run.command("stop")
                    run.unattended_since = now


def _with_steps(lanes: Mapping[str, TrainingConfig], num_steps: int | None) -> dict[str, TrainingConfig]:
    """The lanes of a run that has another number of steps in all (raises Refused)."""
    try:
        return {name: config.with_steps(num_steps) if num_steps else config for name, config in lanes.items()}
    except ConfigError as error:
        raise Refused(error.problems[0]) from None


def _unwritable(error: Exception) -> Problem:
    return Problem("", "The run can't be written to disk: {reason}.", {"reason": str(error)})


_manager: Manager | None = None
_making = threading.Lock()


def manager() -> Manager:
    """The server's manager, made at the first call."""
    global _manager
    with _making:
        if _manager is None:
            _manager = Manager(Store(data_folder()))
        return _manager
