"""The exported script logs what the app logs: the same tags, steps and values, and it prints the same losses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.engine.manager import Manager
from core.engine.run import Run
from core.experiments import experiment
from core.export import script
from core.tensorboard.config import LogConfig, hparams, special
from tests.core.scripts import Scripts
from tests.core.tensorboard.test_runs_are_logged import ALL, folder, over, read
from tests.experiments import over_all, smallest


def everything(path: Path) -> dict[str, Any]:
    """All that is logged in a folder, without the times."""
    log = read(path)
    tags = log.Tags()
    return {
        **{tag: [(event.step, event.value) for event in log.Scalars(tag)] for tag in tags["scalars"]},
        **{tag: [(e.step, e.histogram_value) for e in log.Histograms(tag)] for tag in tags["histograms"]},
        **{tag: [(e.step, e.encoded_image_string) for e in log.Images(tag)] for tag in tags["images"]},
        **{tag: [(e.step, e.tensor_proto.SerializeToString()) for e in log.Tensors(tag)] for tag in tags["tensors"]},
        "graph": [node.name for node in log.Graph().node],
        "embedding": [file.read_text() for file in sorted(path.glob("*/default/*.tsv"))],
    }


@pytest.mark.one_in(2)
@over_all
def test_the_script_logs_what_the_app_logs(
    name: str,
    start: Callable[..., Run],
    manager: Manager,
    run_script: Scripts,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    log = LogConfig.create(ALL)
    manager.store.choose_log(request.node.name, log)
    run = over(start(smallest(name)))
    place = tmp_path / "place"
    place.mkdir()
    printed = run_script(script(run.config, run.changes, log), place)
    assert [record["loss/train"] for record in printed] == run.history["run"]["loss/train"]["value"]
    ours, theirs = everything(folder(manager, run)), everything(next((place / "runs").iterdir()))
    assert theirs.keys() == ours.keys()
    for tag in ours:
        assert theirs[tag] == ours[tag], tag


def test_the_script_logs_validation_as_the_app_does(
    start: Callable[..., Run], manager: Manager, run_script: Scripts, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    manager.store.choose_log(request.node.name, LogConfig(every=20))
    run = over(start(smallest("classifier").changed(stop="validation_loss", num_steps=50, evaluate_every=4)))
    run_script(script(run.config, {}, LogConfig(every=20)), tmp_path)
    ours, theirs = everything(folder(manager, run)), everything(next((tmp_path / "runs").iterdir()))
    assert theirs == ours
    assert [step for step, _ in ours["Validation/Loss"]] == [step for step, _ in ours["Test/Loss"]] == [20, 40, 50]


def test_a_runs_folder_tells_what_is_special_about_it() -> None:
    known = experiment("classifier").config
    assert special(known()) == "" == special(known.create({"num_steps": 7, "device": "cpu"}))
    values = {"dataset": "moons", "lr": 0.5, "hidden_sizes": (4, 2), "batch_norm": True, "bugs": ("softmax",)}
    assert special(known.create(values)) == "lr0.5_softmax_moons_hidden_sizes4-2"  # as many as there is room for
    assert special(known.create({"points": ((0.5, -1, 0),)})) == "own_points"
    assert special(known.create({"features": ("x1", "x2", "x1*x2", "sin(x1)"), "init": "zeros_"})) == (
        "features_x1-x2-x1-x2-sin-x1_init_zeros_"
    )
    images = {"dataset": "own", "own_images": "195a2418826a4a0e-64-2"}
    assert special(experiment("cnn").config.create(images)) == "own_images"
    assert special(experiment("cnn").config.create({"optimizer": "SGD", "pooling": "AvgPool2d"})) == "AvgPool2d_SGD"
    vgg = experiment("vgg").config
    assert special(vgg.create({"width": "1/16", "head": "paper", "size": 64})) == "size64_width_1-16_head_paper"
    assert special(vgg.create({"cfg": (64, "M", 128, "M"), "batch_norm": False})) == "cfg64-M-128-M_no_batch_norm"
    assert special(vgg.create({"cfg": (64, 64, "M") * 4})) == "own_cfg"
    assert special(experiment("build").config.create({"blocks": "Flatten(),Linear(784,10)"})) == "own_blocks"
    assert 'SummaryWriter("runs/classifier_lr0.5")' in script(known.create({"lr": 0.5}), None, LogConfig())


def test_settings_of_no_effect_are_no_hyperparameters() -> None:
    known = experiment("classifier").config
    assert "n_classes" in hparams(known.create({"dataset": "blobs"}))
    assert "n_classes" not in hparams(known.create({"dataset": "moons"}))


def test_without_logging_there_is_no_word_of_it() -> None:
    assert "writer" not in script(smallest("cnn")) and "logged_batch" not in script(smallest("cnn"))


def test_only_what_is_switched_on_is_in_the_script() -> None:
    text = script(smallest("cnn"), None, LogConfig(images=False, hparams=False))
    assert "add_scalar" in text and "add_graph" in text
    for word in ("add_images", "add_hparams", "add_histogram", "add_embedding", "HPARAMS"):
        assert word not in text
