"""The CNN: its shapes, its digits, its losses and its script."""

import itertools
import math
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from core import checkpoints
from core.__main__ import main
from core.changes import Changes
from core.config import ConfigError, kind_of
from core.data.digits import augment, digits
from core.experiment import bug_lanes
from core.experiments import experiment
from core.experiments.cnn import (
    CNNConfig,
    build_net,
    evaluate,
    focus,
    make_data,
    shapes,
    to_input,
    train,
    untrained,
    view,
)
from core.export import script
from core.models import CNN
from core.snapshot import Snapshot
from tests.core.scripts import Records, Scripts


class TutorialCNN(nn.Module):
    """The tutorial's class as printed."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv2d(in_channels=1, out_channels=16, kernel_size=5, stride=2, padding=2), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.conv2 = nn.Sequential(nn.Conv2d(16, 32, 5, 1, 2), nn.ReLU())
        self.out = nn.Linear(32 * 7 * 7, 10)

    def forward(self, x: torch.Tensor) -> Any:
        x = self.conv1(x)
        x = self.conv2(x)
        x = x.view(x.size(0), -1)
        return self.out(x)


def config_of(**values: Any) -> CNNConfig:
    return CNNConfig.create({"device": "cpu", **values})


def records(config: CNNConfig, changes: Changes | None = None) -> Records:
    """What the loop measures, as it would be printed."""
    return [
        {"step": s.step, "epoch": s.epoch} | {k: v if math.isfinite(v) else None for k, v in s.metrics.items()}
        for s in train(config, changes or {})
        if s.metrics
    ]


def test_default_is_the_tutorials_net() -> None:
    torch.manual_seed(1)
    theirs = TutorialCNN()
    ours = build_net(config_of())
    assert sum(p.numel() for p in ours.parameters()) == 28_938
    assert list(ours.state_dict()) == list(theirs.state_dict())
    x = torch.rand(3, 1, 28, 28)
    assert torch.equal(ours(x), theirs(x))


@pytest.mark.parametrize("channels3", [0, 8])
def test_sizes_are_torchs_own(channels3: int) -> None:
    for kernel, stride, padding, pooling in itertools.product(
        (3, 5, 7), (1, 2), range(4), ("MaxPool2d", "AvgPool2d", "Identity")
    ):
        values = {"kernel_size": kernel, "stride": stride, "padding": padding, "pooling": pooling}
        layers = [
            nn.Conv2d(1, 4, kernel, stride, padding),
            getattr(nn, pooling)(2),
            nn.Conv2d(4, 4, kernel, 1, padding),
        ]
        if channels3:
            layers.append(nn.Conv2d(4, 4, kernel, 1, padding))
        with torch.device("meta"):
            try:
                side = nn.Sequential(*layers).to("meta")(torch.empty(1, 1, 28, 28)).shape[-1]
            except RuntimeError:
                side = 0
        if side:
            assert config_of(channels3=channels3, **values).map_size == side
        else:
            with pytest.raises(ConfigError, match="too few for a"):
                config_of(channels3=channels3, **values)


def test_digits_are_balanced_and_bounded() -> None:
    images, labels, test_images, test_labels = digits()
    assert images.shape == (4000, 28, 28) and test_images.shape == (1000, 28, 28)
    assert images.dtype == torch.uint8 and labels.dtype == torch.int64
    assert (labels.bincount() == 400).all() and (test_labels.bincount() == 100).all()
    assert images.max() == 255 and images.min() == 0
    assert torch.equal(labels[:200].bincount(), torch.full((10,), 20)), "any first part is balanced"


@pytest.mark.usefixtures("mnist")
def test_digits_are_genuine_and_not_of_the_test_set() -> None:
    images, labels, test_images, test_labels = digits()
    whole, whole_labels, unseen, _ = make_data(config_of(dataset="mnist"))
    label_of = {image.numpy().tobytes(): int(label) for image, label in zip(whole, whole_labels, strict=True)}
    for image, label in zip(torch.cat([images, test_images]), torch.cat([labels, test_labels]), strict=True):
        assert label_of[image.numpy().tobytes()] == label
    assert not {image.numpy().tobytes() for image in unseen} & {image.numpy().tobytes() for image in images}


def test_augment_moves_and_turns_within_bounds() -> None:
    torch.manual_seed(0)
    x = torch.zeros(200, 1, 28, 28)
    x[:, :, 13:15, 13:15] = 1
    assert torch.allclose(augment(x, 0, 0), x, atol=1e-5)
    moved = augment(x, 3, 0)
    place = torch.arange(28.0)
    centre = (moved.sum(dim=2) * place).sum(dim=2) / moved.sum(dim=(2, 3))
    assert 2 < (centre - 13.5).abs().max() <= 3.01
    bar = torch.zeros(200, 1, 28, 28)
    bar[:, :, 4:24, 13:15] = 1
    turned = augment(bar, 0, 30)
    across, down = turned.sum(dim=2).gt(0.5).sum(dim=2), turned.sum(dim=3).gt(0.5).sum(dim=2)
    assert across.max() > 8 and across.max() <= 2 + 20 * math.sin(math.radians(30)) + 2
    assert (down >= 16).all()


@cache
def learned() -> tuple[list[nn.Module], Snapshot]:
    """The network after each of the last epochs of the default run, and that run's end."""
    config, nets = config_of(evaluate_every=1000), []
    for snapshot in train(config, {}):
        if snapshot.step % config.steps_per_epoch == 0 and snapshot.epoch >= 8:
            nets.append(deepcopy(snapshot.net))
    return nets, snapshot


