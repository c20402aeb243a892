"""A downloaded checkpoint, uploaded again, continues in a new process as if nothing had happened."""

import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core import checkpoints
from core.engine.manager import Manager
from core.experiments import experiment
from core.files import saving, uploads
from core.files.resuming import Uploaded, check, rebuild, ways_on
from core.files.uploads.packed import pack, raw, unpack
from core.processes.confined import Unable
from tests.experiments import NAMES, choices, general, hardest
from tests.waiting import until

WITH_OPTIMIZERS = [(name, optimizer) for name in NAMES for optimizer in choices(name, "optimizer")]


def interrupted(name: str, folder: Path, **values: Any) -> tuple[Any, Path, list[float], dict[str, torch.Tensor]]:
    """A config, the checkpoint of step 7 of its run, and how the run continued to its end: losses and weights."""
    trained = experiment(name)
    config = hardest(name, **values)
    losses: list[float] = []
    for snapshot in trained.train(config, {}):
        losses += [snapshot.metrics["loss/train"]] if snapshot.metrics else []
        if snapshot.step == 7:
            checkpoints.save({"run": checkpoints.checkpoint(snapshot, losses)}, folder / "7.pt")
    return config, folder / "7.pt", losses, snapshot.net.state_dict()


def uploaded(config: Any, path: Path) -> dict[str, Any]:
    """What the reader finds in the downloaded checkpoint."""
    data = raw(unpack(saving.make("checkpoint", {"run": config}, {3: {"lr": config.lr}}, path, ""))["file"])
    value: dict[str, Any] = uploads.read(data).value
    return value


@pytest.mark.one_in(4)
@general
@pytest.mark.parametrize(("name", "optimizer"), WITH_OPTIMIZERS)
def test_resumed_from_an_upload_bit_for_bit(name: str, optimizer: str, manager: Manager, tmp_path: Path) -> None:
    config, path, losses, weights = interrupted(name, tmp_path, optimizer=optimizer, lr=0.01)
    checkpoint = check(uploaded(config, path))
    assert (checkpoint.step, checkpoint.config, checkpoint.changes) == (7, config, {3: {"lr": 0.01}})
    run = manager.adopt(f"{name} {optimizer}", checkpoint)
    assert (run.status, run.history["run"]["loss/train"]["value"]) == ("paused", losses[:7])
    run.command("play")
    until(lambda: run.status == "finished")
    assert run.history["run"]["loss/train"]["value"] == losses
    last = checkpoints.load(run.folder.checkpoint_file(len(losses)))["run"]["net"]
    assert all(torch.equal(last[key], weights[key]) for key in weights)


def test_a_change_before_each_step_is_read_back(tmp_path: Path) -> None:
    config, path, _losses, _weights = interrupted("classifier", tmp_path)
    config = config.with_steps(2000)
    changes = {step: {"lr": 0.01 + step / 1e5} for step in range(1, 2002)}
    data = raw(unpack(saving.make("checkpoint", {"run": config}, changes, path, ""))["file"])
    value = uploads.read(data).value
    assert check(value).changes == changes
    value["changes"].append([2002, {"lr": 0.1}])
    with pytest.raises(Unable, match="does not fit the network"):
        check(value)


@pytest.mark.parametrize(
    ("name", "values", "step", "more", "steps"),
    [
        ("classifier", {"num_steps": 300}, 100, (200, 49_900), 300),
        ("classifier", {"num_steps": 300}, 300, (300, 49_700), 600),
        ("classifier", {"num_steps": 30_000}, 30_000, (20_000, 20_000), 50_000),
        ("classifier", {"num_steps": 50_000}, 50_000, (0, 0), 50_000),
        ("cnn", {"train_size": 100, "batch_size": 20, "num_epochs": 2}, 7, (1, 99), 10),
        ("cnn", {"train_size": 100, "batch_size": 20, "num_epochs": 2}, 10, (2, 98), 20),
    ],
)
def test_how_far_a_checkpoint_may_go_on(
    name: str, values: dict[str, Any], step: int, more: tuple[int, int], steps: int
) -> None:
    checkpoint = Uploaded({"run": experiment(name).config.create(values)}, {}, {"run": {"step": step}}, b"")
    assert checkpoint.more() == more
    assert checkpoint.steps_with(more[0]) == steps


