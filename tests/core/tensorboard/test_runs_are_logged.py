"""What real runs log: read back by TensorBoard's own reader, it equals what was trained."""

import json
import math
import resource
import sys
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.util import tensor_util

from core import checkpoints, limits
from core.engine.assignment import Assignment, Log
from core.engine.manager import Manager
from core.engine.record import Folder
from core.engine.run import Run
from core.engine.worker import Worker
from core.experiments import experiment
from core.processes.confined import confined
from core.tensorboard import lines, logbook
from core.tensorboard.config import KINDS, LogConfig
from core.tensorboard.lines import as_images
from core.tensorboard.logbook import Logbook
from tests.experiments import over_all, smallest
from tests.waiting import until

Start = Callable[..., Run]
EVERY = 5
ALL = {"every": EVERY, "histograms": True, "histograms_every": EVERY, "pr_curves": True, "embedding": True}


def classifier(**values: Any) -> Any:
    return experiment("classifier").config.create({"num_steps": 60, "device": "cpu", **values})


def over(run: Run) -> Run:
    until(lambda: not run.alive, state=run.state)
    until(lambda: run.connection is None)
    return run


def folder(manager: Manager, run: Run) -> Path:
    return Path(manager.store.logs(run.owner) / run.folder.facts()["log"])


def read(path: Path) -> EventAccumulator:
    return EventAccumulator(str(path), {"tensors": 0, "histograms": 0, "images": 0, "scalars": 0}).Reload()


def line(log: EventAccumulator, tag: str) -> dict[int, float]:
    return {event.step: event.value for event in log.Scalars(tag)}


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-6, nan_ok=True)


@pytest.mark.one_in(2)
@over_all
def test_everything_that_is_logged_can_be_read_and_costs_no_bit(
    name: str, start: Start, manager: Manager, request: pytest.FixtureRequest
) -> None:
    owner = request.node.name
    config = smallest(name)
    manager.store.choose_log(owner, LogConfig.create(dict.fromkeys(KINDS, False)))
    plain = over(start(config))
    assert not folder(manager, plain).exists()
    manager.store.choose_log(owner, LogConfig.create(ALL))
    run = over(start(config))
    assert run.status == plain.status == "finished"
    assert run.history == plain.history, "logging changes no bit of what is trained"
    log = read(folder(manager, run))

    history = run.history["run"]
    losses = dict(zip(*history["loss/train"].values(), strict=True))
    assert line(log, "Train/Loss") == {
        step: close(losses[step]) for step in losses if step % EVERY == 0 or step in (1, run.step)
    }
    assert line(log, "Train/Learning rate") == dict.fromkeys(line(log, "Train/Loss"), close(config.lr))
    if "accuracy/test" in history:
        measured = dict(zip(*history["accuracy/test"].values(), strict=True))
        logged = line(log, "Test/Accuracy")
        assert logged == {step: close(measured[step]) for step in logged} and logged
        assert max(measured) in logged
    tags = log.Tags()
    assert tags["graph"]
    weights = checkpoints.load(run.folder.checkpoint_file(run.step))["run"]["net"]
    steps = [step for step in losses if step % EVERY == 0]
    names = [key for key, _ in experiment(name).untrained(config).net.named_parameters()]
    assert {f"weights/{key}" for key in names} <= set(tags["histograms"])
    for key in names:
        events = log.Histograms(f"weights/{key}")
        assert [event.step for event in events] == steps
        if steps[-1] == run.step:
            last = events[-1].histogram_value
            assert (last.num, last.min, last.max) == (
                weights[key].numel(),
                close(weights[key].min().item()),
                close(weights[key].max().item()),
            )
    hparams_of(folder(manager, run), config, run)
    if experiment(name).pictured(config):
        pictures_of(log, folder(manager, run), config, run)
    else:
        assert not tags["images"] and not any("Class" in tag for tag in tags["tensors"])


def hparams_of(path: Path, config: Any, run: Run) -> None:
    """The settings and the last metrics are those of the run."""
    data = read(path).SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    said = plugin_data_pb2.HParamsPluginData.FromString(data).session_start_info.hparams
    assert said["lr"].number_value == config.lr and said["optimizer"].string_value == config.optimizer
    for name, column in run.history["run"].items():
        if name != "loss/train" or len(run.history["run"]) == 1:
            assert line(read(path), f"final/{name}") == {run.step: close(column["value"][-1])}


