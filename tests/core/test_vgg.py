"""VGG: torchvision's networks and ours, sizes and memory by arithmetic, losses and scripts."""

import json
import math
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core import checkpoints
from core.changes import Changes
from core.config import ConfigError, TrainingConfig, kind_of
from core.data.image_sets import load_images
from core.engine.assignment import Assignment, bytes_of_a_run
from core.engine.manager import Manager
from core.engine.record import Folder
from core.engine.run import Run
from core.engine.worker import Worker
from core.experiments.vgg import (
    PRESETS,
    VGGConfig,
    as_asked,
    build_net,
    cannot_start,
    focus,
    is_large,
    lanes,
    shapes,
    to_input,
    train,
    untrained,
    view,
)
from core.experiments.vgg.pace import Cost, measure
from core.export import script
from core.images.focus import shown_images
from core.models import VGG, make_layers
from core.refused import Refused
from core.shapes import memory
from core.shapes.stack import stack
from tests.core.scripts import Records, Scripts
from tests.waiting import until

SMALL: dict[str, Any] = {"cfg": "M,32,M,64,M", "train_size": 100, "num_epochs": 1, "evaluate_every": 100}
"""Settings that are quick to train."""


def config_of(**values: Any) -> VGGConfig:
    return VGGConfig.create({"device": "cpu", **values})


def records(config: VGGConfig, changes: Changes | None = None) -> Records:
    """What the loop measures, as it would be printed."""
    return [
        {"step": s.step, "epoch": s.epoch} | {k: v if math.isfinite(v) else None for k, v in s.metrics.items()}
        for s in train(config, changes or {})
        if s.metrics
    ]