def test_a_bug_goes_on_with_its_twin(manager: Manager) -> None:
    many = {"hidden_sizes": (4,) * 6, "batch_norm": True, "optimizer": "Adam"}  # 300 tensors, more than descriptors
    values = {"bugs": ("no_zero_grad",), "num_steps": 40, "batch_size": 20, **many}
    config = experiment("classifier").config.create(values)
    whole = manager.start("twin", config, speed=200)
    until(lambda: whole.status == "finished")
    step = 17
    assert step in whole.kept
    saved = saving.save("checkpoint", whole.folder.lanes(), {}, whole.folder.checkpoint_file(step), step)
    run = manager.adopt("twin", check(uploads.read(saved.data).value))
    run.command("play")
    until(lambda: run.status == "finished")
    for lane in ("run", "correct"):
        assert run.history[lane]["loss/train"]["value"] == whole.history[lane]["loss/train"]["value"]


CHANGES: dict[str, Any] = {
    "another experiment": lambda value: value.update(experiment="vgg19"),
    "no experiment": lambda value: value.update(experiment=["cnn"]),
    "settings out of bounds": lambda value: value["config"].update(batch_size=10**9),
    "unknown settings": lambda value: value["config"].update(evil=1),
    "another network": lambda value: value["config"].update(hidden_sizes=[64, 64]),
    "weights of another size": lambda value: value["net"].update({"out.bias": torch.zeros(9)}),
    "weights of another kind": lambda value: value["net"].update({"out.bias": torch.zeros(2, dtype=torch.int64)}),
    "a weight missing": lambda value: value["net"].pop("out.bias"),
    "a step that is none": lambda value: value.update(step=-1),
    "a step of truth": lambda value: value.update(step=True),
    "absurd step": lambda value: value.update(step=10**12),
    "losses of another length": lambda value: value.update(losses=torch.zeros(3, dtype=torch.float64)),
    "no permutation": lambda value: value.update(order=torch.zeros_like(value["order"])),
    "chance of another length": lambda value: value.update(rng=torch.zeros(8, dtype=torch.uint8)),
    "chance that is none": lambda value: value.update(rng=torch.full_like(value["rng"], 255)),
    "optimizer state of another size": lambda value: value["optimizer"]["state"][0].update(exp_avg=torch.zeros(99)),
    "optimizer state of nobody": lambda value: value["optimizer"]["state"].update({99: {}}),
    "learning rate is a text": lambda value: value["optimizer"]["param_groups"][0].update(lr="fast"),
    "learning rate is nan": lambda value: value["optimizer"]["param_groups"][0].update(lr=math.nan),
    "gradients missing": lambda value: value.update(gradients=[]),
    "metrics are texts": lambda value: value.update(metrics={"loss/train": "low"}),
    "learning rates beyond bounds": lambda value: value.update(changes=[[3, {"lr": 1e9}]]),
    "changes of texts": lambda value: value.update(changes="many"),
    "a change of what can't change while it trains": lambda value: value.update(changes=[[3, {"batch_size": 20}]]),
    "a change of what there is not": lambda value: value.update(changes=[[3, {1: 2}]]),
    "older rates beyond bounds": lambda value: (value.pop("changes"), value.update(lr_changes=[[3, 1e9]])),
    "older rates of texts": lambda value: (value.pop("changes"), value.update(lr_changes="many")),
    "a twin that the run has not": lambda value: value.update(beside={"correct": {}}),
    "a twin whose config is none": lambda value: value.update(beside={"correct": {**value, "config": 1}}),
    "a lane called as a path": lambda value: value.update(beside={"../../other": dict(value)}),
    "a lane called as the run": lambda value: value.update(beside={"run": dict(value)}),
    "more lanes than any run has": lambda value: value.update(beside={f"lane{n}": dict(value) for n in range(9)}),
    "lists for dicts": lambda value: value.update(net=[], optimizer=[]),
}