def pictures_of(log: EventAccumulator, path: Path, config: Any, run: Run) -> None:
    """Images, curves and points are of the test set and of the trained network."""
    trained = experiment(config.experiment)
    x, y = trained.logged_batch(config)
    images = as_images(x)
    assert (log.Images("Images")[0].height, log.Images("Images")[0].width)[0] > images.shape[-2]
    net = trained.untrained(config).net
    net.load_state_dict(checkpoints.load(run.folder.checkpoint_file(run.step))["run"]["net"])
    net.eval()
    with torch.no_grad():
        logits = torch.cat([net(part) for part in torch.split(x, 50)])
    points = np.loadtxt(next(path.glob("*/default/tensors.tsv")), delimiter="\t")
    assert np.allclose(points, logits.numpy(), atol=1e-3)
    assert [int(text) for text in next(path.glob("*/default/metadata.tsv")).read_text().split()] == y.tolist()
    [event] = log.Tensors("Class 3")
    true_positives = tensor_util.make_ndarray(event.tensor_proto)[0]
    assert true_positives[0] == (y == 3).sum().item(), "at threshold 0 every 3 is found"


def test_a_bugs_twin_has_a_log_of_its_own(start: Start, manager: Manager) -> None:
    run = over(start(classifier(bugs=("softmax",), num_steps=100)))
    log = folder(manager, run)
    for lane, path in (("run", log), ("correct", log.with_name(f"{log.name}-correct"))):
        losses = dict(zip(*run.history[lane]["loss/train"].values(), strict=True))
        assert line(read(path), "Train/Loss") == {step: close(losses[step]) for step in (1, 50, 100)}


def test_a_run_that_goes_on_has_the_whole_line(start: Start, manager: Manager) -> None:
    first = over(start(classifier(num_steps=100), speed=2000))
    again = over(manager.resume(first.owner, first.id, 100, num_steps=200))
    losses = dict(zip(*again.history["run"]["loss/train"].values(), strict=True))
    assert line(read(folder(manager, again)), "Train/Loss") == {s: close(losses[s]) for s in (1, 50, 100, 150, 200)}


def test_a_running_log_can_be_read(start: Start, manager: Manager) -> None:
    run = start(classifier(num_steps=5000), speed=200)
    until(lambda: run.step > 50)
    until(lambda: "Train/Loss" in read(folder(manager, run)).Tags()["scalars"])
    assert run.alive
    until(lambda: run.log.get("costs", {}).get("scalars"))


def test_the_budget_ends_the_log_but_not_the_run(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch, recorded: Any, losses: Any
) -> None:
    monkeypatch.setattr(limits, "LOG_BYTES", 20_000)
    manager.store.choose_log(
        "test_the_budget_ends_the_log_but_not_the_run", LogConfig.create({"every": 1, "histograms": True})
    )
    config = classifier(num_steps=2000)
    run = over(start(config))
    assert (run.status, run.step, run.log["stopped"]) == ("finished", 2000, "budget")
    assert run.folder.facts()["logged"]["stopped"] == "budget"
    assert recorded(run) == losses(config)
    log = folder(manager, run)
    assert sum(path.stat().st_size for path in log.rglob("*")) < 30_000
    assert len(line(read(log), "Train/Loss")) > 1, "what was logged before can be read"


