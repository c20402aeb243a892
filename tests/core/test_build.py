"""A network of one's own: what it trains, what is seen of it, and its script."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from core import checkpoints
from core.blocks import read, write
from core.blocks.fitting import check
from core.blocks.presets import PRESETS
from core.changes import Changes
from core.config import ConfigError
from core.data.digits import digits
from core.engine.run import Run
from core.experiments.build import (
    PARTS,
    TUTORIAL_CNN,
    BuildConfig,
    at_once,
    build_net,
    focus,
    in_parts,
    moving,
    scene_of,
    stages_of,
    train,
    untrained,
    view,
)
from core.experiments.cnn import CNNConfig
from core.experiments.cnn import train as train_cnn
from core.export import notebook, script
from tests.core.scripts import Records
from tests.core.test_export import check_text
from tests.waiting import until

RESNET = (
    "Conv2d(1,4,3,stride=2,padding=1),BatchNorm2d(4),ReLU(),Residual(Conv2d(4,4,3,padding=1),BatchNorm2d(4),ReLU()),"
    "MaxPool2d(2),Dropout(p=0.3),AdaptiveAvgPool2d(2),Flatten(),LayerNorm(16),Linear(16,10)"
)
POINTS = "Linear(2,8),Tanh(),Residual(Linear(8,8),LeakyReLU(negative_slope=0.1)),Linear(8,2)"


def config_of(**values: Any) -> BuildConfig:
    return BuildConfig.create({"device": "cpu", **values})


def records(config: BuildConfig, changes: Changes | None = None) -> Records:
    """What the loop measures, as it would be printed."""
    return [
        {"step": s.step, "epoch": s.epoch} | {k: v if math.isfinite(v) else None for k, v in s.metrics.items()}
        for s in train(config, changes or {})
        if s.metrics
    ]


def test_the_tutorials_network_trains_as_on_its_own_page() -> None:
    cnn = train_cnn(CNNConfig.create({"device": "cpu", "num_epochs": 1, "train_size": 1000}), {})
    expected = [s.metrics["loss/train"] for s in cnn if s.metrics]
    losses = [row["loss/train"] for row in records(config_of(num_epochs=1, train_size=1000))]
    assert losses == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"blocks": RESNET, "optimizer": "SGD", "lr": 0.1},
        {"blocks": PRESETS["conv1d"].blocks, "bugs": "softmax"},
        {"blocks": RESNET, "bugs": "no_eval,no_zero_grad", "optimizer": "RMSprop"},
        {"dataset": "shapes", "blocks": "Conv2d(3,4,5,4),ReLU,Flatten,Linear(196,10)", "optimizer": "AdamW"},
        {"dataset": "spirals", "blocks": POINTS, "num_epochs": 20, "evaluate_every": 3},
        {"dataset": "blobs", "blocks": "Linear(2,3)", "spread": 2.5, "points_per_class": 20, "batch_size": 7},
    ],
    ids=["tutorial", "resnet", "1-D", "bugs", "colours", "points", "blobs"],
)
def test_the_script_prints_the_same_losses(values: dict[str, Any], run_script: Callable[..., Records]) -> None:
    small = {} if values.get("dataset") in ("spirals", "blobs") else {"train_size": 300, "num_epochs": 1}
    config = config_of(**{**small, **values})
    text = script(config, {3: {"lr": 0.01}})
    if values.get("dataset") != "shapes":  # its drawing has lines of 120
        check_text(re.sub("^DIGITS = .*", "", text, flags=re.MULTILINE))
    assert config.source in text, "the class that ran is the class on the screen"
    assert run_script(text) == records(config, {3: {"lr": 0.01}})


def test_the_class_stands_in_the_notebook_as_a_cell_of_its_own() -> None:
    cells = json.loads(notebook(config_of(blocks=RESNET)))["cells"]
    [model] = [cell for cell in cells if cell["id"] == "model"]
    assert "".join(model["source"]).startswith("class Residual(nn.Module):")
    assert "nn.Sequential(" in "".join(model["source"])


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"blocks": "Flatten,Linear(783,10)"}, "blocks", "Linear has in_features=783, but its input has 784."),
        ({"blocks": "Flatten,Linear(784,9)"}, "blocks", "The network outputs 9, but 10 classes need 10 numbers."),
        ({"blocks": "ReLU()," * 99}, "blocks", "99 blocks are too many: at most 64."),
        ({"dataset": "moons"}, "blocks", "Conv2d wants channels x height x width here and gets 2."),
        ({"dataset": "own"}, "dataset", "Own images: upload a zip with a folder of images for each class first."),
        ({"train_size": 10}, "train_size", "At least one batch of training images is needed."),
        ({"bugs": "no_eval"}, "bugs", "A missing eval() changes nothing here: add Dropout or BatchNorm first."),
        (
            {
                "dataset": "moons",
                "blocks": "Linear(2,4),BatchNorm1d(4),Linear(4,2)",
                "points_per_class": 51,
                "batch_size": 101,
            },
            "blocks",
            "BatchNorm1d gets one number a channel to take a mean of: it needs two or more.",
        ),
    ],
)
def test_what_cannot_be_trained_is_told(values: dict[str, Any], field: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config_of(**values)
    assert [(problem.field, str(problem)) for problem in refused.value.problems] == [(field, sentence)]


def test_equal_networks_are_equal_configs_and_links_carry_them() -> None:
    config = config_of(blocks="nn.Flatten(),nn.Linear( in_features=784, out_features=10 )")
    assert config == config_of(blocks="Flatten,Linear(784,10)")
    assert BuildConfig.create(config.to_query()) == config
    longest = write(
        read(
            "Residual(" + "Linear(28,28,bias=False),LeakyReLU(negative_slope=0.123)," * 30 + "),Flatten,Linear(784,10)"
        )
    )
    assert config_of(blocks=longest).to_query()["blocks"] == longest and len(longest) < 8000


@pytest.mark.parametrize("name", PRESETS)
def test_networks_to_begin_with_work_where_they_are_made_for(name: str) -> None:
    preset = PRESETS[name]
    values = {"dataset": preset.dataset, "blocks": preset.blocks, "lr": preset.lr, "batch_size": preset.batch_size}
    config = config_of(num_epochs=preset.num_epochs, **values)
    assert config.blocks == preset.blocks, "written as it is read"
    assert len(stages_of(config)) <= 8


def test_points_are_learned_to_the_last() -> None:
    preset = PRESETS["points"]
    rows = records(config_of(dataset="spirals", blocks=preset.blocks, lr=preset.lr, num_epochs=preset.num_epochs))
    assert rows[-1]["accuracy/test"] > 0.97


def test_goes_on_from_a_kept_step_bit_for_bit(start: Callable[..., Run], manager: Any) -> None:
    config = config_of(blocks=RESNET, train_size=200, num_epochs=3, evaluate_every=2)
    whole = records(config)
    run = start(config.with_steps(8), speed=0)
    until(lambda: run.status == "finished")
    again = manager.resume(run.owner, run.id, run.kept[-1], num_steps=12)
    until(lambda: again.status == "finished")
    assert again.folder.rows("run") == whole


def test_a_kept_network_is_read_back() -> None:
    snapshot = untrained(config_of(blocks=RESNET))
    state = checkpoints.checkpoint(snapshot, [])
    assert set(state["net"]) == set(build_net(config_of(blocks=RESNET)).state_dict())


def test_an_image_on_its_way_is_what_the_layers_make_of_it() -> None:
    config = config_of(blocks=RESNET)
    snapshot = untrained(config)
    frame = view(config, snapshot, {"part": "blocks", "image": 3, "version": 5})
    _, _, images, labels = digits()
    assert frame.facts == {"part": "blocks", "version": 5, "image": 3, "label": int(labels[3]), "drawn": False}
    assert np.array_equal(frame.arrays["input"], images[3].numpy())
    stages = stages_of(config)
    assert [stage.name for stage in stages][:2] == ["Conv2d → BatchNorm2d → ReLU", "Residual"]
    assert snapshot.net.training, "a look leaves it as it was"
    snapshot.net.eval()
    x = images[3][None, None].float() / 255
    with torch.no_grad():
        for number, stage in enumerate(stages):
            maps = snapshot.net.layers[: stage.end](x)[0]  # type: ignore[index, operator]
            bytes_of_maps = frame.arrays[f"maps{number}"].astype(float) - 128
            assert bytes_of_maps.shape[0] == maps.shape[0] == stage.shape[0]
            size = maps.abs().amax()
            assert np.abs(bytes_of_maps / 127 - (maps / size).reshape(bytes_of_maps.shape).numpy()).max() < 0.01
        probability = torch.softmax(snapshot.net(x), dim=1)[0]
    assert frame.arrays["probability"] == pytest.approx(probability.numpy(), abs=1e-6)


def test_maps_stay_few_and_small() -> None:
    wide = "Conv2d(1,512,1),ReLU,MaxPool2d(4),Flatten,Linear(25088,10)"
    frame = view(config_of(blocks=wide), untrained(config_of(blocks=wide)), {})
    assert sum(array.nbytes for array in frame.arrays.values()) < 70_000


def test_the_test_set_is_seen_in_parts_and_less_of_it_where_it_costs_much() -> None:
    config = config_of()
    snapshot = untrained(config)
    frame = view(config, snapshot, focus({"part": "test"}))
    assert frame.facts["tested"] == 1000 and frame.arrays["confusion"].sum() == 1000
    heavy = config_of(
        blocks="Conv2d(1,64,5,padding=2),ReLU,Conv2d(64,64,5,padding=2),AdaptiveAvgPool2d(1),Flatten,Linear(64,10)"
    )
    assert 50 <= view(heavy, untrained(heavy), {"part": "test"}).facts["tested"] < 100
    assert torch.equal(in_parts(lambda x: 2 * x, torch.arange(450.0), 200), 2 * torch.arange(450.0))


def test_colours_are_seen_as_they_are() -> None:
    config = config_of(dataset="shapes", blocks="Conv2d(3,4,5,4),ReLU,Flatten,Linear(196,10)")
    frame = view(config, untrained(config), {"drawing": ""})
    assert frame.arrays["input"].shape == (3, 32, 32)
    tested = view(config, untrained(config), {"part": "test"})
    assert tested.arrays["mistakes"].shape[1:] == (3, 32, 32)


def test_the_boundary_of_points() -> None:
    config = config_of(dataset="spirals", blocks=POINTS)
    frame = view(config, untrained(config), {"part": "blocks"})
    assert frame.arrays["decision"].shape == (100, 100)
    assert scene_of(config).domain == (-6, 6, -6, 6)
    assert np.array_equal(moving(config, untrained(config), {}).arrays["decision"], frame.arrays["decision"])
    larger = config_of(dataset="spirals", blocks="Linear(2,100),Tanh,Linear(100,100),Tanh,Linear(100,2)")
    fine, drawn = (draw(larger, untrained(larger), {}).arrays["decision"] // 127 for draw in (view, moving))
    assert fine.shape == drawn.shape and 0.99 < (fine == drawn).mean() <= 1
    wide = config_of(dataset="spirals", blocks="Linear(2,2000),ReLU,Linear(2000,1000),ReLU,Linear(1000,2)")
    assert view(wide, untrained(wide), {}).arrays["decision"].shape == (20, 20)


@pytest.mark.parametrize("wish", [{"part": "layers"}, {"part": "blocks", "image": -1}, "blocks"])
def test_only_what_there_is_can_be_looked_at(wish: Any) -> None:
    with pytest.raises(ValueError):
        focus(wish)
    assert [focus({"part": part})["part"] for part in PARTS] == list(PARTS)


def test_the_estimate_of_memory_counts_weights_and_outputs() -> None:
    outcome = check(read("Flatten(),Linear(784,10)"), (1, 28, 28), 10, (50,))
    assert outcome.memory == 4 * 200 * (784 + 784), "a part of the test set takes more than a small batch"
    outcome = check(read("Flatten(),Linear(784,10)"), (1, 28, 28), 10, (500,))
    assert outcome.memory == 4 * (4 * 7850 + 2 * 500 * (784 + 784 + 10))
    wide = config_of(blocks="Conv2d(1,2000,1),AdaptiveAvgPool2d(1),Flatten(),Linear(2000,10)", batch_size=2)
    assert at_once(wide) == 15, "a few at a time, so that a picture takes little memory in the server"
    with pytest.raises(ConfigError, match="GB of memory"):
        config_of(blocks="Conv2d(1,8000,1),AdaptiveAvgPool2d(1),Flatten(),Linear(8000,10)", batch_size=2)
    assert isinstance(build_net(config_of(blocks=TUTORIAL_CNN)), nn.Module)