def count(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def test_the_tutorials_list_has_as_many_parameters_as_it_should() -> None:
    with torch.device("meta"):
        assert count(make_layers(PRESETS["VGG-16"], batch_norm=True)) == 14_723_136
    assert config_of(width="1").scaled_cfg == PRESETS["VGG-16"] == VGGConfig.default("cfg")


@pytest.mark.one_in(3)
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("name", ["VGG-11", "VGG-13", "VGG-16", "VGG-19"])
def test_presets_are_torchvisions_networks(name: str, batch_norm: bool) -> None:
    """The same parameters by the same names and, with the same weights, the same logits."""
    theirs_of = getattr(torchvision.models, name.lower().replace("-", "") + ("_bn" if batch_norm else ""))
    with torch.device("meta"):
        theirs = theirs_of(num_classes=1000, init_weights=False)
        ours = VGG(PRESETS[name], 512 * 7 * 7, batch_norm=batch_norm, hidden=4096, n_output=1000)
    assert count(ours) == count(theirs)
    assert {k: v.shape for k, v in ours.state_dict().items()} == {k: v.shape for k, v in theirs.state_dict().items()}
    if batch_norm is (name in ("VGG-11", "VGG-19")):
        return  # half a gigabyte of weights each: every preset gives its logits once
    torch.manual_seed(1)
    theirs = theirs.to_empty(device="cpu")
    for tensor in theirs.state_dict().values():
        if tensor.is_floating_point():  # a piece of chance over and over: drawing 140 million numbers would take long
            chance = (torch.rand(min(10_007, tensor.numel())) + 0.05 if tensor.dim() == 1 else torch.randn(10_007)) / 30
            tensor.copy_(chance.repeat(tensor.numel() // len(chance) + 1)[: tensor.numel()].reshape(tensor.shape))
        else:
            tensor.zero_()
    ours.load_state_dict(theirs.state_dict(), assign=True)
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        expected = theirs.eval()(x)
        assert torch.equal(ours.eval()(x), expected)
    assert expected.std() > 0


layer = st.one_of(st.integers(1, 40), st.just("M"))


@given(
    cfg=st.lists(layer, min_size=1, max_size=9),
    size=st.sampled_from([28, 32, 64]),
    in_channels=st.sampled_from([1, 3]),
    batch_norm=st.booleans(),
    head=st.sampled_from(["linear", "paper"]),
)
@settings(max_examples=40, deadline=None)
def test_sizes_by_arithmetic_are_those_of_the_network(
    cfg: list[int | str], size: int, in_channels: int, batch_norm: bool, head: str
) -> None:
    values = {"size": size, "in_channels": in_channels, "batch_norm": batch_norm, "head": head, "width": "1/16"}
    known = config_of(**values, cfg=PRESETS["small"])
    unchecked = as_asked(known, {**dict(known), "width": "1", "cfg": str(cfg)})
    sizes, rows = unchecked.stack, shapes(unchecked)
    if sizes.broken is not None:
        with pytest.raises(ConfigError, match=f"Layer {sizes.broken + 1}, an M, gets 1 x 1 pixels"):
            known.changed(width="1", cfg=cfg)
        assert rows[-1].output is None
        assert rows[-1].layer.startswith("MaxPool2d")
        assert sum(row.layer.startswith("MaxPool2d") for row in rows) == cfg[: sizes.broken + 1].count("M")
        return
    assert rows[-1].problem is None
    assert sizes.parameters == sum(row.parameters for row in rows)
    assert sizes.flops == sum(row.flops for row in rows)
    net = build_net(known.changed(width="1", cfg=cfg, head=head))
    assert count(net) == sizes.parameters
    assert net(torch.zeros(2, in_channels, size, size)).shape == (2, 10)


def test_28_pixels_die_at_the_fifth_pooling() -> None:
    with pytest.raises(ConfigError, match="Layer 18, an M, gets 1 x 1 pixels"):
        config_of(size=28)
    unchecked = as_asked(config_of(), {**dict(config_of()), "size": 28})
    rows = shapes(unchecked)
    assert sum(row.layer.startswith("MaxPool2d") for row in rows) == 5
    assert str(rows[-1].problem) == "MaxPool2d gets 512 x 1 x 1: too small to halve it once more.".replace("512", "128")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"cfg": [64, 10**9]}, "“1000000000” is neither 'M' nor a number of channels from 1 to 1024"),
        ({"cfg": "64, " * 20_000}, "At most 64 entries fit here"),
        ({"cfg": [64] * 20_000}, "At most 64 entries fit here"),
        ({"cfg": "64, N"}, "“N” is neither 'M' nor"),
        ({"cfg": "9" * 50_000}, "is neither 'M' nor"),
        ({"cfg": "-3"}, "“-3” is neither"),
        ({"cfg": [2.5]}, "“2.5” is neither"),
        ({"cfg": [None]}, "“None” is neither"),
        ({"cfg": [True]}, "“True” is neither"),
        ({"cfg": "[]"}, "At least 1 entries are needed here"),
        ({"cfg": [1024] * 60 + ["M"] * 4, "width": "1", "size": 224}, "would have 559 million parameters: at most 150"),
        ({"width": "2"}, "is not one of"),
        ({"size": 1000}, "is not one of"),
        ({"train_size": 20}, "At least one batch"),
        ({"compare": "init", "bugs": "no_eval"}, "Either two networks side by side"),
        ({"batch_norm": False, "bugs": "no_eval"}, "A missing eval"),
        ({"dataset": "own"}, "upload a zip"),
        ({"cfg": "8,M,8,M,8,M,8,M,8,M,8", "train_size": 101}, "batch norm needs more"),
    ],
)
def test_what_can_not_be_is_told_and_takes_no_memory(values: dict[str, Any], sentence: str) -> None:
    tracemalloc.start()
    with pytest.raises(ConfigError, match=sentence):
        config_of(**values)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "text", ["64, 'M', 128", "[64, 'M', 128]", "cfg = [64, 'M', 128]", "(64,m,128)", "64,M,128", "[64, ‘M‘, 128]"]
)
def test_the_list_is_read_as_people_type_it(text: str) -> None:
    assert config_of(cfg=text).cfg == (64, "M", 128)


def test_the_largest_network_within_bounds_is_checked_without_memory_for_it() -> None:
    config = config_of(cfg=PRESETS["VGG-19"], width="1", size=224, head="paper", batch_size=512)
    assert is_large(config)
    assert cannot_start(config) is not None
    assert next(untrained(config).net.parameters()).is_meta


def test_what_would_not_fit_is_refused_before_it_starts(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: memory.RESERVE + 100_000_000)
    with pytest.raises(Refused, match=r"would take about 0.4 GB of memory, and 0.1 GB are free"):
        manager.start("somebody", config_of(width="1"))
    assert cannot_start(config_of()) is None
    assert memory.available() is not None


