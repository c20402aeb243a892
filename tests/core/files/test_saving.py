"""What a run is saved as can be loaded by a learner who has the run's script, and by this app."""

import io
from pathlib import Path
from typing import Any

import pytest
import torch

from core import checkpoints
from core.engine.manager import Manager
from core.experiments import experiment
from core.export import script
from core.files import saving
from core.files.uploads import Upload
from core.files.uploads.packed import raw, unpack
from core.files.uploads.reader import examine
from tests.core.scripts import Scripts
from tests.experiments import hardest, over_all


def trained(name: str, folder: Path, **values: Any) -> tuple[Any, Path]:
    """A config, and the checkpoint of its third step."""
    made = experiment(name)
    config = hardest(name, **values)
    losses = []
    for snapshot in made.train(config, {}):
        losses += [snapshot.metrics["loss/train"]] if snapshot.metrics else []
        if snapshot.step == 3:
            break
    path = folder / "3.pt"
    checkpoints.save({"run": checkpoints.checkpoint(snapshot, losses)}, path)
    return config, path


def made(kind: str, config: Any, path: Path) -> bytes:
    """A file, made in this process."""
    program = script(config) if kind == "model" else ""
    return raw(unpack(saving.make(kind, {"run": config}, {}, path, program))["file"])


@over_all
def test_every_file_is_loaded_by_a_learner_with_the_script(name: str, run_script: Scripts, tmp_path: Path) -> None:
    """The code that the page shows, in an empty folder with nothing but the scripts and the files."""
    home = tmp_path / "learner"
    home.mkdir()
    program = "import sys\nsys.path.insert(0, '')\n"
    config, path = trained(name, tmp_path)
    (home / f"{saving.script_name(config)}.py").write_text(script(config))
    torch.save(torch.load(path, weights_only=True)["run"]["net"], home / f"{name}.pt")
    for kind in ("state_dict", "safetensors", "model", "checkpoint"):
        (home / saving.file_name(config, kind, 3)).write_bytes(made(kind, config, path))
        program += saving.loading_code(kind, config, 3) + (
            f"\nimport torch\nwanted = torch.load('{name}.pt')\n"
            "assert all(torch.equal(net.state_dict()[k], v) for k, v in wanted.items())\n"
        )
    assert run_script.printed(f"{program}print('loaded')", home) == "loaded\n"


@over_all
@pytest.mark.parametrize("kind", ["state_dict", "safetensors", "model", "checkpoint"])
def test_every_file_is_read_again(name: str, kind: str, tmp_path: Path) -> None:
    config, path = trained(name, tmp_path)
    data = made(kind, config, path)
    contents = unpack(examine(data))
    assert contents["kind"] == kind
    expected = torch.load(path, weights_only=True)["run"]["net"]
    weights = Upload(kind, contents["value"], len(data)).weights
    assert weights is not None
    assert sorted(weights) == sorted(expected)
    assert kind == "safetensors" or list(weights) == list(expected)
    assert all(torch.equal(weights[key], expected[key]) for key in expected)


def test_an_exported_program_answers_as_the_network_does(manager: Manager, tmp_path: Path) -> None:
    config, path = trained("cnn", tmp_path)
    saved = saving.save("exported", {"run": config}, {}, path, 3)
    assert saved.name == "cnn_step3_exported.pt2"
    again = torch.export.load(io.BytesIO(saved.data)).module()
    net = experiment("cnn").untrained(config).net
    net.load_state_dict(torch.load(path, weights_only=True)["run"]["net"])
    x = torch.rand(config.batch_size, 1, 28, 28)
    assert torch.allclose(again(x), net.eval()(x), atol=1e-6)


def test_the_tree_names_every_tensor_and_its_bytes(manager: Manager, tmp_path: Path) -> None:
    config, path = trained("classifier", tmp_path)
    saved = saving.save("state_dict", {"run": config}, {}, path, 3)
    net = experiment("classifier").untrained(config).net
    rows = {row.name: (row.shown, row.dtype, row.bytes) for row in saved.tree}
    assert rows["hidden.0.weight"] == ("10 × 2", "float32", 80)
    assert list(rows) == list(net.state_dict())
    whole = saving.save("checkpoint", {"run": config}, {2: {"lr": 0.5}}, path, 3)
    names = [row.name for row in whole.tree if row.depth == 0]
    assert {"experiment", "config", "net", "optimizer", "rng", "order", "losses", "changes"} <= set(names)
