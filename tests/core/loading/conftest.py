"""Measures in a process of its own, as the page does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.engine.manager import Manager
from core.processes.jobs import Job, Jobs


@pytest.fixture
def jobs(manager: Manager) -> Iterator[Jobs]:
    """Jobs whose owners are always present; the manager has warmed the process server."""
    made = Jobs(lambda owner: True, at_once=2)
    yield made
    made.close()


@pytest.fixture
def done(jobs: Jobs) -> Callable[..., Job]:
    """A function that starts a job and waits until it is over."""

    def do(target: Any, argument: Any) -> Job:
        job = jobs.start("anne", target, argument)
        assert job.over.wait(100)
        return job

    return do