CHILD = """
import gc, json, os, sys, torch, torch._dynamo
from core.experiments.vgg import VGGConfig, memory, train
torch.set_num_threads(1)
def kilobytes(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))
def steps(config, count):
    for number, _ in enumerate(train(config, {})):
        if number == count:
            return
for values in sys.argv[1:]:
    if os.fork():
        os.wait()
        continue
    config = VGGConfig.create(json.loads(values))
    steps(config.changed(cfg=(4, "M"), width="1", size=28, batch_size=16), 1)
    gc.collect()
    before = kilobytes("VmRSS")
    open("/proc/self/clear_refs", "w").write("5")
    steps(config, 4)
    print(json.dumps([memory(config), 1024 * (kilobytes("VmHWM") - before)]), flush=True)
    os._exit(0)
"""


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells a process's peak memory")
def test_memory_is_what_was_predicted() -> None:
    """Each in a process of its own, forked from one that has imported what they need."""
    networks: list[dict[str, Any]] = [
        {},
        {"width": "1"},
        {"width": "1/2", "batch_size": 128, "batch_norm": False},
        {"head": "paper", "width": "1/2", "size": 64, "batch_size": 16, "optimizer": "SGD"},
    ]
    child = [sys.executable, "-c", CHILD, *(json.dumps({"device": "cpu", **values}) for values in networks)]
    printed = subprocess.run(child, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]).stdout
    for values, (predicted, taken) in zip(networks, map(json.loads, printed.splitlines()), strict=True):
        print(values, f"{predicted / 1e6:.0f} MB predicted, {taken / 1e6:.0f} MB taken")
        assert predicted == pytest.approx(taken, rel=0.2), values


@pytest.mark.parametrize("size", [28, 32, 64])
@pytest.mark.parametrize("in_channels", [1, 3])
@pytest.mark.parametrize("dataset", ["digits", "shapes"])
def test_images_of_any_kind_become_what_the_network_takes(dataset: str, in_channels: int, size: int) -> None:
    config = config_of(dataset=dataset, in_channels=in_channels, size=size, cfg="8,M")
    images, _ = shown_images(config)
    x = to_input(config, images[:3])
    assert x.shape == (3, in_channels, size, size) and x.dtype == torch.float32
    assert -1 <= float(x.min()) < float(x.max()) <= 1
    if dataset == "digits" and size == 32:
        assert torch.equal(x[:, 0, 2:30, 2:30], 2 * (images[:3].float() / 255) - 1)
    if dataset == "shapes" and size == 32 and in_channels == 3:
        assert torch.equal(x, 2 * (images[:3].float() / 255) - 1)


@pytest.mark.long
def test_coloured_shapes_are_learned_and_colour_images_are_balanced() -> None:
    images, labels, test_images, test_labels = load_images(config_of(dataset="shapes"))
    assert images.shape == (4000, 3, 32, 32) and test_images.shape == (1000, 3, 32, 32)
    assert torch.bincount(labels).tolist() == [400] * 10 and torch.bincount(test_labels).tolist() == [100] * 10
    rows = records(config_of(dataset="shapes", cfg=PRESETS["small"], num_epochs=3, evaluate_every=1000))
    assert rows[-1]["accuracy/test"] > 0.4


@pytest.mark.long
def test_deep_is_hard_without_batch_norm() -> None:
    """What the lesson says: the gradient fades on its way down, and nothing is learned; batch norm cures both."""
    gradients, losses = {}, {}
    for batch_norm in (True, False):
        config = config_of(batch_norm=batch_norm, num_epochs=1, evaluate_every=1000)
        for snapshot in train(config, {}):
            if snapshot.step == 1:
                seen = view(config, snapshot, focus({"part": "depth"})).arrays
                gradients[batch_norm] = seen["gradient"]
            if snapshot.step == 40:
                losses[batch_norm] = snapshot.metrics["loss/train"]
                break
    assert gradients[True][0] > 0.1 * gradients[True][-1]
    assert gradients[False][0] < 1e-3 * gradients[False][-1]
    assert losses[True] < 1 < 2.2 < losses[False]


def test_good_weights_learn_where_bad_ones_do_not() -> None:
    losses = {}
    for init in ("kaiming", "small"):
        config = config_of(batch_norm=False, init=init, width="1/8", num_epochs=1, evaluate_every=1000)
        rows = [s.metrics["loss/train"] for s in train(config, {}) if s.metrics]
        losses[init] = sum(rows[-10:]) / 10
    assert losses["kaiming"] < 1 < 2.29 < losses["small"]


def of_each(lanes: dict[str, TrainingConfig], setting: str) -> list[object]:
    """What a setting is in each lane."""
    return [getattr(config, setting) for config in lanes.values()]


def test_two_networks_side_by_side_differ_in_one_thing() -> None:
    both = lanes(config_of(compare="batch_norm"))
    assert of_each(both, "batch_norm") == [True, False]
    both = lanes(config_of(compare="init", batch_norm=False))
    assert of_each(both, "init") == ["default", "small"]
    both = lanes(config_of(compare="init", init="small"))
    assert of_each(both, "init") == ["small", "kaiming"]
    assert list(lanes(config_of(bugs="no_eval"))) == ["run", "correct"]


