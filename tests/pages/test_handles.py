"""File handles: loops that take none before they run, and how many the server may have."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pages.shared.server import handles
from pages.shared.server.loops import LateLoop

HANDLES = Path("/proc/self/fd")
ROOT = Path(__file__).parents[2]
PROGRAM = """
import resource, sys
from pages.shared.server.handles import raise_limit
hard = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
raise_limit()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has another loop, and no such limit")


def open_handles() -> int:
    return len(list(HANDLES.iterdir()))


async def work() -> bytes:
    """What needs all of a loop: a thread that wakes it, a timer, and a socket that is waited for."""
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        waiting = loop.create_task(loop.sock_recv(ours, 5))
        await asyncio.sleep(0.001)
        await asyncio.to_thread(theirs.sendall, b"hello")
        return await waiting


@pytest.mark.skipif(not HANDLES.is_dir(), reason="counts handles by /proc")
def test_a_loop_takes_no_handle_before_it_runs() -> None:
    before = open_handles()
    loops = [LateLoop() for _ in range(20)]
    assert open_handles() == before
    for loop in loops:
        loop.close()
        assert loop.is_closed()
    assert open_handles() == before


def test_a_loop_does_what_loops_do() -> None:
    before = open_handles() if HANDLES.is_dir() else 0
    loop = LateLoop()
    try:
        loop.call_soon_threadsafe(lambda: None)
        for _ in range(2):
            assert loop.run_until_complete(work()) == b"hello"
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
    assert not HANDLES.is_dir() or open_handles() == before


def test_a_loop_takes_signals() -> None:
    loop = LateLoop()
    heard = loop.create_future()
    loop.add_signal_handler(signal.SIGUSR1, heard.set_result, "heard")
    loop.call_soon(os.kill, os.getpid(), signal.SIGUSR1)
    assert loop.run_until_complete(heard) == "heard"
    loop.close()


def limit_of(hard: int, people: int) -> tuple[int, list[str]]:
    """The handles that a new process may have after it raised its limit from 256, and the lines of its log."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(hard)],
        cwd=ROOT,
        env={**os.environ, "TORCH_PLAYGROUND_PEOPLE": str(people)},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(ended.stdout), ended.stderr.splitlines()


def test_the_limit_is_raised_as_far_as_the_system_lets_it() -> None:
    assert limit_of(900, people=30) == (900, [])
    assert limit_of(256, people=5) == (256, [])


def test_too_few_handles_for_all_people_are_said_once() -> None:
    handles_now, lines = limit_of(900, people=100)
    assert handles_now == 900
    needed = handles.OF_THE_SERVER + 100 * handles.OF_A_PERSON
    [line] = lines
    assert f"900 files; for 100 people it needs {needed}" in line