def test_digits_are_learned() -> None:
    _, last = learned()
    assert last.step == 960
    assert last.metrics["accuracy/test"] >= 0.96


@pytest.mark.usefixtures("mnist")
def test_digits_are_enough_for_the_true_test_set() -> None:
    nets, _ = learned()
    _, _, images, labels = make_data(config_of(dataset="mnist"))
    assert max(evaluate(config_of(), net, images, labels)[1] for net in nets) >= 0.96


@pytest.mark.long
@pytest.mark.usefixtures("mnist")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_whole_mnist(precision: str, record_property: Callable[[str, object], None]) -> None:
    reached = {
        row["epoch"]: row["accuracy/test"]
        for row in records(config_of(dataset="mnist", num_epochs=2, evaluate_every=1000, precision=precision))
        if row["step"] % 1200 == 0
    }
    for epoch, accuracy in reached.items():
        record_property(f"after epoch {epoch}", accuracy)
    assert reached[1] >= 0.975
    assert max(reached.values()) >= 0.983


def test_whole_set_that_is_nowhere_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TORCH_PLAYGROUND_DATA", str(tmp_path))
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", ["http://127.0.0.1:9/"])
    assert main(["train", "cnn", "dataset=mnist"]) == 2
    _, err = capsys.readouterr()
    assert err.count("\n") == 1
    assert err.startswith(f"MNIST is not in the folder {tmp_path} and can't be fetched: ")