@pytest.mark.long
@pytest.mark.usefixtures("mnist")
def test_a_small_list_reads_the_whole_of_mnist(record_property: Callable[[str, object], None]) -> None:
    values = {"size": 28, "in_channels": 1, "batch_size": 100, "num_epochs": 1, "evaluate_every": 1000}
    *_, last = train(config_of(dataset="mnist", cfg=PRESETS["small"], **values), {})
    record_property("accuracy", last.metrics["accuracy/test"])
    assert last.metrics["accuracy/test"] >= 0.98


VALUES: dict[str, list[Any]] = {
    "train_size": [77], "shift": [2], "cfg": [(8,), ("M", 16, "M", "M", 8)], "dropout": [0.2], "seed": [0],
    "lr": [0.01, 10.0], "batch_size": [16], "num_epochs": [2], "evaluate_every": [1], "device": ["cpu"],
    "size": [28, 64],
}  # fmt: skip
NEEDED: dict[str, dict[str, Any]] = {"dropout": {"head": "paper"}, "head": {"width": "1/16"}}


def one_at_a_time() -> list[Any]:
    cases = []
    for name, setting in VGGConfig.settings().items():
        kind = kind_of(VGGConfig, name)
        values = VALUES.get(name) or (
            [not VGGConfig.default(name)]
            if kind == "bool"
            else [(choice,) if kind == "choices" else choice for choice in setting.choices or ()]
        )
        for value in values:
            if value not in (VGGConfig.default(name), "mnist", "fashion_mnist", "cifar10", "own"):
                cases.append(pytest.param({**NEEDED.get(name, {}), name: value}, id=f"{name}={value}"))
    return cases


@pytest.mark.one_in(4)
@pytest.mark.parametrize("values", [{}, *one_at_a_time(), {"cfg": PRESETS["VGG-16"], "width": "1/16"}])
def test_script_prints_the_losses_of_the_run(values: dict[str, Any], run_script: Scripts) -> None:
    config = config_of(**{**SMALL, **values})
    assert run_script(script(config)) == records(config)


def test_script_with_changes_of_the_learning_rate(run_script: Scripts) -> None:
    config = config_of(**{**SMALL, "num_epochs": 2}, optimizer="SGD")
    changes = {2: {"lr": 0.1}, 3: {"lr": 0.02}}
    assert run_script(script(config, changes)) == records(config, changes)


def test_default_script_reads_like_the_tutorial() -> None:
    text = script(config_of(width="1"))
    assert "if isinstance(v, str):\n            layers += [nn.MaxPool2d(kernel_size=2, stride=2)]" in text
    assert "return nn.Sequential(*layers)" in text
    assert '64, 64, "M", 128, 128, "M"' in text
    for trace in ("config", "resume", "changes", "bfloat16", "hidden", "coloured", "initialise", "mirror"):
        assert trace not in text


@pytest.mark.parametrize("values", [{}, {"head": "paper", "width": "1/16", "shift": 2, "flip": True}])
def test_goes_on_bit_for_bit(values: dict[str, Any], data_folder: Path) -> None:
    config = config_of(**{**SMALL, "num_epochs": 3, **values})
    data_folder.mkdir()
    whole = []
    for snapshot in train(config, {}):
        if snapshot.metrics:
            whole.append(snapshot.metrics)
        if snapshot.step == 3:
            losses = [metrics["loss/train"] for metrics in whole]
            checkpoints.save(checkpoints.checkpoint(snapshot, losses), data_folder / "3.pt")
    state = checkpoints.load(data_folder / "3.pt")
    assert [s.metrics for s in train(config, {}, state)] == whole[3:]


def test_looking_leaves_no_trace_in_the_run() -> None:
    values = {**SMALL, "num_epochs": 2, "head": "paper", "width": "1/16", "bugs": "no_zero_grad"}
    looked_at = []
    for snapshot in train(config_of(**values), {}):
        for look in ({}, focus({"part": "depth"}), focus({"part": "test"}), focus({"image": 5})):
            frame = view(config_of(**values), snapshot, look)
            assert sum(array.nbytes for array in frame.arrays.values()) < 60_000
        looked_at += [snapshot.metrics["loss/train"]] if snapshot.metrics else []
    assert looked_at == [row["loss/train"] for row in records(config_of(**values))]


