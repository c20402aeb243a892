"""Short work in a process group of its own: one job a person, few at once, a line for others, nothing left behind."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

from core.config import Problem
from core.engine.manager import manager
from core.refused import Refused

AT_ONCE = max(1, (os.cpu_count() or 1) // 4)
"""Jobs at once on a server: one that shares its cores with another measures the other one too."""
MOST_WAITING = 40
"""Jobs that may stand in line."""
TIME_LIMIT = 120.0
"""Seconds that a job may take in all."""
SILENCE = 30.0
"""Seconds without a word after which a job counts as hung."""
ABSENCE = 5.0
"""Seconds that a job goes on after its owner's last tab was closed; a refresh takes less."""
FAREWELL = 1.0
"""Seconds that a job has to tidy up when it is asked to end."""
MOST_EVENTS = 20_000
"""Events that are kept of a job."""

Event = dict[str, Any]
Tell = Callable[[Event], None]
Target = Callable[[Tell, Path, Any], None]
"""What a job does: target(tell, folder, argument) in its own process, with an empty folder that is removed with it."""


class Job:
    """One piece of work, as its owner's page sees it.

    Attributes:
        status: "waiting" in line, "running", then "finished", "failed" or "ended".
        problem: why there is no result, in one sentence; None else.
        events: what the process has told so far.
    """

    def __init__(self, owner: str, target: Target, argument: Any, silence: float):
        self.owner = owner
        self.silence = silence
        self.target = target
        self.argument = argument
        self.status = "waiting"
        self.problem: Problem | None = None
        self.events: list[Event] = []
        self.process: BaseProcess | None = None
        self.connection: Connection | None = None
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
        time_limit, silence, absence: seconds, see the constants of these names.
    """

    def __init__(
        self,
        present: Callable[[str], bool],
        at_once: int = AT_ONCE,
        time_limit: float = TIME_LIMIT,
        silence: float = SILENCE,
        absence: float = ABSENCE,
    ):
        self.present = present
        self.at_once, self.time_limit, self.silence, self.absence = at_once, time_limit, silence, absence
        self._context: Any = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
        self._line: list[Job] = []
        self._changed = threading.Condition()

    def start(self, owner: str, target: Target, argument: Any, patient: bool = False) -> Job:
        """Start a job, or put it in line. The same person's job before it is ended.

        Args:
            patient: whether it may be silent up to its time limit.

        Raises:
            Refused: the line is full.
        """
        job = Job(owner, target, argument, self.time_limit if patient else self.silence)
        with self._changed:
            for other in self._line:
                if other.owner == owner:
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
        except Exception:  # whatever it is, the next in line must get their turn
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
        job.folder = Path(tempfile.mkdtemp(prefix="torch-playground-"))
        job.connection, theirs = multiprocessing.Pipe()
        job.process = self._context.Process(target=work, args=(theirs, job.target, job.folder, job.argument))
        assert job.process is not None
        job.process.start()
        theirs.close()
        job.status = "running"

    def _attend(self, job: Job) -> None:
        """Take in what the process tells, until it is done, asked to end, silent, late, or gone."""
        assert job.connection is not None and job.process is not None
        start = heard = seen = time.monotonic()
        while not job.ending:
            told = job.connection.poll(0.1)
            now = time.monotonic()
            if told:
                try:
                    event: Event = job.connection.recv()
                except (EOFError, OSError):
                    job.problem = _gone()
                    return
                heard = now
                if event["kind"] == "done":
                    job.status = "failed" if job.problem else "finished"
                    return
                if event["kind"] == "failed":
                    job.problem = event["problem"]
                elif len(job.events) < MOST_EVENTS:
                    job.events.append(event)
                continue
            if not job.process.is_alive() and not job.connection.poll(0):
                job.problem = _gone()
                return
            seen = now if self.present(job.owner) else seen
            if now - seen > self.absence:
                return
            if now - start > self.time_limit:
                job.problem = Problem(
                    "", "It was ended after {seconds} seconds, the time limit.", {"seconds": round(now - start)}
                )
                return
            if now - heard > job.silence:
                job.problem = Problem(
                    "",
                    "Nothing was heard of it for {seconds} seconds: a process hangs. All of them were ended.",
                    {"seconds": round(now - heard)},
                )
                return

    def _clear(self, job: Job) -> None:
        """End all processes of the job's group, and remove its folder."""
        process = job.process
        if process is not None and process.pid is not None:
            if job.status == "running":
                with suppress(OSError):
                    os.kill(process.pid, signal.SIGTERM)
            process.join(FAREWELL)
            with suppress(OSError, AttributeError):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.join()
        if job.connection is not None:
            job.connection.close()
        job.process = job.connection = None
        if job.folder is not None:
            shutil.rmtree(job.folder, ignore_errors=True)


def _gone() -> Problem:
    return Problem("", "The process was ended from outside before it was done.")


def work(connection: Connection, target: Target, folder: Path, argument: Any) -> None:
    """The process's main function: it leads a group of its own, so that whatever it starts can be ended with it."""
    if hasattr(os, "setsid"):
        os.setsid()
        os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    torch.set_num_threads(1)
    # What it starts is started as any program of this system starts processes, not as the server does.
    multiprocessing.set_start_method(multiprocessing.get_all_start_methods()[0], force=True)
    threading.Thread(target=_end_with_server, args=(connection,), daemon=True).start()
    sending = threading.Lock()

    def tell(event: Event) -> None:
        with sending:
            connection.send(event)

    try:
        target(tell, folder, argument)
    except Exception as error:
        said = str(error).strip().split("\n")[0] or type(error).__name__
        tell({"kind": "failed", "problem": Problem("", "PyTorch says: {said}", {"said": said[:300]})})
    tell({"kind": "done"})


def _leave(number: int, frame: Any) -> None:
    raise SystemExit


def _end_with_server(connection: Connection) -> None:
    """The server never writes: the pipe's end is the server's."""
    with suppress(EOFError, OSError):
        connection.recv_bytes()
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


_jobs: Jobs | None = None
_making = threading.Lock()


def jobs() -> Jobs:
    """The server's jobs."""
    global _jobs
    with _making:
        if _jobs is None:
            _jobs = Jobs(lambda owner: manager().present(owner))
            atexit.register(_jobs.close)
        return _jobs
