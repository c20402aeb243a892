"""What whoever runs the server sees of it: every run that is alive, and what all of them take."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core import memory
from core.engine import jobs
from core.engine.launcher import Cluster
from core.engine.manager import Manager
from core.engine.run import Run

LOOK_INTERVAL = 1.0
"""Seconds for which an overview counts as new: several who ask at once get the same."""
MEASURED = 2
"""Workers whose memory is looked at again at each look."""
SIZE_INTERVAL = 60.0
"""Seconds between two looks at how much the data folder holds; with many runs one takes long."""


@dataclass(frozen=True)
class RunOverview:
    """A run that is alive.

    Attributes:
        owner: the id of the person whose run it is; not to be shown.
        speed: steps a second since the look before.
        seconds: how long it has been alive.
        memory: bytes that its worker takes for itself alone, looked at in turn; None where the system does not say.
        disk: bytes of its kept steps and its record.
        silent: whether its worker does not answer.
    """

    id: str
    owner: str
    experiment: str
    status: str
    step: int
    num_steps: int
    speed: float
    seconds: float
    memory: int | None
    disk: int
    silent: bool


@dataclass(frozen=True)
class Overview:
    """A server at one moment.

    Attributes:
        runs: those that are alive, the oldest first.
        people: who has a tab open.
        places: places that are taken, of `limits.PEOPLE`.
        memory: bytes of this process; None where the system does not say.
        memory_free: bytes that a new process could take; None where the system does not say.
        jobs: longer pieces of work that run beside the runs.
        waiting: those that stand in line.
        disk: bytes in the data folder as of the last look; None before the first.
        disk_free: bytes that are free where the data folder is; None if that can't be read.
        cluster: where the runs are trained; None if that is here.
    """

    runs: tuple[RunOverview, ...]
    people: int
    places: int
    memory: int | None
    memory_free: int | None
    jobs: int
    waiting: int
    disk: int | None
    disk_free: int | None
    cluster: Cluster | None = None

    @property
    def workers_memory(self) -> int | None:
        """Bytes of all workers; None where the system does not say, or they are on other machines."""
        known = [run.memory for run in self.runs if run.memory is not None]
        return sum(known) if known or not self.runs else None


class Observer:
    """Looks at a server when it is asked to, seldom enough that many may ask. Methods may be called from any thread."""

    def __init__(self, manager: Manager, clock: Callable[[], float] = time.monotonic):
        self.manager = manager
        self._clock = clock
        self._lock = threading.Lock()
        self._last: Overview | None = None
        self._look_time = 0.0
        self._steps: dict[str, tuple[int, float]] = {}
        self._memory: dict[str, int | None] = {}
        self._size: int | None = None
        self._size_time: float | None = None

    def overview(self) -> Overview:
        """The server now, or less than `LOOK_INTERVAL` ago."""
        with self._lock:
            now = self._clock()
            if self._last is None or now - self._look_time >= LOOK_INTERVAL:
                self._last, self._look_time = self._look(now), now
            return self._last

    def _look(self, now: float) -> Overview:
        self._measure_folder(now)
        alive = self.manager.alive()
        before, self._steps = self._steps, {run.id: (run.step, now) for run in alive}
        self._measure_memory(alive)
        running, waiting = jobs.counts()
        people, places = self.manager.presence.counts()
        return Overview(
            tuple(self._run(run, before.get(run.id), now) for run in alive),
            people,
            places,
            memory.taken(os.getpid()),
            memory.available(),
            running,
            waiting,
            self._size,
            free_space(self.manager.store.root),
            self.manager.cluster(),
        )

    def _run(self, run: Run, before: tuple[int, float] | None, now: float) -> RunOverview:
        step, since = before or (run.step, now)
        return RunOverview(
            run.id,
            run.owner,
            run.config.experiment,
            run.status,
            run.step,
            run.config.num_steps,
            (run.step - step) / (now - since) if now > since else 0.0,
            max(0.0, time.monotonic() - run.begun),
            self._memory[run.id],
            run.kept_bytes + sum(_size(file) for file in run.folder.path.glob("metrics*.jsonl")),
            run.silent,
        )

    def _measure_memory(self, alive: list[Run]) -> None:
        """Look at the workers of new runs, and of the others at those whose turn it is, as each takes its time."""
        workers = {run.id: getattr(run.process, "pid", None) for run in alive}
        known = {id: taken for id, taken in self._memory.items() if id in workers}
        due = [id for id in workers if id not in known] + list(known)[:MEASURED]
        for id in due:
            pid = workers[id]
            known.pop(id, None)  # whoever is looked at comes last
            known[id] = memory.private(pid) if isinstance(pid, int) else None
        self._memory = known

    def _measure_folder(self, now: float) -> None:
        """Have the folder measured beside, if that is due."""
        if self._size_time is not None and now - self._size_time < SIZE_INTERVAL:
            return
        self._size_time = now
        threading.Thread(target=self._measure, name="size", daemon=True).start()

    def _measure(self) -> None:
        self._size = folder_size(self.manager.store.root)
        self._size_time = self._clock()


def free_space(folder: Path) -> int | None:
    """Bytes that are free where a folder is; None if that can't be read."""
    with suppress(OSError):
        return shutil.disk_usage(folder).free
    return None


def folder_size(folder: Path) -> int:
    """Bytes of all files in a folder and below; one with several names counts once."""
    sizes: dict[tuple[int, int], int] = {}
    for about in _files(folder):
        sizes[about.st_dev, about.st_ino] = about.st_size
    return sum(sizes.values())


def _files(folder: Path) -> Iterator[os.stat_result]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    yield from _files(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    yield entry.stat(follow_symlinks=False)


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0


_observer: Observer | None = None
_making = threading.Lock()


def observer(manager: Manager) -> Observer:
    """The observer of the server's manager, made at the first call."""
    global _observer
    with _making:
        if _observer is None or _observer.manager is not manager:
            _observer = Observer(manager)
        return _observer
