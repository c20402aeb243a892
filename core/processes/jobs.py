"""Longer work whose progress is watched: one job a person, few at once, a line for others, nothing left behind."""

from __future__ import annotations

import logging
import pickle
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from core import disk
from core.config import Problem
from core.memory import available
from core.processes import scratch
from core.processes.confined import is_out_of_memory, out_of_memory
from core.processes.limited import Limited, Limits, Over, Send
from core.refused import Refused
from core.resources import cores

AT_ONCE = max(1, cores() // 4)
"""Jobs at once on a server: one that shares its cores with another measures the other one too."""
MOST_WAITING = 40
"""Jobs that may stand in line."""
TIME_LIMIT = 120.0
"""Seconds that a job may take in all."""
SILENCE = 30.0
"""Seconds without a word after which a job counts as hung."""
LEAST_MEMORY = 2000
"""Megabytes that a job may always take, even where less is free: what it maps it may never use."""
ABSENCE = 5.0
"""Seconds that a job continues after its owner's last tab was closed; a refresh takes less."""
FAREWELL = 1.0
"""Seconds that a job has to tidy up when it is asked to end."""
MOST_EVENTS = 20_000
"""Events that are kept of a job."""

Event = dict[str, Any]
Tell = Callable[[Event], None]
Target = Callable[[Tell, Path, Any], None]
"""What a job does: target(tell, folder, argument) in its own process, with an empty folder that is removed with it."""


def limits_of_a_job(seconds: float = TIME_LIMIT, silence: float | None = SILENCE) -> Limits:
    """What a job may take: of memory as much as is free now, or as much as it likes where a GPU's driver maps more."""
    free = None if torch.cuda.is_available() else available()
    return Limits(seconds, silence, memory=None if free is None else max(LEAST_MEMORY, free // 2**20))


class Job:
    """One piece of work, as its owner's page sees it.

    Attributes:
        owner: the person whose job it is.
        purpose: what it is for, where a person may have several jobs, one for each purpose; "" for most.
        status: "waiting" in line, "running", then "finished", "failed" or "ended".
        problem: why there is no result, in one sentence; None else.
        events: what the process has reported so far.
    """

    def __init__(self, owner: str, target: Target, argument: Any, limits: Limits, purpose: str):
        self.owner = owner
        self.purpose = purpose
        self.target = target
        self.argument = argument
        self.limits = limits
        self.status = "waiting"
        self.problem: Problem | None = None
        self.events: list[Event] = []
        self.process: Limited | None = None
        self.folder: Path | None = None
        self.ending = False
        self.over = threading.Event()

    @property
    def alive(self) -> bool:
        """Whether it waits or works."""
        return not self.over.is_set()


class Jobs:
    """All jobs of a server.

    Args:
        present: whether a person has a tab open.
        at_once: jobs that run at once.
        absence: seconds, see the constant of this name.
        admit: raises Refused for a person who may start none now.
    """

    def __init__(
        self,
        present: Callable[[str], bool],
        at_once: int = AT_ONCE,
        absence: float = ABSENCE,
        admit: Callable[[str], None] = lambda owner: None,
    ):
        self.present, self.admit = present, admit
        self.at_once, self.absence = at_once, absence
        self._line: list[Job] = []
        self._changed = threading.Condition()

    def start(self, owner: str, target: Target, argument: Any, limits: Limits | None = None, purpose: str = "") -> Job:
        """Start a job, or put it in line. The same person's job before it, of the same purpose, is ended.

        Args:
            limits: what it may take; by default those of `limits_of_a_job`.
            purpose: see `Job`.

        Raises:
            Refused: the line is full, or the person may start nothing.
        """
        self.admit(owner)
        job = Job(owner, target, argument, limits or limits_of_a_job(), purpose)
        with self._changed:
            for other in self._line:
                if (other.owner, other.purpose) == (owner, purpose):
                    other.ending = True
            if sum(not other.ending for other in self._line) >= MOST_WAITING:
                raise Refused(
                    Problem("", "{count} people are waiting in line: try again later.", {"count": len(self._line)})
                )
            self._line.append(job)
            self._changed.notify_all()
        threading.Thread(target=self._serve, args=(job,), name="job", daemon=True).start()
        return job

    def before(self, job: Job) -> int:
        """How many jobs must end before this one begins."""
        with self._changed:
            return max(0, self._line.index(job) - self.at_once + 1) if job in self._line else 0

    def counts(self) -> tuple[int, int]:
        """How many jobs run, and how many stand in line."""
        with self._changed:
            running = sum(job.status == "running" for job in self._line)
            return running, len(self._line) - running

    def end(self, job: Job) -> None:
        """End a job and wait until nothing of it is left."""
        with self._changed:
            job.ending = True
            self._changed.notify_all()
        job.over.wait()

    def close(self) -> None:
        """End all jobs."""
        with self._changed:
            jobs = list(self._line)
        for job in jobs:
            job.ending = True
        for job in jobs:
            self.end(job)

    def _serve(self, job: Job) -> None:
        try:
            if self._has_turn(job):
                self._launch(job)
                self._attend(job)
        except disk.DiskError as error:
            job.problem = no_room(error)
        except Exception as error:  # whatever it is, the next in line must get their turn
            refused = disk.as_disk_error(error)
            if refused is not None and refused.full:
                job.problem = no_room(refused)
            else:
                logging.exception("A job could not be attended to.")
                job.problem = Problem("", "The work could not be started: try again.")
        finally:
            self._clear(job)
            if job.status in ("waiting", "running"):
                job.status = "failed" if job.problem else "ended"
            with self._changed:
                self._line.remove(job)
                self._changed.notify_all()
            job.over.set()

    def _has_turn(self, job: Job) -> bool:
        """Wait for the job's turn; False if it was ended before."""
        absent_since = None
        with self._changed:
            while not job.ending:
                if self._line.index(job) < self.at_once:
                    return True
                absent_since = (absent_since or time.monotonic()) if not self.present(job.owner) else None
                if absent_since and time.monotonic() - absent_since > self.absence:
                    return False
                self._changed.wait(timeout=0.5)
        return False

    def _launch(self, job: Job) -> None:
        with disk.refusals():
            job.folder = Path(tempfile.mkdtemp(prefix=scratch.prefix()))
        job.process = Limited(_work, job.target, job.folder, job.argument, job.limits.memory, limits=job.limits)
        job.status = "running"

    def _attend(self, job: Job) -> None:
        """Take in what the process reports, until it is done, asked to end, silent, late, or gone."""
        assert job.process is not None
        seen = time.monotonic()
        while not job.ending:
            try:
                message = job.process.receive(0.1)
            except Over as over:
                job.problem = job.problem or _sentence(over)
                return
            if message is not None and self._take(job, pickle.loads(message)):
                return
            now = time.monotonic()
            seen = now if self.present(job.owner) else seen
            if now - seen > self.absence:
                return

    def _take(self, job: Job, event: Event) -> bool:
        """Take an event in; whether it is the last."""
        if event["kind"] == "done":
            job.status = "failed" if job.problem else "finished"
        elif event["kind"] == "failed":
            job.problem = event["problem"]
        elif len(job.events) < MOST_EVENTS:
            job.events.append(event)
        return job.status != "running"

    def _clear(self, job: Job) -> None:
        """End all processes of the job's group, and remove its folder."""
        if job.process is not None:
            job.process.end(FAREWELL if job.status == "running" else 0)
            job.process = None
        if job.folder is not None:
            shutil.rmtree(job.folder, ignore_errors=True)


def _sentence(over: Over) -> Problem:
    """Why a job was ended, or what ended it."""
    seconds = {"seconds": round(over.seconds)}
    if over.reason == "late":
        return Problem("", "It was ended after {seconds} seconds, the time limit.", seconds)
    if over.reason == "silent":
        return Problem(
            "", "Nothing was heard of it for {seconds} seconds: a process hangs. All of them were ended.", seconds
        )
    return Problem("", "The process was ended from outside before it was done.")


def no_room(error: disk.DiskError) -> Problem:
    """What is said of work whose files the disk does not take."""
    return Problem("", "The files for this work can't be written to disk: {reason}.", {"reason": error.reason})


def _work(send: Send, target: Target, folder: Path, argument: Any, memory: int | None) -> None:
    """What the process does. Its events are pickles: only code of the app's own can reach the pipe."""

    def tell(event: Event) -> None:
        send(pickle.dumps(event))

    try:
        target(tell, folder, argument)
    except Exception as error:
        refused = disk.as_disk_error(error)
        if memory is not None and is_out_of_memory(error):
            problem = out_of_memory(memory)
        elif refused is not None and (refused.full or refused is error):
            problem = no_room(refused)
        else:
            first_line = str(error).strip().split("\n")[0] or type(error).__name__
            problem = Problem("", "PyTorch says: {said}", {"said": first_line[:300]})
        tell({"kind": "failed", "problem": problem})
    tell({"kind": "done"})
