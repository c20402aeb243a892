"""How processes are started: forked from one that has PyTorch loaded, where there can be one."""

from __future__ import annotations

import atexit
import importlib
import json
import logging
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

WARM = "core.engine.warm"
"""What the server of processes imports before it forks the first."""
BEFORE = "TORCH_PLAYGROUND_ENVIRONMENT"
"""The variable in which the server of processes finds what its environment was before `_import_path`."""

LOOK_INTERVAL = 0.1
"""Seconds between two looks whether the app is still there."""

_starting = threading.Lock()


class Mortal(Protocol):
    """What can be asked whether it lives, and be ended."""

    def is_alive(self) -> bool:
        """Whether it lives."""

    def kill(self) -> None:
        """End it at once."""


def context() -> Any:
    """How multiprocessing makes processes; `start` starts them."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload([WARM])
    return made


def start(process: BaseProcess) -> None:
    """Start a process, and the server of processes before it if there is none."""
    if sys.platform != "win32":
        from multiprocessing import forkserver

        with _starting, _import_path():
            forkserver.ensure_running()
    process.start()


def kill(process: Mortal) -> None:
    """Kill a process if it lives.

    The number of a dead one may be another's by now: the server of processes takes note of each end at once, while
    `process.kill` sends its signal as long as nobody has asked here.
    """
    if process.is_alive():
        process.kill()


@contextmanager
def _import_path() -> Iterator[None]:
    """Have a new Python find modules where this one does, from whatever folder it is started.

    The server of processes is given this process's path, but Python 3.11 forgets to use it: it looks into the current
    folder alone, and takes no notice of an import that fails.
    """
    paths = {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path), "PYTHONSAFEPATH": "1"}
    before = {name: os.environ.get(name) for name in paths}
    os.environ |= {**paths, BEFORE: json.dumps(before)}
    try:
        yield
    finally:
        restore_environment()


def restore_environment() -> None:
    """Undo `_import_path`, here or in the process that was started with it: what that one starts is as it was."""
    for name, value in json.loads(os.environ.pop(BEFORE, "{}")).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _is_server_of_processes() -> bool:
    return multiprocessing.parent_process() is None and "multiprocessing.forkserver" in " ".join(sys.orig_argv)


def leave_quickly() -> None:
    """Have the server of processes, if this is it, end at once with the app: to tidy PyTorch up takes it a second."""
    if _is_server_of_processes():
        atexit.register(os._exit, 0)


@contextmanager
def ends_with_app() -> Iterator[None]:
    """While inside, have the server of processes, if this is it, end with the app.

    It looks whether the app is there only once it has imported all, after many seconds on a busy machine.
    """
    if not _is_server_of_processes():
        yield
        return
    app = os.getppid()

    def look(number: int, frame: Any) -> None:
        if os.getppid() != app:
            os._exit(0)

    before = signal.signal(signal.SIGALRM, look)
    signal.siginterrupt(signal.SIGALRM, False)  # what others read while they are imported is read to its end
    signal.setitimer(signal.ITIMER_REAL, LOOK_INTERVAL, LOOK_INTERVAL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def warm() -> None:
    """Have the first process start as fast as all others, and log it if they can't."""
    ours, theirs = multiprocessing.Pipe()
    process = context().Process(target=_report_cold, args=(theirs, WARM), daemon=True)
    start(process)
    theirs.close()
    try:
        reason = ours.recv()
    except EOFError:
        reason = f"The process ended with {process.exitcode}."
    ours.close()
    process.join()
    if reason and sys.platform != "win32":
        logging.error(
            "%s was not loaded before the first run: each takes seconds to start, and 350 MB. %s", WARM, reason
        )


def _report_cold(connection: Connection, module: str) -> None:
    """Send why the server of processes has not imported a module; "" if it has."""
    reason = ""
    if module not in sys.modules:
        try:
            importlib.import_module(module)
            reason = "Here it can be loaded: the server of processes looked for it elsewhere."
        except Exception:
            reason = traceback.format_exc()
    with suppress(BrokenPipeError):  # the app was ended while it started: nobody waits for the answer
        connection.send(reason)