def test_what_is_seen_is_what_the_network_says() -> None:
    config = config_of(dataset="shapes", cfg=PRESETS["middle"], width="1/16", train_size=200, num_epochs=1)
    *_, snapshot = train(config, {})
    images, labels = shown_images(config)
    frame = view(config, snapshot, focus({"image": 3}))
    net = snapshot.net.eval()
    said = torch.softmax(net(to_input(config, images[3:4])), dim=1)[0].detach().numpy()
    assert frame.arrays["probability"] == pytest.approx(said, abs=1e-6)
    assert np.array_equal(frame.arrays["input"], images[3].numpy()) and frame.facts["label"] == labels[3]
    assert [frame.arrays[f"maps{block}"].shape for block in (1, 2, 3)] == [(8, 32, 32), (16, 16, 16), (16, 8, 8)]
    assert frame.arrays["filters"].shape == (8, 3, 3, 3) and frame.facts["sides"] == [32, 16, 8]
    net.train()
    depth = view(config, snapshot, focus({"part": "depth"}))
    norms = [p.grad.norm().item() for p in net.parameters() if p.dim() > 1 and p.grad is not None]
    assert depth.arrays["gradient"] == pytest.approx(norms, rel=1e-5)
    assert len(depth.facts["names"]) == len(depth.arrays["signal"]) == 7
    tested = view(config, snapshot, focus({"part": "test"}))
    assert tested.arrays["confusion"].sum() == 1000
    assert np.trace(tested.arrays["confusion"]) / 1000 == pytest.approx(snapshot.metrics["accuracy/test"])


def test_before_the_images_are_here_and_of_large_networks_there_is_something_to_see() -> None:
    for values in ({"dataset": "cifar10"}, {"size": 224, "width": "1", "head": "paper"}):
        config = config_of(**values)
        for part in ("layers", "depth", "test"):
            frame = view(config, untrained(config), focus({"part": part}))
            assert frame.step == 0 and frame.facts["part"] == part


def test_every_choice_goes_through_a_link_and_back() -> None:
    for name, setting in VGGConfig.settings().items():
        for choice in setting.choices or ():
            values = {"dataset": "own", "own_images": "0123456789abcdef-20-3-3"} if choice == "own" else {name: choice}
            cfg = {"cfg": PRESETS["middle"]} if name == "size" else {}
            config = VGGConfig.create({**cfg, **values})
            assert VGGConfig.create(config.to_query()) == config


@pytest.mark.parametrize("wish", [None, {"part": "convolution"}, {"image": 1000}, {"drawing": "?"}])
def test_what_can_not_be_looked_at_is_refused(wish: object) -> None:
    with pytest.raises(ValueError, match="no "):
        focus(wish)


def test_two_networks_in_the_engine(start: Callable[..., Run]) -> None:
    values = {**SMALL, "width": "1/16", "init": "kaiming"}
    run = start(config_of(**values, compare="batch_norm"))
    until(lambda: not run.alive)
    for lane, batch_norm in (("run", True), ("other", False)):
        expected = [row["loss/train"] for row in records(config_of(**values, batch_norm=batch_norm))]
        assert run.history[lane]["loss/train"]["value"] == expected


def test_of_large_networks_fewer_steps_are_kept(tmp_path: Path) -> None:
    config = config_of(**{**SMALL, "num_epochs": 60})
    folder = Folder(tmp_path / "run")
    folder.create({"run": config}, {})
    keep_every = {}
    for most in (bytes_of_a_run(), 3 * 16 * config.stack.parameters, 1):
        assignment = Assignment({"run": config}, folder.path, keep_bytes=most)
        keep_every[most] = Worker(Pipe()[1], assignment).keeper.every
    assert list(keep_every.values()) == [120 // 40, 120 // 3, 120]


@pytest.mark.long
def test_an_epochs_time_is_measured_and_scales_with_the_work() -> None:
    small, large = ([measure(config_of(width=width)) for _ in range(5)] for width in ("1/16", "1/2"))
    train, test = (min(getattr(cost, name) for cost in small) for name in ("train", "test"))  # the least disturbed
    assert small[0].images == 50 and 0 < test < train < min(cost.train for cost in large)
    cost = Cost(train=0.01, test=0.002, images=50)
    config = config_of(evaluate_every=40)
    assert cost.epoch(config) == pytest.approx(4000 * 0.01 + 3 * 1000 * 0.002)


def test_the_stack_knows_its_parts() -> None:
    parts = stack((64, "M"), 32, 3, True, 0, 10)
    assert [layer.kind for layer in parts.layers] == ["conv", "M", "linear"]
    assert parts.features == 64 * 16 * 16 and parts.flops == 2 * 27 * 64 * 1024 + 2 * parts.features * 10
