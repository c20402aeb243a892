"""A real server that things are done to, and what must be true of it afterwards."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from core import checkpoints
from core.engine.record import Folder
from tests.browser.app import App, command_of
from tests.faults.people import PATIENCE, Live, Person, Tab
from tests.waiting import gone, until

FAULT = re.compile(r"^.*(?:Traceback|Exception in ASGI|was never retrieved|Fatal Python error).*", re.MULTILINE)
"""Lines of a log that nobody should see."""


ALL_KEPT = {"TORCH_PLAYGROUND_KEPT_RUNS": "1000"}
"""What is done hundreds of times begins as many runs; none of them may go for being the oldest."""


class Server(App):
    """The app on a port and with a data folder of its own."""

    def __init__(self, data: Path, port: int | None = None, environment: Mapping[str, str] | None = None):
        data.mkdir(parents=True, exist_ok=True)
        self.environment = {**ALL_KEPT, **(environment or {})}
        super().__init__(data, port=port, environment=self.environment)

    def person(self, owner: str | None = None) -> Person:
        """Someone who comes to this server."""
        return Person(self.url, owner)

    def again(self) -> Server:
        """A new server in the place of this one, which has ended."""
        return Server(self.data, self.port, self.environment)

    def start(self, tab: Tab, speed: float = 30) -> tuple[Live, int]:
        """Press Play in a tab while nobody else does; returns the run and its process."""
        before = set(self.workers())
        live = tab.play(speed)
        live.until(lambda: live.step >= 1)
        [worker] = set(self.workers()) - before
        return live, worker

    def facts(self, run: str) -> dict[str, Any]:
        """What a run's record says of it."""
        return Folder(self.data / "runs" / run).facts()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> list[int]:
        """End the server; returns the processes that it had."""
        return self.end(how) if self.process.poll() is None else []


def processes_of(data: Path) -> list[int]:
    """All processes of a server with that data folder, those that lost their parent included."""
    mark = f"TORCH_PLAYGROUND_DATA={data}".encode()
    pids = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and not gone(int(folder.name)):
            with suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    pids.append(int(folder.name))
    return pids


def faults_in_log(data: Path) -> list[str]:
    """The lines of the server's log that nobody should see."""
    return FAULT.findall((data / "server.log").read_text(errors="replace"))


def index_problems(data: Path) -> list[str]:
    """What SQLite's own check finds in the index."""
    with closing(sqlite3.connect(data / "index.sqlite", timeout=10)) as database:
        answer: list[str] = [row[0] for row in database.execute("PRAGMA integrity_check")]
    return [] if answer == ["ok"] else answer


def record_problems(data: Path, told: Mapping[str, Mapping[int, float | None]] | None = None) -> list[str]:
    """What is not whole in the records of all runs.

    Args:
        told: run -> the losses that its page was told: they must stand in the record.
    """
    problems = []
    for path in sorted((data / "runs").iterdir()):
        folder = Folder(path)
        try:
            folder.config()
            losses = {row["step"]: row["loss/train"] for row in folder.rows("run")}
        except (OSError, ValueError, KeyError) as error:
            problems.append(f"{path.name}: {error!r}")
            continue
        if list(losses) != list(range(1, len(losses) + 1)):
            problems.append(f"{path.name}: steps are missing among {len(losses)}")
        kept = folder.kept()
        if kept and kept[-1] > len(losses):
            problems.append(f"{path.name}: step {kept[-1]} is kept, {len(losses)} are recorded")
        for step in kept[-1:]:
            checkpoints.load(folder.checkpoint_file(step))
        if any(losses.get(step, 0.5j) != loss for step, loss in (told or {}).get(path.name, {}).items()):
            problems.append(f"{path.name}: what was told is not in the record")
    missing = {run for run in told or {} if not (data / "runs" / run).is_dir()}
    return problems + [f"{run}: its folder is gone" for run in missing]


def damage(server: Server, told: Mapping[str, Mapping[int, float | None]] | None = None) -> list[str]:
    """All that is wrong with a server that has ended: its records, its index, its log.

    Args:
        told: see `record_problems`.
    """
    return [*record_problems(server.data, told), *index_problems(server.data), *faults_in_log(server.data)]


@contextmanager
def serving(data: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server while inside; then nothing of it is left."""
    made = Server(data, environment=environment)
    try:
        yield made
        made.stop()
        until(lambda: not processes_of(data), PATIENCE, lambda: list(map(command_of, processes_of(data))))
    except Exception:
        print((data / "server.log").read_text(errors="replace"))
        raise
    finally:
        for pid in processes_of(data):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
