"""Starts, finds, caps and ends runs. One manager serves all pages and routes of a server."""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from core import checkpoints, disk, limits
from core.changes import Changes, as_pairs, from_pairs, value_after
from core.checkpoints import KeptStep
from core.config import ConfigError, Problem, TrainingConfig
from core.engine import events
from core.engine.assignment import Assignment, Log
from core.engine.housekeeping import Housekeeping
from core.engine.launcher import Cluster, Launcher, Launches
from core.engine.listener import Listener
from core.engine.presence import Presence
from core.engine.record import Folder, first_facts, rows_of
from core.engine.retention import Retention
from core.engine.run import ALIVE, Run
from core.engine.store import Entry, Store, data_folder, new_id
from core.experiments import experiment
from core.processes import scratch
from core.refused import Refused
from core.tensorboard.config import special
from core.tensorboard.host import Host

FAREWELL = 3.0
"""Seconds that all runs together have to end when the server ends; those that are late are killed."""
PATIENCE = 3.0
"""Seconds that a run has to end when it is told to; then it is killed."""


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
        id: the new run's id, if it is known already.
    """

    lanes: dict[str, TrainingConfig]
    changes: Changes = field(default_factory=dict)
    source: Folder | None = None
    step: int | None = None
    speed: float = 0
    paused: bool = False
    steps: int | str = 0
    id: str | None = None


class Manager:
    """All runs of one server."""

    def __init__(self, store: Store, grace: float | None = None, launcher: Launches | None = None):
        self.store = store
        self.grace = limits.GRACE if grace is None else grace
        self.presence = Presence()
        self._launcher: Launches = launcher or Launcher()
        self.tensorboard = Host()
        self._runs: dict[str, Run] = {}
        self._beginning: set[str] = set()
        self._lock = threading.RLock()
        self._places: set[str] = set()
        self._giving_way: set[str] = set()
        self._settled = threading.Condition(self._lock)
        self._starting: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._reading: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._closing = threading.Lock()
        self._ending = self._closed = False
        self.retention = Retention(store, self.presence, self.training, self._alone)
        self.housekeeping = Housekeeping(store, self._held_runs, self._alone, self.retention.look_if_due)
        self._listener = Listener(self._held_runs, self.housekeeping, self._end_unattended)

    def warm(self) -> None:
        """Have the first run start as fast as all others."""
        self._launcher.warm()

    def cluster(self) -> Cluster | None:
        """The cluster that trains the runs, if they are not trained here."""
        return self._launcher.cluster()

    def start(
        self,
        owner: str,
        config: TrainingConfig,
        *,
        speed: float = 0,
        paused: bool = False,
        steps: int | str = 0,
        id: str | None = None,
    ) -> Run:
        """Start a run.

        Args:
            speed: steps a second, 0 for as fast as it goes.
            steps: with `paused`, how far to go first: 0, 1, or "epoch".
            id: what `new_id` gave for it, where someone waits for it already.

        Raises:
            Refused: the device or the data is missing, or the server is full.
        """
        self.presence.admit(owner)
        problem = experiment(config.experiment).missing(config)
        if problem:
            raise Refused(problem)
        config = self._with_device(config)
        lanes = dict(experiment(config.experiment).lanes(config))
        return self._begin(owner, Beginning(lanes, speed=speed, paused=paused, steps=steps, id=id))

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
        new: str | None = None,
    ) -> Run:
        """Continue from a kept step in a new run, which has the history up to there.

        Args:
            num_steps: how many steps the new run has in all; by default as many as the old one.
            change: the fields that have other values from the next step on.
            new: the new run's id, where someone waits for it already.

        Raises:
            Refused: the step was not kept, or as `start`.
        """
        self.presence.admit(owner)
        old = self.run(owner, id)
        if old is None or step not in old.kept:
            raise Refused(_not_kept(step))
        if not checkpoints.whole(old.folder.checkpoint_file(step)):
            self._set_step_aside(old, step)
            raise Refused(Problem("", "Step {step} of that run is damaged: continue from another one.", {"step": step}))
        lanes = {name: self._with_device(config) for name, config in _with_steps(old.folder.lanes(), num_steps).items()}
        if old.alive:
            self.stop(old)
        changes = {at: fields for at, fields in old.changes.items() if at <= step}
        changed = {
            field: value for field, value in (change or {}).items() if value != value_after(changes, old.config, field)
        }
        if changed:
            changes[step + 1] = changed
        return self._begin(owner, Beginning(lanes, changes, old.folder, step, speed, paused, steps, new))

    def adopt(self, owner: str, kept: KeptStep, *, num_steps: int | None = None, speed: float = 0) -> Run:
        """Continue from an uploaded step in a new, paused run, which has the losses up to there.

        Args:
            num_steps: how many steps the run has in all; by default as many as its config says, or one more step.

        Raises:
            Refused: as `start`.
        """
        self.presence.admit(owner)
        step = kept.step
        lanes = _with_steps(kept.lanes, max(num_steps or kept.config.num_steps, step + 1))
        try:
            with tempfile.TemporaryDirectory(prefix=scratch.prefix()) as place:
                source = Folder(Path(place) / "upload")
                source.create(lanes, kept.changes)
                for lane, state in kept.states.items():
                    source.append(lane, rows_of(state, lanes[lane]))
                source.keep(step, kept.states, kept.frame)
                return self._begin(owner, Beginning(lanes, kept.changes, source, step, speed, paused=True))
        except OSError as error:
            refused = disk.as_disk_error(error)
            assert refused is not None
            raise Refused(_unwritable(refused)) from None

    def _with_device(self, config: TrainingConfig) -> TrainingConfig:
        try:
            return config.changed(device=self._launcher.resolve(config.device))
        except LookupError as error:
            raise Refused(error.args[0]) from None

    def _begin(self, owner: str, beginning: Beginning) -> Run:
        id = beginning.id or new_id()
        with self._lock:
            self._beginning.add(id)
        try:
            return self._start_run(owner, replace(beginning, id=id))
        finally:
            with self._lock:
                self._beginning.discard(id)

    def _start_run(self, owner: str, beginning: Beginning) -> Run:
        assert beginning.id is not None
        with self._alone(owner), self._place(owner, beginning.id):
            if beginning.source is not None and beginning.step not in beginning.source.kept():  # removed just now
                raise Refused(_not_kept(beginning.step))
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
                memory=limits.RUN_MEMORY,
            )
            run.process, run.connection = self._launcher.launch(assignment)
            if beginning.steps:
                run.command("epoch" if beginning.steps == "epoch" else "step")
            with self._lock:
                self._runs[run.id] = run
                self._places.discard(run.id)
                self._forget()
            if self._ending:  # it took longer than the server waits for it
                self._stop([run], FAREWELL)
        events.begun(run)
        self._listener.wake()
        self.store.prune(owner)
        self.housekeeping.look_at(owner)
        return run

    def _make_run(self, owner: str, beginning: Beginning) -> Run:
        """A new run, in the index and with a folder, as soon as the disk takes them.

        Raises:
            Refused: the disk does not take what it continues from.
        """
        config = beginning.lanes["run"]
        id = self.store.add(owner, config, beginning.id)
        run = Run(id, owner, config, self.store.folder(id))
        number = f"{time.strftime('%m%d-%H%M%S')}-{id[:4]}"
        log = f"{config.experiment}/" + "_".join(filter(None, [special(config), number]))
        source, step = beginning.source, beginning.step
        resumed = (source.path.name, step) if source is not None and step is not None else None
        run.facts = first_facts(beginning.lanes, beginning.changes, resumed, log, owner)
        try:
            run.folder.make(run.facts)
            if source is not None and step is not None:
                source.branch(run.folder, step)
        except disk.DiskError as error:
            if resumed is not None:
                self.store.remove(owner, id)
                raise Refused(_unwritable(error)) from None
            self.housekeeping.owe(run)
        return run

    def _set_step_aside(self, run: Run, step: int) -> None:
        """Set a damaged kept step aside, and remember it for its owner."""
        files = [run.folder.checkpoint_file(step), run.folder.frame_file(step)]
        self.store.note(run.owner, run.id, [file.name for file in files if disk.set_aside(file) is not None])
        run.forget_steps([step])

    def _log(self, run: Run) -> Log | None:
        """How a new run is logged; not at all if that can't be read: logging must not keep a run from starting."""
        try:
            folder = self.store.logs(run.owner)
            used = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            budget = max(0, min(limits.LOG_BYTES, limits.LOGS_BYTES - used))
            return Log(self.store.log_config(run.owner), folder / run.facts["log"], budget)
        except OSError as error:
            logging.warning("A run is not logged: %s.", error.strerror)
            return None

    def _alone(self, owner: str) -> threading.Lock:
        """Held while a run of that person's begins, or steps of theirs are removed; others begin meanwhile."""
        with self._lock:
            return self._starting.setdefault(owner, threading.Lock())

    @contextmanager
    def _place(self, owner: str, id: str) -> Iterator[None]:
        """Hold a place for a run that begins; its owner's oldest runs beyond what one may have are ended for it.

        Raises:
            Refused: there is none, or the server ends.
        """
        with self._lock:
            self._refuse_at_the_end()
            alive = [run for run in self._runs.values() if run.alive and run.id not in self._giving_way]
            own = [run for run in alive if run.owner == owner]
            oldest = own[: max(0, len(own) - limits.RUNS_PER_OWNER + 1)]
            taken = len(alive) + len(self._places)
            if taken - len(oldest) >= limits.RUNS_AT_ONCE:
                events.refused("runs")
                raise Refused(
                    Problem(
                        "",
                        "This server has {count} runs already, its limit: wait for one to end, then press Play again.",
                        {"count": taken},
                    )
                )
            leaving = {run.id for run in oldest}
            self._places.add(id)
            self._giving_way |= leaving
        try:
            if oldest:
                self._stop(oldest, PATIENCE, "another")
                with self._lock:
                    self._refuse_at_the_end()
            yield
        finally:
            with self._settled:
                self._places.discard(id)
                self._giving_way -= leaving
                self._settled.notify_all()

    def _refuse_at_the_end(self) -> None:
        if self._ending:
            raise Refused(Problem("", "This server is shutting down: no run can be started."))

    def _forget(self) -> None:
        """Drop the longest known runs of the past from memory; their folders stay."""
        over = [
            id
            for id, run in self._runs.items()
            if not (run.alive or run.connection or run.watched or self.housekeeping.owes(run))
        ]
        for id in over[: max(0, len(self._runs) - limits.RUNS_IN_MEMORY)]:
            del self._runs[id]

    def entries(self, owner: str, experiment_name: str) -> list[Entry]:
        """A person's runs of an experiment that took a step, the newest first; alive ones with their present state.

        The index hears of a run only when its status changes: while one's first run trained there was no run in it.
        """
        with self._lock:
            own = [run for run in self._runs.values() if run.owner == owner]
            newer = {run.id: run for run in own if run.alive or self.housekeeping.notes(run)}
        entries = [
            replace(entry, status=run.status, step=run.step, metrics=run.last_metrics)
            if (run := newer.get(entry.id)) is not None
            else entry
            for entry in self.store.of(owner, experiment_name)
        ]
        return [entry for entry in entries if entry.step > 0]

    def run(self, owner: str, id: str) -> Run | None:
        """A run of that person's, alive or of the past; None for all others."""
        with self._lock:
            run = self._runs.get(id)
            reading = self._reading.setdefault(id, threading.Lock())
        if run is None:
            with reading:  # each run of the past is read once, however many ask for it
                run = self._runs.get(id) or self._read(owner, id)
        return run if run is not None and run.owner == owner else None

    def started(self, owner: str, id: str) -> Run | None:
        """A run of that person's that is in memory, as every new one is; unlike `run` it costs next to nothing."""
        with self._lock:
            run = self._runs.get(id)
        return run if run is not None and run.owner == owner else None

    def _read(self, owner: str, id: str) -> Run | None:
        """A person's run of the past from its folder, what is damaged of it set aside; None if it can't be shown."""
        entry = self.store.find(id)
        if entry is None or entry.owner != owner:
            return None
        with self._lock:
            if id in self._beginning or id in self._runs:
                return self._runs.get(id)  # its viewer is here before its worker: it is none of the past
        folder = self.store.folder(id)
        try:
            if entry.status not in ALIVE:
                self.store.note(owner, id, folder.set_damaged_aside())
            run = Run(id, owner, folder.config(), folder)
            run.load("crashed" if entry.status in ALIVE else entry.status)
        except (OSError, ValueError, LookupError) as error:
            logging.warning("The run in %s can't be shown: %s.", folder.path, error)
            return None
        with self._lock:
            return self._runs.setdefault(id, run)

    def _held_runs(self) -> list[Run]:
        with self._lock:
            return list(self._runs.values())

    def training(self, owner: str) -> bool:
        """Whether one of a person's runs is alive."""
        with self._lock:
            return any(run.alive for run in self._runs.values() if run.owner == owner)

    def last_logged(self, owner: str) -> Run | None:
        """The person's newest run of which it is known what logging cost."""
        with self._lock:
            own = [run for run in self._runs.values() if run.owner == owner and run.log.get("costs")]
        return own[-1] if own else None

    def alive(self) -> list[Run]:
        """Everybody's runs that are alive, the oldest first."""
        return [run for run in self._held_runs() if run.alive]

    def end_by_host(self, id: str) -> bool:
        """End anyone's run for whoever runs the server, its record kept; whether it was alive."""
        run = next((run for run in self.alive() if run.id == id), None)
        if run is not None:
            self._stop([run], PATIENCE, "host")
        return run is not None

    def stop(self, run: Run, patience: float = PATIENCE) -> None:
        """End a run and wait until its record is whole; a worker that does not answer is killed."""
        self._stop([run], patience)

    def _stop(self, runs: Sequence[Run], patience: float, cause: str | None = None) -> None:
        """End some runs, all at the same time.

        Args:
            cause: why, where it is not what their owner just did, see `Run.command`.
        """
        processes = [process for run in runs if (process := run.process) is not None]
        for run in runs:
            run.command("stop", cause)
            run.end_silent()
        deadline = time.monotonic() + patience
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
        late = [process for process in processes if process.is_alive()]
        for process in late:
            process.kill()
        for process in late:
            process.join()
        deadline = time.monotonic() + 1
        while any(run.alive for run in runs) and time.monotonic() < deadline:
            time.sleep(0.005)

    def close(self) -> None:
        """Start no more runs and end those that are alive, keeping their records."""
        with self._closing:
            if self._closed:
                return
            with self._settled:
                self._ending = True
                self._settled.wait_for(lambda: not self._places, FAREWELL)  # what begins now is ended with the others
                runs = [run for run in self._runs.values() if run.alive]
            others = threading.Thread(target=self.tensorboard.close)
            others.start()
            self._stop(runs, FAREWELL)
            self._closed = True
            self._listener.close()
            others.join()
            self.retention.note()
            self.housekeeping.close()
            self._launcher.close()

    def _end_unattended(self) -> None:
        """End the runs of those who have left, and hold their runs of the past no longer in memory."""
        now = time.monotonic()
        with self._lock:
            for run in list(self._runs.values()):
                if self.presence.present(run.owner):
                    run.unattended_since = None
                elif run.unattended_since is None:
                    run.unattended_since = now
                elif now - run.unattended_since > self.grace:
                    if run.alive:
                        run.command("stop", "left")
                        run.end_silent()
                        run.unattended_since = now
                    elif not (run.connection or run.watched or self.housekeeping.owes(run)):
                        del self._runs[run.id]


def _with_steps(lanes: Mapping[str, TrainingConfig], num_steps: int | None) -> dict[str, TrainingConfig]:
    """The lanes of a run that has another number of steps in all (raises Refused)."""
    try:
        return {name: config.with_steps(num_steps) if num_steps else config for name, config in lanes.items()}
    except ConfigError as error:
        raise Refused(error.problems[0]) from None


def _not_kept(step: int | None) -> Problem:
    return Problem("", "Step {step} of that run was not kept.", {"step": step})


def _unwritable(error: disk.DiskError) -> Problem:
    return Problem("", "The run can't be written to disk: {reason}.", {"reason": error.reason})


_manager: Manager | None = None
_making = threading.Lock()


def manager(launcher: Launches | None = None) -> Manager:
    """The server's manager, made at the first call.

    Args:
        launcher: where its runs are trained, if that is not this machine; only at the first call.
    """
    global _manager
    with _making:
        if _manager is None:
            scratch.sweep()
            _manager = Manager(Store(data_folder()), launcher=launcher)
        return _manager
