"""A Ray cluster of two machines, which are processes here; it is started once, as that takes longest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from core.__main__ import main
from core.cluster import places as module
from core.cluster import training
from core.cluster.address import CLUSTER
from core.cluster.launcher import ClusterLauncher
from core.cluster.places import Places
from core.data.own_images import save_own
from core.engine.manager import Manager
from core.engine.run import Run
from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig
from tests.experiments import NAMES, smallest
from tests.waiting import gone, until

ROOT = Path(__file__).parents[3]
SLOW = 300.0
"""Seconds to wait at most for what may have to begin with the start of a place."""


@pytest.fixture(scope="session")
def machines() -> Iterator[Any]:
    """A cluster of two machines with one core each; the driver is to join the first."""
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    yield made
    until(lambda: not ray.is_initialized())
    made.shutdown()  # type: ignore[no-untyped-call]


def over(run: Run) -> Run:
    until(lambda: not run.alive and run.connection is None, SLOW, state=run.state)
    return run


def home(config: Any, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines of a run of `python -m core train` without a cluster, but the last."""
    values = [f"{name}={value}" for name, value in config.to_query().items()]
    assert main(["train", config.experiment, *values]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()][:-1]


def test_a_cluster_trains_as_one_machine_does_whatever_becomes_of_its_machines(
    machines: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    losses: Callable[..., list[float]],
    recorded: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = Places(machines.address)
    launcher = ClusterLauncher(places)
    launcher.join()
    far = Manager(Store(tmp_path / "server"), grace=3600, launcher=launcher)
    try:
        for name in NAMES:
            every_experiment_prints_the_same(name, launcher, capsys)
        own_images_come_along(launcher, capsys)
        until(lambda: places.ready() == 2, SLOW)
        a_lost_machine_costs_a_run_nothing(machines, places, far, losses, recorded)
        monkeypatch.setattr(module, "RESTS", 1.0)
        a_paused_run_leaves_its_place_to_who_waits(far, losses, recorded)
    finally:
        far.close()


def every_experiment_prints_the_same(name: str, launcher: ClusterLauncher, capsys: pytest.CaptureFixture[str]) -> None:
    config = smallest(name)
    rows: list[Any] = []
    assert training.train(launcher, config, None, rows.append) == "finished"
    assert rows == home(config, capsys) and len(rows) > 0, name


def own_images_come_along(launcher: ClusterLauncher, capsys: pytest.CaptureFixture[str]) -> None:
    images = torch.randint(0, 256, (60, 28, 28), dtype=torch.uint8)
    labels = torch.arange(60) % 3
    key = save_own(images, labels, ["a", "b", "c"], Path(os.environ["TORCH_PLAYGROUND_DATA"]) / "own")
    config = smallest("cnn", dataset="own", own_images=key)
    rows: list[Any] = []
    training.train(launcher, config, None, rows.append)
    assert rows == home(config, capsys) and len(rows) > 0


def a_lost_machine_costs_a_run_nothing(
    machines: Any, places: Places, far: Manager, losses: Callable[..., list[float]], recorded: Callable[..., list[Any]]
) -> None:
    config = ClassifierConfig(num_steps=1500, device="cpu")
    runs = [far.start(f"pupil {number}", config, speed=100) for number in range(2)]
    for run in runs:
        until(lambda run=run: run.step > 60, SLOW, state=run.state)  # type: ignore[misc]
    (second,) = machines.worker_nodes
    lost = next(
        run
        for run in runs
        for place in places._places
        if place.node == second.node_id and place.bridge is not None
        if place.bridge.assignment.folder == run.folder.path
    )
    codes: list[str] = []
    lost.watch(lambda: codes.append(str((lost.message or {}).get("code"))))
    machines.remove_node(second, allow_graceful=False)
    until(lambda: "node_lost" in codes, state=lost.state)
    until(lambda: "queued" in codes, state=lost.state)
    machines.add_node(num_cpus=1)
    for run in runs:
        run.command("speed", 0)
    for run in runs:
        over(run)
        lines = run.folder.metrics_file("run").read_text().splitlines()
        assert [json.loads(line)["step"] for line in lines] == list(range(1, 1501))
        assert recorded(run) == losses(config) == [json.loads(line)["loss/train"] for line in lines]
        assert run.status == "finished" and run.folder.kept() == run.kept
    assert "moved" in codes


def a_paused_run_leaves_its_place_to_who_waits(
    far: Manager, losses: Callable[..., list[float]], recorded: Callable[..., list[Any]]
) -> None:
    config = ClassifierConfig(num_steps=300, device="cpu")
    resting = [far.start(f"rester {number}", config, paused=True, steps=1) for number in range(2)]
    for run in resting:
        until(lambda run=run: run.step == 1, SLOW, state=run.state)  # type: ignore[misc]
    waiting = far.start("late", config)
    assert recorded(over(waiting)) == losses(config)
    assert [run.alive and run.status for run in resting] == ["paused"] * 2
    for run in resting:
        run.command("play")
    assert [recorded(over(run)) for run in resting] == [losses(config)] * 2


DRIVER = """
import sys, time
from pathlib import Path
from core.cluster.launcher import ClusterLauncher
from core.cluster.places import Places
from core.engine.manager import Manager
from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig
if __name__ == "__main__":
    launcher = ClusterLauncher(Places(sys.argv[1]))
    launcher.join()
    made = Manager(Store(Path(sys.argv[2])), grace=3600, launcher=launcher)
    run = made.start("pupil", ClassifierConfig(num_steps=50_000, device="cpu"), speed=20)
    while run.step < 5:
        time.sleep(0.1)
    print("trains", flush=True)
    time.sleep(600)
"""


@pytest.mark.long
def test_a_server_that_is_killed_leaves_no_place_behind(machines: Any, tmp_path: Path) -> None:
    program = tmp_path / "driver.py"
    program.write_text(DRIVER)
    order = [sys.executable, str(program), machines.address, str(tmp_path / "server")]
    driver = subprocess.Popen(
        order, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    )
    assert driver.stdout is not None and driver.stdout.readline() == "trains\n"
    left = [
        pid for pid in descendants_of_machines(machines) if b"ray::Place" in command(pid) or b"core." in command(pid)
    ]
    assert len(left) >= 2
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    until(lambda: all(map(gone, left)), state=lambda: [command(pid) for pid in left if not gone(pid)])


def command(pid: int) -> bytes:
    """The command line of a process; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def descendants_of_machines(machines: Any) -> list[int]:
    """The processes that a cluster's machines have started, and theirs."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: list[int] = []
    nodes = [machines.head_node, *machines.worker_nodes]
    left = [info.process.pid for node in nodes for infos in node.all_processes.values() for info in infos]
    while left:
        pid = left.pop()
        left += parents.get(pid, [])
        found.append(pid)
    return found


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("ray://head:10001", "the app has to run on one of the cluster's machines"),
        ("head", "has to be HOST:PORT of a Ray cluster's head, “auto” or “local”, not “head”."),
        ("head:0", "names port 0, but ports go from 1 to 65535."),
        ("head:99999", "names port 99999, but ports go from 1 to 65535."),
        ("hêad:6379", "has to be HOST:PORT of a Ray cluster's head, “auto” or “local”, not “hêad:6379”."),
        ("local", "Ray is not installed"),
    ],
)
def test_a_cluster_that_cant_be_used_is_refused_in_a_sentence(
    value: str, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(CLUSTER, value)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["train", "classifier", "num_steps=2"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and sentence in err
