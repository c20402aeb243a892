"""What pupils see of a Ray cluster: a line before its places, a machine that is lost, and the run that continues."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from core.cluster.address import CLUSTER
from tests.browser.app import App
from tests.browser.conftest import Person
from tests.browser.screen import TRAINING
from tests.core.cluster.private import SETTINGS


@pytest.fixture
def machines() -> Iterator[Any]:
    """A head that trains nothing, as the guide has it, and a machine with one core."""
    os.environ |= SETTINGS  # Ray reads them when it is imported
    pytest.importorskip("ray", reason="Ray is not installed")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    made.add_node(num_cpus=1)
    yield made
    made.shutdown()  # type: ignore[no-untyped-call]


@pytest.fixture
def cluster_app(machines: Any, tmp_path: Path) -> Iterator[App]:
    """A server whose runs train on those machines."""
    made = App(tmp_path, environment={CLUSTER: machines.address})
    yield made
    made.end()


def test_pupils_wait_for_a_place_and_keep_their_runs_when_it_is_lost(
    machines: Any, cluster_app: App, person: Callable[..., Person]
) -> None:
    first, second = (person(cluster_app.url).open("/classifier?num_steps=50000") for _ in range(2))
    first.press("play")
    first.until("() => behind.step() > 20", timeout=TRAINING)
    message = second.part("message")
    second.press("play")
    expect(message).to_contain_text("Waiting for a place on the cluster: you are next.")
    first.press("play")
    first.status("paused")
    first.press("play")
    first.reach(first.step + 60)
    trained = first.step

    machines.remove_node(machines.worker_nodes.copy().pop(), allow_graceful=False)
    said = first.part("message")
    lost = "A machine of the cluster was lost. The run waits for a place on another one: you are next."
    expect(said).to_contain_text(lost)
    expect(message).to_contain_text("Waiting for a place on the cluster: 1 ahead of you.")
    machines.add_node(num_cpus=1)
    first.until("step => behind.step() > step + 60", trained, TRAINING)
    expect(said).to_contain_text("A machine of the cluster was lost; the run continues on another one.")
    expect(said).to_contain_text("Training.")
    steps = first.steps
    assert steps == sorted(set(steps))

    machines.add_node(num_cpus=1)
    second.until("() => behind.step() > 20", timeout=TRAINING)
    expect(message).not_to_contain_text("Waiting")
    first.reload()
    first.reach(trained + 120)
