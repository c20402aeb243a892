"""The network that reads row by row: its data, its losses, what is seen of it, and its script."""

import base64
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from core import checkpoints
from core.changes import Changes
from core.config import ConfigError, kind_of
from core.data.wave_kinds import KINDS, wave_kinds, wave_pictures
from core.engine.run import Run
from core.experiment import cell_lanes
from core.experiments.rnn_digits import (
    RNNDigitsConfig,
    build_net,
    focus,
    make_data,
    shown_examples,
    subject,
    to_input,
    train,
    untrained,
    view,
)
from core.export import script
from tests.core.scripts import Records, Scripts
from tests.core.test_export import check_text
from tests.waiting import until


def config_of(**values: Any) -> RNNDigitsConfig:
    return RNNDigitsConfig.create({"device": "cpu", **values})


def records(config: RNNDigitsConfig, changes: Changes | None = None) -> Records:
    """What the loop measures, as it would be printed."""
    return [
        {"step": s.step, "epoch": s.epoch} | {k: v if math.isfinite(v) else None for k, v in s.metrics.items()}
        for s in train(config, changes or {})
        if s.metrics
    ]


@cache
def accuracy(**values: Any) -> float:
    """The accuracy on all test examples at the end of a run."""
    return float(records(config_of(**values, evaluate_every=1000))[-1]["accuracy/test"])


