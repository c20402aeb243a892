"""What is done once before the first worker is forked leaves a process that can be forked."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest
import torch

from core.engine.manager import Manager
from core.engine.rehearsal import rehearse
from core.processes.confined import confined


def threads_of_this_process() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def rehearsed() -> bytes:
    """What a rehearsal changes: threads, random numbers, and what is logged."""
    problems: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: problems.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    chance, threads = torch.get_rng_state(), threads_of_this_process()
    rehearse()
    same = torch.equal(chance, torch.get_rng_state())
    return json.dumps([problems, same, threads_of_this_process() - threads]).encode()


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_a_rehearsal_starts_no_thread_and_goes_well_for_every_experiment(manager: Manager) -> None:
    assert json.loads(confined(rehearsed, memory=None, seconds=100)) == [[], True, 0]