def test_a_checkpoint_that_does_not_fit_is_refused_in_a_sentence(manager: Manager, tmp_path: Path) -> None:
    config, path, _, _ = interrupted("classifier", tmp_path, optimizer="Adam")
    good = uploaded(config, path)
    taken = []
    for name, change in CHANGES.items():
        value = copy.deepcopy(good)
        change(value)
        try:
            check(value)
        except Unable as refused:
            assert str(refused.problem).endswith(".") and "\n" not in str(refused.problem), name
        else:
            taken.append(name)
    assert taken == []


def test_only_the_learning_rate_of_an_optimizer_is_believed(tmp_path: Path) -> None:
    config, path, _, _ = interrupted("classifier", tmp_path, optimizer="Adam")
    state = torch.load(path, weights_only=True)["run"]
    state["optimizer"]["param_groups"][0] |= {"lr": 0.5, "betas": (5.0, 7.0), "params": [9]}
    [group] = unpack(rebuild({"run": config}, {}, pack({"run": state})))["states"]["run"]["optimizer"]["param_groups"]
    assert (group["lr"], group["betas"]) == (0.5, (0.9, 0.999))


@pytest.mark.parametrize("optimizer", choices("classifier", "optimizer"))
def test_without_the_optimizers_state_the_losses_differ(optimizer: str, manager: Manager, tmp_path: Path) -> None:
    """Plain SGD has no state: nothing is lost."""
    config, path, losses, _ = interrupted("classifier", tmp_path, optimizer=optimizer, lr=0.05)
    losses_by_way = ways_on(config, {}, path, ("full", "weights"), len(losses) - 7, 5)
    assert losses_by_way["full"] == losses[7:]
    assert losses_by_way["weights"][0] == losses[7], "the first loss comes before the first step"
    assert (losses_by_way["weights"] == losses[7:]) == (optimizer == "SGD")


@pytest.mark.long
def test_a_new_adam_makes_the_loss_of_a_trained_rnn_jump(
    manager: Manager, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """What the lesson on saving calls usual: at step 150, on at least four seeds of five."""
    trained = experiment("rnn")
    ratios = []
    for seed in range(1, 6):
        config = trained.config.create({"seed": seed})
        for snapshot in trained.train(config, {}):
            if snapshot.step == 150:
                checkpoints.save({"run": checkpoints.checkpoint(snapshot, [])}, tmp_path / f"{seed}.pt")
                break
        losses = ways_on(config, {}, tmp_path / f"{seed}.pt", ("full", "weights"), 40, 20)
        ratios.append(max(losses["weights"][:10]) / max(losses["full"][:10]))
    record_property("ratios", " ".join(f"{ratio:.3g}" for ratio in ratios))
    assert sum(ratio > 1.5 for ratio in ratios) >= 4


@pytest.mark.parametrize("name", ["classifier", "rnn"])
def test_an_older_file_is_read_as_well(name: str, manager: Manager, tmp_path: Path) -> None:
    """It has "lr_changes", and "h_state" also where nothing recurs."""
    config, path, losses, _ = interrupted(name, tmp_path, lr=0.01)
    value = uploaded(config, path)
    upload = check(value)
    del value["changes"]
    older = check({"h_state": None, **value, "lr_changes": [[3, 0.01]]})
    assert older.changes == upload.changes == {3: {"lr": 0.01}}
    run = manager.adopt(f"older {name}", older)
    run.command("play")
    until(lambda: run.status == "finished")
    assert run.history["run"]["loss/train"]["value"] == losses
