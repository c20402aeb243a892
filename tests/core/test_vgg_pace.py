"""A run's cost is measured as a job: the newest wish ends the one before, and nobody's other work."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import pytest

from core.engine.manager import Manager
from core.experiments.vgg import VGGConfig, pace
from core.experiments.vgg.pace import Cost, measured
from core.processes.jobs import Jobs
from tests.core.processes.test_jobs import hanging
from tests.waiting import PATIENCE, until


def config(**values: Any) -> VGGConfig:
    return VGGConfig.create({"cfg": "M,32,M,64,M", "width": "1/4", **values})


@pytest.fixture
def jobs(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    """Jobs one at a time, of people who are present; nothing was measured before."""
    monkeypatch.setattr(pace, "_known", OrderedDict())
    made = Jobs(lambda owner: True, at_once=1)
    yield made
    made.close()


def test_is_measured_once_for_all_and_for_what_the_pace_depends_on(jobs: Jobs) -> None:
    first = measured(config(), "anne", jobs)
    assert measured(config(lr=0.1, num_epochs=7, device="cpu"), "bob", jobs) is first
    assert first.job.over.wait(PATIENCE)
    assert first.done and isinstance(first.cost, Cost) and first.cost.images == 50 and first.cost.train > 0


def test_a_new_wish_ends_the_one_before_and_two_tabs_take_turns(jobs: Jobs) -> None:
    other = hanging(jobs, "bob")
    old, new = (measured(config(width=width), "anne", jobs) for width in ("1/4", "1/2"))
    assert old.job.over.wait(PATIENCE) and old.job.status == "ended"
    assert not old.done, "it is still to be measured"
    assert measured(config(width="1/4"), "anne", jobs) is old, "the other tab waits"
    assert other.alive
    jobs.end(other)
    until(lambda: new.done)
    assert new.cost is not None
    again = measured(config(width="1/4"), "anne", jobs)
    assert again is not old
    until(lambda: again.done)
    assert again.cost is not None
