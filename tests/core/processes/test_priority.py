"""Who goes first: the server, then what a person waits for, then training."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.engine.manager import Manager
from core.engine.run import Run
from core.experiments.classifier import ClassifierConfig
from core.processes.confined import confined
from core.processes.jobs import Jobs, Tell
from core.processes.priority import STEP
from tests.waiting import until

PRIORITY = "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"


def priority(process: int = 0) -> int:
    return os.getpriority(os.PRIO_PROCESS, process)


def own_priority() -> bytes:
    return str(priority()).encode()


def priorities(tell: Tell, folder: Path, argument: Any) -> None:
    """Report those of the job and of a program that it runs, and its session."""
    child = int(subprocess.check_output([sys.executable, "-c", PRIORITY]))
    tell({"kind": "priorities", "values": [priority(), child], "session": os.getsid(0)})


def test_training_stands_behind_its_first_picture_and_that_behind_the_server(
    start: Callable[..., Run], manager: Manager
) -> None:
    server = priority()
    run = start(ClassifierConfig(), paused=True, steps=1)
    until(lambda: run.step == 1)
    assert run.process is not None and run.process.pid is not None
    assert priority(run.process.pid) == server + 2 * STEP
    assert priority() == server


def test_what_a_person_waits_for_stands_between(manager: Manager) -> None:
    """In the server's own session, too: beside another session's processes no priority counts on Linux."""
    server = priority()
    assert int(confined(own_priority)) == server + STEP
    jobs = Jobs(lambda owner: True)
    try:
        job = jobs.start("anne", priorities, None)
        until(lambda: job.status == "finished", state=lambda: (job.status, job.problem))
        assert job.events[0]["values"] == [server + STEP, server + STEP]
        assert job.events[0]["session"] == os.getsid(0)
    finally:
        jobs.close()
    manager.tensorboard.warm()
    pid = manager.tensorboard.pid
    assert pid is not None and priority(pid) == server + STEP