def test_trains_as_a_plain_loop_does() -> None:
    """Written down once more without the app: the same net, data and optimizer give the same losses."""
    torch.manual_seed(1)
    rnn, out = nn.LSTM(28, 64, batch_first=True), nn.Linear(64, 10)
    optimizer = torch.optim.Adam([*rnn.parameters(), *out.parameters()], lr=0.005)
    images, labels, _, _ = make_data(config_of())
    order, expected = torch.randperm(4000), []
    for start in range(0, 500, 50):
        batch = order[start : start + 50]
        r_out, (h_n, _) = rnn(images[batch].float() / 255)
        assert torch.equal(r_out[:, -1], h_n[0])
        loss = nn.CrossEntropyLoss()(out(r_out[:, -1]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        expected.append(loss.item())
    losses = [row["loss/train"] for row in records(config_of(train_size=0, num_epochs=1))[:10]]
    assert losses == pytest.approx(expected, rel=1e-5)


@pytest.mark.long
@pytest.mark.usefixtures("mnist")
def test_whole_mnist_row_by_row(record_property: Callable[[str, object], None]) -> None:
    rows = records(config_of(dataset="mnist", num_epochs=2, evaluate_every=1000))
    record_property("accuracy", rows[-1]["accuracy/test"])
    assert rows[-1]["accuracy/test"] >= 0.97


@pytest.mark.long
def test_the_cells_differ_as_the_lesson_says() -> None:
    accuracies = {cell: accuracy(cell=cell, num_epochs=6) for cell in ("LSTM", "GRU", "RNN")}
    assert min(accuracies["LSTM"], accuracies["GRU"]) > 0.85 > 0.8 > accuracies["RNN"]


@pytest.mark.long
def test_kinds_of_waves_are_learned_by_gates_alone(record_property: Callable[[str, object], None]) -> None:
    """Of seeds 1 to 5: GRU at least 0.98 after 6 epochs, LSTM 0.90 after 12, RNN at most 0.5 after 6."""
    found = {
        "GRU": accuracy(dataset="waves", cell="GRU", num_epochs=6),
        "LSTM": accuracy(dataset="waves", seed=3),
        "RNN": accuracy(dataset="waves", cell="RNN", num_epochs=6),
        "GRU in noise": accuracy(dataset="waves", cell="GRU", noise=0.6, num_epochs=6),
    }
    for name, value in found.items():
        record_property(name, value)
    assert found["GRU"] > 0.9 and found["LSTM"] > 0.8 and found["RNN"] < 0.65 < found["GRU in noise"] < 0.9


def test_bugs_keep_it_from_learning() -> None:
    for bug, most in (("forgotten_batch_first", 0.2), ("no_zero_grad", 0.6)):
        assert accuracy(bugs=bug, num_epochs=3) < most < accuracy(num_epochs=3), bug


def test_two_softmaxes_hold_the_loss_up() -> None:
    rows = records(config_of(bugs="softmax", num_epochs=3, evaluate_every=1000))
    assert min(row["loss/train"] for row in rows) > math.log(math.e + 9) - 1
    assert rows[-1]["accuracy/test"] < accuracy(num_epochs=3)


def test_forgotten_batch_first_mixes_the_batch() -> None:
    config = config_of(bugs="forgotten_batch_first")
    net = build_net(config)
    images, _, _, _ = make_data(config)
    x = to_input(config, images[:6])
    changed = x.clone()
    changed[0, -1] += 1
    assert net(changed).shape == (6, 10)
    assert not torch.equal(net(changed)[5], net(x)[5]), "another image's answer changes"
    changed = x.clone()
    changed[5, :-1] += 1
    assert torch.equal(net(changed), net(x)), "all rows but the last are lost"


def test_kinds_of_waves_are_what_they_are_called() -> None:
    waves, kinds, test, test_kinds = wave_kinds(0.0, 3)
    assert waves.shape == (4000, 40, 1) and test.shape == (1000, 40, 1) and waves.dtype == torch.float32
    assert torch.bincount(test_kinds).tolist() == [250] * 4 and len(KINDS) == 4
    values = waves[:, :, 0]
    heights = values.abs().amax(dim=1)
    square = values[kinds == 1].abs() / heights[kinds == 1][:, None]
    assert (square > 0.999).float().mean() > 0.99
    bends = (values[:, 2:] - 2 * values[:, 1:-1] + values[:, :-2]).abs() / heights[:, None]
    assert (bends[kinds == 2] < 1e-4).float().mean() > 0.8, "a saw is straight but for its leaps"
    assert 0 < bends[kinds == 0].max() < 0.45, "a sine bends gently"
    assert bends[kinds == 3].median() > bends[kinds == 0].median()
    again = wave_kinds(0.0, 3)
    assert torch.equal(waves, again[0]) and not torch.equal(waves, wave_kinds(0.0, 4)[0])
    noisy = wave_kinds(0.5, 3)[0]
    assert (noisy - waves).std() == pytest.approx(0.5, abs=0.01)


def test_pictures_of_waves_show_them() -> None:
    t = torch.linspace(0, 2 * math.pi, 40)[None, :, None]
    (picture,) = wave_pictures(2 * torch.sin(t))
    assert picture.dtype == torch.uint8 and picture.shape == (28, 28)
    assert picture[:, 7].nonzero().min() == 0 and picture[:, 20].nonzero().max() == 27
    assert (picture > 0).any(dim=0).all(), "a line from the left to the right"


@pytest.mark.parametrize("values", [{}, {"dropout": 0.3, "num_layers": 2}, {"dataset": "waves"}])
def test_goes_on_bit_for_bit(values: dict[str, Any], data_folder: Any) -> None:
    config = config_of(train_size=200, num_epochs=4, evaluate_every=3, **values)
    data_folder.mkdir()
    whole = []
    for snapshot in train(config, {}):
        if snapshot.metrics:
            whole.append(snapshot.metrics)
        if snapshot.step == 6:
            losses = [metrics["loss/train"] for metrics in whole]
            checkpoints.save(checkpoints.checkpoint(snapshot, losses), data_folder / "6.pt")
    state = checkpoints.load(data_folder / "6.pt")
    assert [s.metrics for s in train(config, {}, state)] == whole[6:]


VALUES: dict[str, list[Any]] = {
    "noise": [0.0, 0.7], "train_size": [120], "hidden_size": [1, 20], "num_layers": [3], "dropout": [0.4],
    "seed": [0], "lr": [0.5], "clip": [0.1], "batch_size": [16], "num_epochs": [1, 2], "evaluate_every": [3],
    "device": ["cpu"],
}  # fmt: skip
NEEDED: dict[str, dict[str, Any]] = {
    "noise": {"dataset": "waves"}, "dropout": {"num_layers": 2}, "train_size": {"train_size": 120},
}  # fmt: skip
FETCHED = ("mnist", "fashion_mnist", "kmnist")


def one_at_a_time() -> list[Any]:
    cases = []
    for name, setting in RNNDigitsConfig.settings().items():
        kind = kind_of(RNNDigitsConfig, name)
        values = VALUES.get(name) or (
            [not RNNDigitsConfig.default(name)]
            if kind == "bool"
            else [(choice,) if kind == "choices" else choice for choice in setting.choices or ()]
        )
        for value in values:
            if value not in (RNNDigitsConfig.default(name), *FETCHED):
                cases.append(pytest.param({**NEEDED.get(name, {}), name: value}, id=f"{name}={value}"))
    return cases


@pytest.mark.one_in(4)
@pytest.mark.parametrize("values", [{}, *one_at_a_time(), {"dataset": "waves", "cell": "GRU", "clip": 1}])
def test_script_prints_the_losses_of_the_run(values: dict[str, Any], run_script: Scripts) -> None:
    config = config_of(**{"train_size": 200, "num_epochs": 2, "evaluate_every": 4, **values})
    text = script(config)
    if config.dataset == "waves":
        check_text(text)
    assert run_script(text) == records(config)


def test_script_with_changes_of_the_learning_rate(run_script: Scripts) -> None:
    config = config_of(train_size=200, num_epochs=3)
    changes = {3: {"lr": 0.05}, 9: {"lr": 0.001}}
    assert run_script(script(config, changes)) == records(config, changes)


@pytest.mark.usefixtures("mnist")
def test_script_reads_the_whole_of_mnist() -> None:
    text = script(config_of(dataset="mnist"))
    assert 'image_set(IMAGE_SETS["mnist"])' in text
    assert "wave" not in text


def test_default_script_reads_like_a_textbook() -> None:
    text = script(config_of())
    for line in ("self.rnn = nn.LSTM(", "logits: Tensor = self.out(r_out[:, -1])", "r_out, _ = self.rnn(x)"):
        assert line in text
    assert "softmax" not in text and "clip_grad_norm_" not in text


def test_what_is_seen_is_what_the_network_says() -> None:
    config = config_of(num_epochs=2)
    *_, snapshot = train(config, {})
    images, labels = shown_examples(config)
    for number in (0, 7):
        frame = view(config, snapshot, focus({"image": number}))
        said = torch.softmax(snapshot.net(to_input(config, images[number : number + 1])), dim=1)[0].detach().numpy()
        assert frame.arrays["probability"].shape == (28, 10)
        assert frame.arrays["probability"][-1] == pytest.approx(said, abs=1e-6)
        assert np.array_equal(frame.arrays["input"], images[number].numpy())
        assert frame.facts["label"] == labels[number]
    half = to_input(config, images[:1])[:, :14]
    early = torch.softmax(snapshot.net(half), dim=1)[0].detach().numpy()
    first = view(config, snapshot, focus({"image": 0})).arrays["probability"]
    assert first[13] == pytest.approx(early, abs=1e-6), "after row 14 it says what it would say of 14 rows alone"


def test_the_test_set_is_counted_as_it_is_evaluated() -> None:
    for values in ({"num_epochs": 2}, {"num_epochs": 2, "dataset": "waves"}, {"bugs": "forgotten_batch_first"}):
        config = config_of(train_size=1000, **values)
        *_, snapshot = train(config, {})
        frame = view(config, snapshot, focus({"part": "test"}))
        counts = frame.arrays["confusion"]
        assert counts.sum() == 1000
        assert np.trace(counts) / 1000 == pytest.approx(snapshot.metrics["accuracy/test"])
        assert frame.arrays["mistakes"].shape[1:] == (28, 28)


def test_looking_leaves_no_trace_in_the_run() -> None:
    values = {"train_size": 200, "num_epochs": 2, "num_layers": 2, "dropout": 0.4, "bugs": "no_zero_grad"}
    looked_at = []
    for snapshot in train(config_of(**values), {}):
        for look in ({}, focus({"part": "test"})):
            frame = view(config_of(**values), snapshot, look)
            assert sum(array.nbytes for array in frame.arrays.values()) < 40_000
        looked_at += [snapshot.metrics["loss/train"]] if snapshot.metrics else []
    assert looked_at == [row["loss/train"] for row in records(config_of(**values))]


def test_a_drawing_is_read_and_of_waves_there_is_none() -> None:
    pad = torch.zeros(112, 112, dtype=torch.uint8)
    pad[20:90, 50:60] = 255
    look = focus({"drawing": base64.b64encode(pad.numpy().tobytes()).decode()})
    image, label = subject(config_of(), look)
    assert image.shape == (28, 28) and label == -1 and image.max() == 255
    wave, kind = subject(config_of(dataset="waves"), look)
    assert wave.shape == (40, 1) and kind == 0


def test_before_the_images_are_here_there_is_something_to_see() -> None:
    config = config_of(dataset="kmnist")
    for look in ({}, focus({"part": "test"})):
        assert view(config, untrained(config), look).step == 0


@pytest.mark.parametrize("wish", [None, [], {"part": "layers"}, {"image": 1000}, {"image": "1"}, {"drawing": "?"}])
def test_what_can_not_be_looked_at_is_refused(wish: object) -> None:
    with pytest.raises(ValueError, match="no "):
        focus(wish)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"train_size": 20}, "At least one batch of training examples is needed."),
        ({"compare": True, "bugs": "softmax"}, "Either the three cells side by side, or a bug"),
        ({"noise": -1}, "A number from 0 to 2"),
        ({"dataset": "cifar"}, "is not one of"),
        ({"num_epochs": 10**9}, "A whole number from 1 to 100|A number from 1 to 100"),
    ],
)
def test_what_can_not_be_gets_a_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        config_of(**values)


