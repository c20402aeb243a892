"""The tutorial's step 1: its losses, its accuracy, its mistakes."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from core.checkpoints import checkpoint, load, save
from core.config import ConfigError
from core.experiment import bug_lanes
from core.experiments.classifier import (
    EXPERIMENT,
    GRID,
    ClassifierConfig,
    bench,
    build_net,
    evaluate,
    make_data,
    moving,
    prepare,
    scene,
    train,
    untrained,
    view,
)
from core.experiments.classifier.loop import ValidatedSnapshot
from core.snapshot import Frame, Snapshot

Losses = Callable[..., list[float]]


def config_of(**values: Any) -> ClassifierConfig:
    return ClassifierConfig.create({"device": "cpu", **values})


def tutorials_loop(seed: int, num_steps: int) -> list[float]:
    """The tutorial's first lesson as a learner types it, with logits for CrossEntropyLoss; nothing of core in it."""

    class Net(nn.Module):
        def __init__(self, n_feature: int, n_hidden: int, n_output: int):
            super().__init__()
            self.n_hidden = nn.Linear(n_feature, n_hidden)
            self.out = nn.Linear(n_hidden, n_output)

        def forward(self, x_layer: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.out(torch.relu(self.n_hidden(x_layer)))
            return logits

    torch.manual_seed(seed)
    data = torch.ones(100, 2)
    x0 = torch.normal(2 * data, 1)
    x1 = torch.normal(-2 * data, 1)
    x = torch.cat((x0, x1), 0)
    y = torch.cat((torch.zeros(100), torch.ones(100))).long()
    torch.manual_seed(seed)
    net = Net(n_feature=2, n_hidden=10, n_output=2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02)
    loss_func = nn.CrossEntropyLoss()
    losses = []
    for _ in range(num_steps):
        loss = loss_func(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("seed", [0, 1, 2, 9999])
def test_the_defaults_are_the_tutorials_loop_bit_for_bit(seed: int, losses: Losses) -> None:
    assert losses(config_of(seed=seed, num_steps=120)) == tutorials_loop(seed, 120)


@pytest.mark.parametrize("seed", range(10))
def test_the_defaults_learn_the_clouds_in_100_steps(seed: int) -> None:
    *_, last = train(config_of(seed=seed, num_steps=100), {})
    assert last.metrics["accuracy/test"] >= 0.98


@pytest.mark.parametrize(
    ("values", "accuracy"),
    [
        ({"dataset": "xor", "features": ("x1*x2",), "hidden_sizes": (), "lr": 0.3}, 0.9),
        ({"dataset": "circles", "features": ("x1^2", "x2^2"), "hidden_sizes": (), "lr": 0.1}, 0.95),
        ({"dataset": "moons", "activation": "Tanh", "optimizer": "Adam", "lr": 0.05, "spread": 0.5}, 0.97),
        ({"dataset": "spirals", "hidden_sizes": (32, 32), "optimizer": "Adam", "lr": 0.02, "spread": 0.5}, 0.9),
        ({"dataset": "blobs", "n_classes": 5, "optimizer": "RMSprop"}, 0.97),
        ({"loss": "MSELoss", "lr": 0.1}, 0.98),
    ],
)
def test_every_data_set_can_be_learned(values: dict[str, Any], accuracy: float) -> None:
    *_, last = train(config_of(**values, num_steps=400, evaluate_every=100), {})
    assert last.metrics["accuracy/test"] >= accuracy


def test_the_test_set_is_never_trained_on() -> None:
    config = config_of(points=((9.0, 9.0, 0), (-9.0, 9.0, 1)))
    x_train, y_train, x_test, y_test = make_data(config)
    assert (len(x_train), len(y_train), len(x_test), len(y_test)) == (202, 202, 200, 200)
    assert not {tuple(point) for point in x_train.tolist()} & {tuple(point) for point in x_test.tolist()}
    assert x_train[-2:].tolist() == [[9, 9], [-9, 9]]


@pytest.mark.parametrize("dataset", ["clouds", "blobs", "own"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.85])
def test_sizes_are_known_before_anything_is_drawn(dataset: str, share: float) -> None:
    points = tuple((i / 7, -i / 5, i % 5) for i in range(23))
    config = config_of(dataset=dataset, test_fraction=share, points=points, n_classes=4, batch_size=10)
    x_train, y_train, x_test, y_test = make_data(config)
    assert len(x_train) == len(y_train) == config.n_train
    assert len(x_test) / (len(x_train) + len(x_test)) == pytest.approx(share, abs=0.08)
    assert int(torch.cat([y_train, y_test]).max()) < config.n_output
    epochs = [snapshot.epoch for snapshot in train(config.changed(num_steps=2 * config.steps_per_epoch), {})]
    assert epochs == [0] + [1] * config.steps_per_epoch + [2] * config.steps_per_epoch


def test_an_epoch_shows_every_point_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []
    config = config_of(batch_size=30, num_steps=7)
    for snapshot in train(config, {}):
        if snapshot.step:
            start = (snapshot.step - 1) * 30
            seen.append(snapshot.order[start : start + 30])
    assert [len(batch) for batch in seen] == [30] * 6 + [20]
    assert sorted(torch.cat(seen).tolist()) == list(range(200))


@pytest.mark.parametrize(
    "values",
    [
        {"batch_norm": True, "batch_size": 199},
        {"batch_norm": True, "dataset": "own", "points": [(i, i, i % 2) for i in range(5)], "test_fraction": 0.9},
        {"standardize": True, "dataset": "own", "points": [(i, i, i % 2) for i in range(4)], "test_fraction": 0.9},
        {"dataset": "own", "points": [(0, 0, 0), (1, 1, 1), (2, 2, 0)]},
        {"dataset": "own", "points": [(i, i, i % 2) for i in range(4)], "stop": "validation_loss"},
        {"dataset": "own", "points": [(i, i, 3) for i in range(9)]},
    ],
)
def test_what_could_not_be_trained_is_refused_before_anything_is_built(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        config_of(**values)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("batch_size", [0, 2])
def test_the_fewest_own_points_train(batch_norm: bool, standardize: bool, batch_size: int) -> None:
    points = ((100.0, 5.0, 0), (100.0, 6.0, 1), (100.0, 7.0, 4), (100.0, 8.0, 0))
    config = config_of(
        dataset="own", points=points, batch_norm=batch_norm, standardize=standardize, batch_size=batch_size, num_steps=5
    )
    for snapshot in train(config, {}):
        assert all(math.isfinite(value) for value in snapshot.metrics.values())
        assert view(config, snapshot, {}).arrays["decision"].shape == (GRID, GRID)


def test_standardised_inputs_have_mean_0_and_deviation_1() -> None:
    config = config_of(standardize=True, features=("x1", "x2", "x1^2", "sin(x2)"), spread=3)
    x_train, _, x_test, _ = make_data(config)
    inputs = prepare(config, x_train, x_train)
    assert torch.allclose(inputs.mean(dim=0), torch.zeros(4), atol=1e-5)
    assert torch.allclose(inputs.std(dim=0), torch.ones(4), atol=1e-5)
    assert not torch.allclose(prepare(config, x_test, x_train).mean(dim=0), torch.zeros(4), atol=1e-4)


@pytest.mark.parametrize("init", ["xavier_uniform_", "kaiming_normal_", "normal_", "zeros_"])
def test_the_first_weights_follow_the_chosen_rule(init: str) -> None:
    net = build_net(config_of(init=init, hidden_sizes=(64, 64)))
    layer = net.hidden[2]
    assert isinstance(layer, nn.Linear)
    weight = layer.weight
    expected = {"xavier_uniform_": math.sqrt(2 / 128), "kaiming_normal_": math.sqrt(2 / 64), "normal_": 1, "zeros_": 0}
    assert weight.std().item() == pytest.approx(expected[init], rel=0.05)
    assert all(not layer.bias.any() for layer in net.modules() if isinstance(layer, nn.Linear))


def test_softmax_before_the_loss_has_a_floor(losses: Losses) -> None:
    floor = math.log(1 + math.exp(-1))
    every_loss = losses(config_of(bugs=("softmax",), lr=5, num_steps=400))
    assert floor <= min(every_loss) < floor + 0.02
    assert floor == pytest.approx(0.3133, abs=1e-4)
    assert losses(config_of(lr=5, num_steps=400))[-1] < 0.1


def test_without_zero_grad_gradients_add_up() -> None:
    """The loop against a hand-written one that sums all gradients so far."""
    config = config_of(bugs=("no_zero_grad",), spread=2, lr=0.2, num_steps=4)
    x, y, _, _ = make_data(config)
    net = build_net(config)
    total = [torch.zeros_like(parameter) for parameter in net.parameters()]
    expected = []
    for _ in range(4):
        loss = nn.CrossEntropyLoss()(net(x), y)
        gradients = torch.autograd.grad(loss, list(net.parameters()))
        total = [old + new for old, new in zip(total, gradients, strict=True)]
        with torch.no_grad():
            for parameter, step in zip(net.parameters(), total, strict=True):
                parameter.sub_(0.2 * step)
        expected.append(loss.item())
    loss_of_run = [snapshot.metrics["loss/train"] for snapshot in train(config, {}) if snapshot.step]
    assert loss_of_run == pytest.approx(expected, rel=1e-5)


def test_without_activation_the_network_is_one_straight_cut() -> None:
    net = build_net(config_of(bugs=("no_activation",), hidden_sizes=(8, 8), activation="Tanh"))
    x = torch.randn(5, 2)
    with torch.no_grad():
        bend = net(x) + net(-x) - 2 * net(torch.zeros(1, 2))
    assert torch.allclose(bend, torch.zeros(5, 2), atol=1e-5)


def test_a_learning_rate_too_high_ends_with_the_loss_that_is_not_finite(losses: Losses) -> None:
    every_loss = losses(config_of(bugs=("high_lr",)))
    assert len(every_loss) < 300
    assert all(map(math.isfinite, every_loss[:-1])) and not math.isfinite(every_loss[-1])


def test_l1_and_l2_pull_weights_down() -> None:
    def size(**values: Any) -> float:
        *_, last = train(config_of(**values, num_steps=200), {})
        return sum(float(parameter.abs().sum().detach()) for parameter in last.net.parameters())

    plain = size()
    assert size(weight_decay=0.1) < plain
    assert size(l1=0.01) < plain


@pytest.mark.parametrize("step", [1, 2, 57])
def test_a_learning_rate_acts_from_its_step_on(step: int, losses: Losses) -> None:
    config = config_of(num_steps=80)
    plain, changed = losses(config), losses(config, {step: {"lr": 0.3}})
    assert changed[:step] == plain[:step]
    assert changed[step] != plain[step]
    assert losses(config, {1: {"lr": 0.3}}) == losses(config.changed(lr=0.3))


def test_evaluation_does_not_change_training(losses: Losses) -> None:
    config = config_of(dropout=0.4, batch_norm=True, batch_size=40, num_steps=60)
    assert losses(config.changed(evaluate_every=1)) == losses(config.changed(evaluate_every=1000))


def test_evaluation_knows_its_sums() -> None:
    config = config_of()
    _, _, x, y = make_data(config)
    net = build_net(config_of(dropout=0.5))
    loss, accuracy = evaluate(config, net, nn.CrossEntropyLoss(), x, y, y)
    logits = build_net(config)(x)
    right = [int(max(row)) for row in (logits.argmax(dim=1) == y)[:, None].tolist()]
    picked = torch.log_softmax(logits, dim=1)[torch.arange(len(y)), y]
    assert accuracy == pytest.approx(sum(right) / len(right))
    assert loss == pytest.approx(-picked.mean().item(), rel=1e-5)
    assert net.training


def test_it_stops_at_the_accuracy_asked_for() -> None:
    *before, last = train(config_of(stop="accuracy", target_accuracy=0.95, evaluate_every=3), {})
    assert last.step % 3 == 0 and last.step < 300
    assert last.metrics["accuracy/test"] >= 0.95
    assert all(snapshot.metrics.get("accuracy/test", 0) < 0.95 for snapshot in before[:-1] if snapshot is not last)


def test_it_stops_at_the_validation_accuracy_asked_for() -> None:
    config = config_of(stop="validation_accuracy", target_accuracy=0.95, evaluate_every=3)
    *before, last = train(config, {})
    assert last.step % 3 == 0 and last.step < 300
    assert last.metrics["accuracy/validation"] >= 0.95
    assert all(snapshot.metrics.get("accuracy/validation", 0) < 0.95 for snapshot in before)


def test_it_stops_when_the_validation_loss_found_no_new_low() -> None:
    config = config_of(stop="validation_loss", patience=15, spread=4, lr=0.5, hidden_sizes=(32, 32), num_steps=2000)
    *_, last = snapshots = list(train(config.changed(evaluate_every=2), {}))
    measured = {s.step: s.metrics["loss/validation"] for s in snapshots if "loss/validation" in s.metrics}
    lowest = min(measured, key=lambda step: measured[step])
    assert isinstance(last, ValidatedSnapshot) and last.step < 2000
    assert (last.lowest_step, last.lowest_loss) == (lowest, measured[lowest])
    assert last.step == lowest + 16, "15 steps, at the next evaluation"


@pytest.mark.parametrize("stop", ["validation_loss", "validation_accuracy"])
def test_what_decides_when_to_stop_is_neither_trained_on_nor_tested_on(stop: str) -> None:
    plain, validated = scene(config_of()), scene(config_of(stop=stop, validation_fraction=0.2))
    assert torch.equal(plain.x_train, validated.x_train) and torch.equal(plain.x_test, validated.x_test)
    assert (len(plain.x_validation), len(validated.x_validation)) == (0, 50)
    others = {tuple(point) for point in torch.cat([validated.x_train, validated.x_test]).tolist()}
    assert not others & {tuple(point) for point in validated.x_validation.tolist()}


def test_own_points_give_up_some_to_validation() -> None:
    points = tuple((i / 7, -i / 5, i % 3) for i in range(40))
    config = config_of(
        dataset="own", points=points, test_fraction=0.25, stop="validation_loss", validation_fraction=0.2
    )
    drawn = scene(config)
    assert (len(drawn.x_train), len(drawn.x_validation), len(drawn.x_test)) == (config.n_train, 6, 10) == (24, 6, 10)
    parts = torch.cat([drawn.x_train, drawn.x_validation, drawn.x_test])
    assert sorted(map(tuple, parts.tolist())) == sorted(map(tuple, torch.tensor(points)[:, :2].tolist()))


def test_validation_points_change_nothing_in_what_is_trained(losses: Losses) -> None:
    plain = config_of(batch_size=20, dropout=0.2, num_steps=60)
    assert losses(plain.changed(stop="validation_loss", patience=5000)) == losses(plain)


def test_it_stops_at_a_plateau(losses: Losses) -> None:
    config = config_of(stop="plateau", patience=20, num_steps=5000, lr=1, evaluate_every=1)
    every_loss = losses(config)
    assert 21 < len(every_loss) < 5000
    assert min(every_loss[-20:]) > min(every_loss[:-20]) - 1e-4
    assert min(every_loss[-21:-1]) <= min(every_loss[:-21]) - 1e-4


@pytest.mark.parametrize(
    "optimizer", [{"momentum": 0.9, "nesterov": True}, {"optimizer": "Adam"}, {"optimizer": "RMSprop"}]
)
@pytest.mark.parametrize("dropout", [0, 0.3])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("batch_size", [0, 30])
@pytest.mark.parametrize("bugs", [(), ("no_zero_grad",)])
def test_it_goes_on_from_a_checkpoint_bit_for_bit(
    optimizer: dict[str, Any], dropout: float, batch_norm: bool, batch_size: int, bugs: tuple[str, ...], tmp_path: Any
) -> None:
    config = config_of(
        **optimizer, dropout=dropout, batch_norm=batch_norm, batch_size=batch_size, bugs=bugs, num_steps=20, lr=0.01
    )
    uninterrupted: list[float] = []
    for snapshot in train(config, {}):
        if snapshot.step:
            uninterrupted.append(snapshot.metrics["loss/train"])
        if snapshot.step == 11:
            save(checkpoint(snapshot, uninterrupted), tmp_path / "11.pt")
    torch.rand(5)
    again = [snapshot.metrics["loss/train"] for snapshot in train(config, {}, load(tmp_path / "11.pt"))]
    assert again == uninterrupted[11:]


def test_a_bug_has_the_correct_run_beside_it() -> None:
    config = config_of(bugs=("softmax", "no_zero_grad"), lr=0.5)
    assert bug_lanes(config) == {"run": config, "correct": config.changed(bugs=())}
    assert bug_lanes(config_of()) == {"run": config_of()}


def frame_of(config: ClassifierConfig, change: Callable[[Snapshot], object] = lambda snapshot: None) -> Frame:
    snapshot = untrained(config)
    change(snapshot)
    return view(config, snapshot, {})


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"hidden_sizes": ()},
        {"hidden_sizes": (64,) * 6, "batch_norm": True, "dropout": 0.5},
        {"dataset": "blobs", "n_classes": 5},
        {"loss": "MSELoss"},
        {"bugs": ("softmax",), "loss": "MSELoss"},
        {"features": ("x1*x2",), "standardize": True},
    ],
)
def test_a_view_says_what_the_network_says(values: dict[str, Any]) -> None:
    config = config_of(**values)
    snapshot = untrained(config)
    frame = view(config, snapshot, {})
    snapshot.net.eval()
    with torch.no_grad():
        label = snapshot.net(scene(config).inputs).argmax(dim=1).reshape(GRID, GRID)
    same = torch.from_numpy(frame.arrays["decision"] // frame.facts["levels"]) == label
    assert same.float().mean() > 0.999
    assert frame.arrays["units"].shape[0] == sum(config.hidden_sizes) == len(frame.facts["units_scale"])
    assert frame.arrays["gradient_norm"].tolist() == [0.0] * (len(config.hidden_sizes) + 1)
    assert sum(array.nbytes for array in frame.arrays.values()) < 200_000


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"dataset": "spirals", "hidden_sizes": (32, 32), "optimizer": "Adam", "activation": "Tanh", "num_steps": 200},
        {"dataset": "blobs", "n_classes": 5, "hidden_sizes": (64,) * 3, "optimizer": "Adam"},
        {"dataset": "circles", "hidden_sizes": (30, 30), "loss": "MSELoss", "optimizer": "Adam", "batch_norm": True},
    ],
)
def test_a_moving_picture_is_the_picture_at_rest_but_for_a_hair(values: dict[str, Any]) -> None:
    config = config_of(**{"num_steps": 100, **values})
    snapshot = list(train(config, {}))[-1]
    rests, moves = view(config, snapshot, {}), moving(config, snapshot, {})
    assert rests.facts == moves.facts
    for name in ("units", "weights", "gradient_norm"):
        assert np.array_equal(rests.arrays[name], moves.arrays[name])
    levels = rests.facts["levels"]
    fine, drawn = (frame.arrays["decision"].astype(int) for frame in (rests, moves))
    assert (fine // levels == drawn // levels).mean() > 0.99
    assert np.abs(fine[::3, ::3] - drawn[::3, ::3]).max() <= 1, "the coarse points are asked, all others drawn between"
    close = np.abs(fine % levels - drawn % levels)[fine // levels == drawn // levels]
    assert np.quantile(close, 0.95) < 0.1 * levels
    assert snapshot.net.training, "a look leaves it as it was"


@pytest.mark.parametrize("values", [{}, {"hidden_sizes": (64, 64), "activation": "Tanh"}, {"hidden_sizes": ()}])
@pytest.mark.parametrize("look", [view, moving])
def test_parts_that_nobody_shows_are_left_out_and_the_rest_is_the_same(look: Any, values: dict[str, Any]) -> None:
    config = config_of(**values)
    snapshot = untrained(config)
    whole = look(config, snapshot, {})
    for left_out in (["units"], ["weights"], ["units", "weights"]):
        frame = look(config, snapshot, {"left_out": left_out})
        assert set(frame.arrays) == set(whole.arrays) - set(left_out)
        assert ("units_scale" in frame.facts) == ("units" not in left_out)
        assert all(np.array_equal(array, whole.arrays[name]) for name, array in frame.arrays.items())
    assert set(EXPERIMENT.parts) < set(whole.arrays)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 3e38])
