"""A real server of the app, and the Chromium that looks at it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from scripts.checks import CHROMIUMS
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
START = 120
"""Seconds that a server may take to start on a slow machine that is busy with much else."""


def chromium() -> str | None:
    """Where this machine's Chromium is."""
    return next((path for name in CHROMIUMS if (path := shutil.which(name))), None)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        port: int = asking.getsockname()[1]
        return port


def children(pid: int) -> list[int]:
    """The processes that a process started and that are still there, theirs included."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(folder.name)] = int(fields[1])
    descendants: list[int] = []
    looking = [pid]
    while looking:
        here = looking.pop()
        below = [child for child, parent in parents.items() if parent == here]
        descendants += below
        looking += below
    return descendants


class App:
    """One server: `streamlit run streamlit_app.py` with a port and a data folder of its own.

    Args:
        data: its data folder.
        grace: seconds that a run goes on after its owner's last tab was closed; a refresh on a busy machine takes some.
        port: a port that was free before, for a server that follows another.
        root: the project's folder.
        environment: variables that it has beside those of the tests.
        folder: the one that it is started from; the project's if none is given.
        options: Streamlit's settings of a server, beside those that every one has here: {"baseUrlPath": "class/a"}.
    """

    def __init__(
        self,
        data: Path,
        grace: float = 30,
        port: int | None = None,
        root: Path = ROOT,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        options: Mapping[str, str] | None = None,
    ):
        self.data = data
        self.port = port or free_port()
        self.site = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.site}/{(options or {}).get('baseUrlPath', '')}".rstrip("/")
        self.log = (data / "server.log").open("ab")
        command = [sys.executable, "-m", "streamlit", "run"]
        command.append("streamlit_app.py" if folder is None else str(root / "streamlit_app.py"))
        settings = {"port": self.port, "address": "127.0.0.1", "headless": "true", **(options or {})}
        self.process = subprocess.Popen(
            [*command, *(f"--server.{name}={value}" for name, value in settings.items())],
            cwd=folder or root,
            env={
                **os.environ,
                "TORCH_PLAYGROUND_DATA": str(data),
                "TORCH_PLAYGROUND_GRACE": str(grace),
                **(environment or {}),
            },
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + START
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError((self.data / "server.log").read_text())

    def workers(self) -> list[int]:
        """The processes of runs that are alive."""
        return [pid for pid in self.started() if _name(pid) == "run"]

    def started(self) -> list[int]:
        """The processes below the process server: runs, jobs, TensorBoard."""
        servers = [pid for pid in children(self.process.pid) if "forkserver" in command_of(pid)]
        first = [pid for pid in servers if _parent(pid) == self.process.pid]
        return [pid for server in first for pid in children(server)]

    def end_workers(self) -> None:
        """End all runs at once, so that they take nothing from what comes next."""
        for pid in self.workers():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def end(self, how: signal.Signals = signal.SIGTERM) -> list[int]:
        """End the server; returns the processes it had."""
        below = children(self.process.pid)
        self.process.send_signal(how)
        self.process.wait(timeout=PATIENCE)
        self.log.close()
        return below


def command_of(pid: int) -> str:
    """How a process was started."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