def test_every_choice_goes_through_a_link_and_back() -> None:
    for name, setting in RNNDigitsConfig.settings().items():
        for choice in setting.choices or ():
            config = RNNDigitsConfig.create({name: choice})
            assert RNNDigitsConfig.create(config.to_query()) == config


def test_the_cells_side_by_side(start: Callable[..., Run]) -> None:
    config = config_of(compare=True, num_epochs=1, train_size=300)
    assert list(cell_lanes(config)) == ["run", "RNN", "GRU"]
    run = start(config)
    until(lambda: not run.alive)
    for lane, cell in (("run", "LSTM"), ("RNN", "RNN"), ("GRU", "GRU")):
        expected = [row["loss/train"] for row in records(config_of(num_epochs=1, train_size=300, cell=cell))]
        assert run.history[lane]["loss/train"]["value"] == expected


def test_a_run_beside_its_bug_in_the_engine(start: Callable[..., Run]) -> None:
    run = start(config_of(bugs="forgotten_batch_first", num_epochs=1, train_size=300))
    until(lambda: not run.alive)
    expected = [row["loss/train"] for row in records(config_of(num_epochs=1, train_size=300))]
    assert run.history["correct"]["loss/train"]["value"] == expected
    assert run.history["run"]["loss/train"]["value"] != expected