def test_a_view_of_broken_weights_is_still_a_view(value: float) -> None:
    frame = frame_of(config_of(), lambda snapshot: snapshot.net.get_parameter("out.weight").data.fill_(value))
    assert frame.arrays["decision"].shape == (GRID, GRID)
    frame = frame_of(config_of(), lambda snapshot: snapshot.net.get_parameter("hidden.0.weight").data.fill_(value))
    assert all(math.isfinite(scale) for scale in frame.facts["units_scale"])


def test_a_view_does_not_change_training(losses: Losses) -> None:
    config = config_of(dropout=0.4, batch_norm=True, batch_size=40, num_steps=30)
    watched = []
    for snapshot in train(config, {}):
        scene.cache_clear()
        view(config, snapshot, {})
        moving(config, snapshot, {})
        if snapshot.step:
            watched.append(snapshot.metrics["loss/train"])
    assert watched == losses(config)


def test_the_grid_goes_up_and_to_the_right() -> None:
    inputs = scene(config_of()).inputs
    assert inputs[0].tolist() == [-6, -6] and inputs[GRID - 1].tolist() == [6, -6]
    assert inputs[-1].tolist() == [6, 6]


@pytest.mark.parametrize("loss", ["CrossEntropyLoss", "MSELoss"])
def test_the_bench_takes_the_loops_first_step(loss: str, losses: Losses) -> None:
    config = config_of(loss=loss, num_steps=1)
    first_loss = bench(config).loss().item()
    assert first_loss == losses(config)[0]
