"""A Ray cluster on this machine, and a manager whose runs it trains."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.cluster.launcher import ClusterLauncher
from core.cluster.places import Places
from core.engine.manager import Manager
from core.engine.run import Run
from core.engine.store import Store
from tests.core.cluster.private import SETTINGS
from tests.waiting import until

PATIENCE = 900.0
"""Seconds to wait for what must happen at most."""


@contextmanager
def cluster(machines: int) -> Iterator[tuple[Any, Places, Manager]]:
    """A cluster whose head trains nothing, so many machines of one core, and a manager on it."""
    os.environ |= SETTINGS
    import ray
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(machines):
        made.add_node(num_cpus=1)
    places = Places(made.address)
    launcher = ClusterLauncher(places)
    launcher.join()
    with tempfile.TemporaryDirectory() as folder:
        manager = Manager(Store(Path(folder)), grace=100_000, launcher=launcher)
        try:
            until(lambda: places.ready() >= machines, PATIENCE)
            yield made, places, manager
        finally:
            manager.close()
            until(lambda: not ray.is_initialized(), PATIENCE)
            made.shutdown()  # type: ignore[no-untyped-call]


@contextmanager
def home() -> Iterator[Manager]:
    """A manager whose runs are trained here."""
    with tempfile.TemporaryDirectory() as folder:
        manager = Manager(Store(Path(folder)), grace=100_000)
        manager.warm()
        try:
            yield manager
        finally:
            manager.close()


def machine_of(run: Run, made: Any, places: Places) -> Any:
    """The machine that trains a run; None while it has no place."""
    with places._lock:
        nodes = [
            place.node
            for place in places._places
            if place.bridge is not None and place.bridge.assignment.folder == run.folder.path
        ]
    return next((node for node in made.worker_nodes if node.node_id in nodes), None)