def test_all_logs_of_a_person_have_a_budget(start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    first = over(start(classifier()))
    size = sum(path.stat().st_size for path in manager.store.logs(first.owner).rglob("*") if path.is_file())
    monkeypatch.setattr(limits, "LOGS_BYTES", size)
    assert over(start(classifier())).log["stopped"] == "budget"


def test_a_full_disk_ends_the_log_but_not_the_run(start: Start, manager: Manager, request: Any) -> None:
    logs = manager.store.logs(request.node.name)
    logs.parent.mkdir(exist_ok=True)
    logs.symlink_to("/dev/full")
    run = over(start(classifier()))
    assert (run.status, run.log["stopped"]) == ("finished", "disk")


def log_on_a_disk_that_fills_up(place: Path) -> bytes:
    """The steps that were trained, and why the log ended."""
    trained = experiment("classifier")
    config = trained.config.create({"num_steps": 400, "device": "cpu"})
    book = Logbook(config, LogConfig.create({"every": 1}), place, 10**9)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    for snapshot in trained.train(config, {}):
        book.after(snapshot) if snapshot.step else book.describe(snapshot)
        book.flush()
    book.end(snapshot, True)
    return f"{snapshot.step} {book.stopped}".encode()


def test_a_disk_that_fills_up_ends_the_log_but_not_the_training(manager: Manager, tmp_path: Path) -> None:
    assert confined(log_on_a_disk_that_fills_up, tmp_path, memory=None) == b"400 disk"
    assert len(line(read(tmp_path), "Train/Loss")) > 1


held: list[Any] = []
"""Pipes of workers in this process: one that closes stops its run."""


def run_here(config: Any, place: Path) -> Worker:
    """A run, trained and logged by a worker in this process, with every kind that there is."""
    run = Folder(place / "run")
    run.create({"run": config}, {})
    held.append(Pipe())
    every_kind = LogConfig.create({"every": 1, "histograms": True, "histograms_every": 5})
    worker = Worker(held[-1][1], Assignment({"run": config}, run.path, log=Log(every_kind, place / "log", 10**8)))
    worker.run()
    return worker


def put_in_place_of(name: str, **parts: Any) -> None:
    """Give an experiment other parts, in this process."""
    sys.modules[f"core.experiments.{name}"].__dict__["EXPERIMENT"] = replace(experiment(name), **parts)
    experiment.cache_clear()


def run_with_a_fault(values: dict[str, Any], where: str, error: type[Exception], place: Path) -> bytes:
    """The losses of a run in whose logging something goes wrong, and how run and log ended."""

    def goes_wrong(*args: Any, **kwargs: Any) -> Any:
        for net in args:
            if isinstance(net, torch.nn.Module):
                net.eval()  # as the logging of a graph has it at the time
        if where in ("kinds", "batch", "log_graph"):
            torch.rand(1)
        raise error("no such thing\nat all")

    if where == "batch":
        put_in_place_of("classifier", logged_batch=goes_wrong)
    else:
        setattr(logbook if where == "kinds" else lines, where, goes_wrong)
    config = classifier(**values)
    facts = run_here(config, place).folder.facts()
    rows = Folder(place / "run").rows("run")
    return json.dumps([facts["status"], facts["logged"], [row["loss/train"] for row in rows]]).encode()


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("kinds", AttributeError),
        ("batch", ConnectionResetError),
        ("log_graph", TypeError),
        ("log_scalars", KeyError),
        ("log_test", ZeroDivisionError),
        ("log_learning_rate", RecursionError),
        ("log_histograms", RuntimeError),
        ("log_hparams", MemoryError),
    ],
)
def test_whatever_goes_wrong_ends_the_log_but_not_the_run(
    where: str, error: type[Exception], manager: Manager, tmp_path: Path, losses: Any
) -> None:
    values = {"num_steps": 40, "dropout": 0.3, "batch_size": 30, "batch_norm": True}
    status, logged, trained = json.loads(confined(run_with_a_fault, values, where, error, tmp_path, memory=None))
    assert status == "finished"
    assert logged["stopped"] == ("disk" if issubclass(error, OSError) else "error")
    assert logged["reason"].startswith(error.__name__) and "\n" not in logged["reason"]
    assert trained == losses(classifier(**values)), "the run is the same, bit for bit"


def run_without_accuracy(place: Path) -> bytes:
    """What is in the log of a run whose experiment measures a loss on its test set, but no accuracy."""
    known = experiment("classifier")

    def train(config: Any, changes: Any, resume: Any = None) -> Any:
        for snapshot in known.train(config, changes, resume):
            snapshot.metrics = {name: value for name, value in snapshot.metrics.items() if "accuracy" not in name}
            yield snapshot

    put_in_place_of("classifier", train=train, fast=lambda config: None)
    worker = run_here(classifier(), place)
    log = read(place / "log")
    facts = worker.folder.facts()
    return json.dumps([facts["status"], facts["logged"]["stopped"], log.Tags()["scalars"]]).encode()


def test_an_experiment_without_accuracy_is_logged(manager: Manager, tmp_path: Path) -> None:
    status, stopped, tags = json.loads(confined(run_without_accuracy, tmp_path, memory=None))
    assert (status, stopped) == ("finished", "")
    assert {"Train/Loss", "Test/Loss", "final/loss/test"} <= set(tags)
    assert not any("ccuracy" in tag for tag in tags)


def test_runs_that_are_forgotten_take_their_logs_along(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = over(start(classifier(bugs=("softmax",))))
    logs = folder(manager, old).parent
    assert len(list(logs.iterdir())) == 2
    monkeypatch.setattr(limits, "KEPT_RUNS", 1)
    new = over(start(classifier()))
    manager.store.prune(new.owner)
    assert [path.name for path in logs.iterdir()] == [folder(manager, new).name]


def test_a_diverged_run_is_logged_to_its_end(start: Start, manager: Manager) -> None:
    run = over(start(classifier(lr=10.0, num_steps=300, optimizer="SGD", loss="MSELoss", bugs=())))
    log = read(folder(manager, run))
    assert run.status in ("diverged", "finished")
    assert "_hparams_/session_start_info" in log._plugin_to_tag_to_content["hparams"]
    assert all(math.isfinite(value) or run.status == "diverged" for value in line(log, "final/loss/train").values())