def test_corrupt_file_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TORCH_PLAYGROUND_DATA", str(tmp_path))
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", ["http://127.0.0.1:9/"])
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("train-images", "train-labels", "t10k-images", "t10k-labels"):
        kind = "idx3" if "images" in name else "idx1"
        (raw / f"{name}-{kind}-ubyte.gz").write_text("<html>not a data set</html>")
    assert main(["train", "cnn", "dataset=mnist"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("extra", [{}, {"dropout": 0.3, "batch_norm": True, "shift": 2}], ids=["defaults", "chance"])
def test_goes_on_bit_for_bit_in_the_middle_of_an_epoch(extra: dict[str, Any]) -> None:
    config = config_of(train_size=400, num_epochs=3, **extra)
    whole, state = [], None
    for snapshot in train(config, {}):
        if snapshot.metrics:
            whole.append(snapshot.metrics)
        if snapshot.step == 11:
            state = checkpoints.checkpoint(snapshot, [m["loss/train"] for m in whole])
            state = {**state, "net": {k: v.clone() for k, v in state["net"].items()}}
            state["optimizer"] = torch.utils._pytree.tree_map(
                lambda v: v.clone() if isinstance(v, torch.Tensor) else v, state["optimizer"]
            )
            state["gradients"] = [g.clone() for g in state["gradients"]]
    assert state is not None
    assert [s.metrics for s in train(config, {}, state)] == whole[11:]


def final(**values: Any) -> dict[str, float]:
    *_, last = train(config_of(num_epochs=2, evaluate_every=1000, **values), {})
    return last.metrics


@pytest.mark.long
def test_bugs_are_seen() -> None:
    correct = final(normalize=True)
    assert final(bugs=("shuffled_labels",))["accuracy/test"] < 0.2
    unnormalized = final(normalize=True, bugs=("unnormalized_test",))
    assert unnormalized["loss/train"] == correct["loss/train"]
    assert unnormalized["loss/test"] > 2 * correct["loss/test"]
    assert final(dropout=0.9, bugs=("no_eval",))["loss/test"] > 1.2 * final(dropout=0.9)["loss/test"]
    assert final(bugs=("no_zero_grad",))["loss/test"] > 2 * final()["loss/test"]


def test_bug_that_could_not_be_seen_is_refused() -> None:
    with pytest.raises(ConfigError, match="eval"):
        config_of(bugs=("no_eval",))
    with pytest.raises(ConfigError, match="normalised"):
        config_of(bugs=("unnormalized_test",))


def test_lanes_start_equal() -> None:
    both = bug_lanes(config_of(bugs=("no_zero_grad",)))
    assert list(both) == ["run", "correct"]
    nets = [experiment("cnn").untrained(config).net.state_dict() for config in both.values()]
    assert all(torch.equal(one, nets[1][name]) for name, one in nets[0].items())


def test_view_is_small_and_leaves_training_alone() -> None:
    config = config_of(train_size=200, num_epochs=1, dropout=0.2, batch_norm=True)
    plain = [s.metrics for s in train(config, {})]
    watched = []
    for snapshot in train(config, {}):
        frame = view(config, snapshot, {})
        assert sum(array.nbytes for array in frame.arrays.values()) < 20_000
        assert frame.arrays["probability"].sum() == pytest.approx(1, abs=1e-5)
        watched.append(snapshot.metrics)
    assert watched == plain
    net = snapshot.net
    assert isinstance(net, CNN)
    expected = torch.softmax(net.eval()(to_input(digits()[2][:1], False)), dim=1)[0]
    assert torch.allclose(torch.from_numpy(frame.arrays["probability"]), expected, atol=1e-6)


VALUES: dict[str, list[Any]] = {
    "train_size": [77], "shift": [2], "rotate": [15], "channels1": [8], "channels2": [9], "channels3": [4],
    "kernel_size": [3, 7], "stride": [1], "padding": [1, 3], "dropout": [0.3], "seed": [0], "lr": [0.01, 10.0],
    "batch_size": [16], "num_epochs": [1, 3], "evaluate_every": [1], "device": ["cpu"],
}  # fmt: skip
NEEDED: dict[Any, dict[str, Any]] = {"no_eval": {"dropout": 0.2}, "unnormalized_test": {"normalize": True}}


def one_at_a_time() -> list[Any]:
    cases = []
    for name, setting in CNNConfig.settings().items():
        kind = kind_of(CNNConfig, name)
        values = VALUES.get(name) or (
            [not CNNConfig.default(name)]
            if kind == "bool"
            else [(choice,) if kind == "choices" else choice for choice in setting.choices or ()]
        )
        for value in values:
            if name != "dataset" and value != CNNConfig.default(name):
                needed = NEEDED.get(value[0], {}) if name == "bugs" else {}
                cases.append(pytest.param({**needed, name: value}, id=f"{name}={value}"))
    return cases


@pytest.mark.one_in(4)
@pytest.mark.parametrize("values", [{}, *one_at_a_time()])
def test_script_prints_the_losses_of_the_run(values: dict[str, Any], run_script: Scripts) -> None:
    config = config_of(**{"train_size": 200, "num_epochs": 2, **values})
    assert run_script(script(config)) == records(config)


def test_script_with_changes_of_the_learning_rate(run_script: Scripts) -> None:
    config = config_of(train_size=200, num_epochs=2, optimizer="SGD")
    changes = {3: {"lr": 0.1}, 6: {"lr": 0.02}}
    assert run_script(script(config, changes)) == records(config, changes)


def test_default_script_reads_like_the_tutorial() -> None:
    text = script(config_of())
    assert "self.conv1 = nn.Sequential(nn.Conv2d(1, 16, 5, 2, 2), nn.ReLU(), nn.MaxPool2d(2))" in text
    assert "self.conv2 = nn.Sequential(nn.Conv2d(16, 32, 5, 1, 2), nn.ReLU())" in text
    for trace in ("config", "resume", "changes", "getattr", "bfloat16", "import torchvision"):
        assert trace not in text


def test_every_choice_goes_through_a_link_and_back() -> None:
    for name, setting in CNNConfig.settings().items():
        for choice in setting.choices or ():
            own = {"own_images": "0123456789abcdef-20-3"} if choice == "own" else {}
            values = {"bugs": "no_zero_grad"} if name == "bugs" else {name: choice, **own}
            config = CNNConfig.create(values)
            assert CNNConfig.create(config.to_query()) == config


@pytest.mark.parametrize(
    "wish",
    [
        None, [], {"part": "weights"}, {"image": -1}, {"image": 1000}, {"image": 1.5}, {"channel": 64},
        {"version": "1"}, {"drawing": "no base64!"}, {"drawing": "QUJD"}, {"drawing": 7},
    ],
)  # fmt: skip
def test_what_can_not_be_looked_at_is_refused(wish: object) -> None:
    with pytest.raises(ValueError, match=r"no (such|drawing)"):
        focus(wish)


def test_looking_leaves_no_trace_in_the_run() -> None:
    """Losses are the same whatever is looked at between the steps, saliency's backward pass included."""
    config = CNNConfig.create({"device": "cpu", "dropout": 0.5, "batch_norm": True, "bugs": "no_zero_grad"})
    wishes = [{}, focus({"part": "convolution", "channel": 3}), focus({"part": "test"}), focus({"image": 5})]
    plain: list[float | None] = []
    looked_at: list[float | None] = []
    for losses, looks in ((plain, []), (looked_at, wishes)):
        for snapshot in train(config, {}):
            for look in looks:
                view(config, snapshot, look)
            losses.append(snapshot.metrics.get("loss/train"))
            if snapshot.step == 12:
                break
    assert plain == looked_at


def test_the_parts_of_the_picture() -> None:
    config = CNNConfig.create({"device": "cpu", "channels1": 6})
    snapshot = untrained(config)
    layers = view(config, snapshot, focus({"image": 3}))
    assert layers.facts["label"] == make_data(config)[3][3]
    assert layers.arrays["filters"].shape == (6, 5, 5)
    assert layers.arrays["probability"].sum() == pytest.approx(1, abs=1e-5)
    close = view(config, snapshot, focus({"part": "convolution", "channel": 2, "image": 3}))
    net = snapshot.net
    assert isinstance(net, CNN)
    first = net.conv1[0]
    assert isinstance(first, nn.Conv2d)
    image = torch.from_numpy(layers.arrays["input"])[None, None].float() / 255
    assert close.arrays["output"] == pytest.approx(first(image)[0, 2].detach().numpy(), abs=1e-6)
    tested = view(config, snapshot, focus({"part": "test"}))
    assert tested.arrays["confusion"].sum() == 1000
    wrong = 1000 - tested.arrays["confusion"].trace()
    assert len(tested.arrays["mistakes"]) == min(12, wrong)
    said = tested.arrays["mistake_probability"].argmax(axis=1)
    assert (said != tested.arrays["mistake_labels"]).all()
    sure = tested.arrays["mistake_probability"].max(axis=1)
    assert (sure[:-1] >= sure[1:]).all()


def test_shapes_of_settings_that_work_and_that_do_not() -> None:
    rows = shapes(CNNConfig())
    assert sum(row.parameters for row in rows) == 28_938
    assert [row.output for row in rows][-2:] == [(1568,), (10,)]
    assert next(row for row in rows if row.name == "conv2.0").flops == 2 * 5 * 5 * 16 * 32 * 7 * 7
    broken = shapes(CNNConfig.model_construct(**{**dict(CNNConfig()), "kernel_size": 7, "padding": 0}))
    assert broken[-1].output is None
    assert str(broken[-1].problem) == "Conv2d gets 16 x 5 x 5: with padding 0 that is too small for a 7 x 7 kernel."
