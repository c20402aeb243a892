"""What all tests of core share: a data folder of their own, one thread, one warm manager."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import settings

from core.changes import Changes
from core.engine.manager import Manager
from core.engine.run import Run
from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig, train
from tests.core.scripts import Scripts
from tests.data_folder import MNIST

torch.set_num_threads(1)
settings.register_profile("steady", derandomize=True, database=None, deadline=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder, empty and this test's own."""
    folder = tmp_path / "data"
    monkeypatch.setenv("TORCH_PLAYGROUND_DATA", str(folder))
    return folder


@pytest.fixture
def mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data folder holds the whole of MNIST."""
    if not MNIST.is_dir():
        pytest.skip(f"the whole of MNIST is not at {MNIST}")
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in MNIST.glob("*.gz"):
        (raw / file.name).symlink_to(file)
    monkeypatch.setenv("TORCH_PLAYGROUND_DATA", str(tmp_path))


@pytest.fixture(scope="session")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    """A warm manager whose runs need nobody's presence."""
    made = Manager(Store(tmp_path_factory.mktemp("server")), grace=3600)
    made.warm()
    yield made
    made.close()


@pytest.fixture(scope="session")
def run_script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripts]:
    """Runs exported scripts in one process that knows torch alone; gives what they print."""
    made = Scripts(tmp_path_factory.mktemp("scripts"))
    yield made
    made.close()


@pytest.fixture
def start(manager: Manager, request: pytest.FixtureRequest) -> Iterator[Callable[..., Run]]:
    """Starts runs of this test's own person and ends them after the test."""
    owner = request.node.name
    yield lambda config, owner=owner, **how: manager.start(owner, config, **how)
    for run in [run for run in manager._runs.values() if run.alive]:
        manager.stop(run)


@pytest.fixture
def losses() -> Callable[..., list[float]]:
    """The losses of a config trained in this process, with nothing around the loop."""

    def trained(config: ClassifierConfig, changes: Changes | None = None) -> list[float]:
        config = config.changed(device="cpu")
        return [snapshot.metrics["loss/train"] for snapshot in train(config, changes or {}) if snapshot.metrics]

    return trained


@pytest.fixture
def recorded() -> Callable[..., list[Any]]:
    """The losses that a run's history holds."""
    return lambda run, lane="run": run.history[lane]["loss/train"]["value"]
