"""The engine without a screen: `python -m core list`, `train`, `export`."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core import checkpoints
from core.__main__ import main
from core.data import downloads
from core.engine.record import Folder
from core.experiments import experiment
from core.experiments.classifier import ClassifierConfig

Losses = Callable[..., list[float]]


def lines_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """The JSON lines that a command prints."""
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return [json.loads(text) for text in out.splitlines()]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one sentence that a command is refused with."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.endswith((".\n", "?\n"))
    return err.strip()


def test_list_has_every_field_with_its_default_and_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    listing = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    fields = listing["classifier"]["fields"]
    assert list(fields) == list(ClassifierConfig.model_fields)
    assert (fields["lr"]["type"], fields["lr"]["default"]) == ("float", 0.02)
    assert (fields["lr"]["min"], fields["lr"]["max"]) == (1e-4, 100)
    assert fields["hidden_sizes"] | {"type": "ints", "default": [10], "min": 1, "max": 64} == fields["hidden_sizes"]
    assert fields["optimizer"]["choices"] == ["SGD", "Adam", "AdamW", "RMSprop"]
    for name, field in fields.items():
        if field["type"] in ("int", "float"):
            assert field["min"] <= field["default"] <= field["max"], name
        elif "choices" in field:
            assert set(field["default"] if isinstance(field["default"], list) else [field["default"]]) <= set(
                field["choices"]
            )


def test_train_prints_every_step_and_a_final_line(capsys: pytest.CaptureFixture[str], losses: Losses) -> None:
    *steps, final = lines_of(capsys, "train", "classifier", "lr=0.02", "num_steps=100", "seed=1", "device=cpu")
    assert [row["step"] for row in steps] == list(range(1, 101))
    assert [row["loss/train"] for row in steps] == losses(ClassifierConfig(num_steps=100))
    assert set(steps[-1]) == {"step", "epoch", "loss/train", "loss/test", "accuracy/train", "accuracy/test"}
    assert final == {"final": True, **steps[-1], "diverged": False}
    assert final["accuracy/test"] >= 0.98


@pytest.mark.parametrize("seed", range(10))
def test_the_defaults_reach_98_percent_in_100_steps(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    final = lines_of(capsys, "train", "classifier", "num_steps=100", f"seed={seed}")[-1]
    assert final["accuracy/test"] >= 0.98


def test_train_takes_every_kind_of_field(capsys: pytest.CaptureFixture[str], losses: Losses) -> None:
    texts = ["hidden_sizes=8,4", "features=x1*x2,sin(x1)", "batch_norm=true", "points=1.5,-2,1_0,0.25,0", "num_steps=5"]
    config = ClassifierConfig(
        hidden_sizes=(8, 4),
        features=("x1*x2", "sin(x1)"),
        batch_norm=True,
        points=((1.5, -2, 1), (0, 0.25, 0)),
        num_steps=5,
    )
    printed = [row["loss/train"] for row in lines_of(capsys, "train", "classifier", *texts)]
    assert printed[:-1] == losses(config)


def test_a_diverged_run_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    *steps, final = lines_of(capsys, "train", "classifier", "lr=50", "--out", str(tmp_path / "run"))
    assert len(steps) < 300 and steps[-1]["loss/train"] is None
    assert final["diverged"] is True and final["step"] == len(steps)
    assert Folder(tmp_path / "run").facts()["status"] == "diverged"


@pytest.mark.parametrize("values", [[], ["dropout=0.2", "batch_size=30", "optimizer=Adam", "batch_norm=true"]])
def test_out_keeps_what_was_printed(values: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "new" / "run"
    *steps, _ = lines_of(capsys, "train", "classifier", "num_steps=30", *values, "--out", str(out))
    folder = Folder(out)
    assert folder.rows("run") == steps
    assert folder.facts()["status"] == "finished"
    assert folder.config() == ClassifierConfig.create(dict(text.split("=") for text in values)).changed(
        num_steps=30, device="cpu"
    )
    assert folder.kept() == [30]
    state = checkpoints.load(folder.checkpoint_file(30))["run"]
    assert state["losses"].tolist() == [row["loss/train"] for row in steps]
    *_, last = experiment("classifier").train(folder.config(), {})
    assert all(torch.equal(state["net"][name], value) for name, value in last.net.state_dict().items())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["cnn2"], "There is no experiment “cnn2”; there are: .*classifier.*"),
        (["classifier", "learning_rate"], "“learning_rate” is not of the form field=value."),
        (["classifier", "momentun=1"], "momentun: There is no setting “momentun”; did you mean “momentum”?"),
        (["classifier", "lr=0"], "lr: A number from 0.0001 to 100 is needed, not “0”."),
        (["classifier", "lr=100.01"], "lr: A number from 0.0001 to 100 is needed, not “100.01”."),
        (["classifier", "lr=nan"], "lr: A number from 0.0001 to 100 is needed, not “nan”."),
        (["classifier", "lr="], "lr: A number from 0.0001 to 100 is needed, not “”."),
        (["classifier", "lr=a\nb"], "lr: A number from 0.0001 to 100 is needed, not “a b”."),
        (["classifier", "lr=1", "lr=2"], "lr is given twice."),
        (["classifier", "seed=1.5"], "seed: A whole number from 0 to 9999 is needed, not “1.5”."),
        (["classifier", "=1"], ".*There is no setting.*"),
        (["classifier", "optimizer=sgd"], "optimizer: “sgd” is not one of: SGD, Adam, AdamW, RMSprop."),
        (["classifier", "device=cuda:99"], "device: cuda:99 can't be used: .*"),
        (["classifier", "device=tpu"], "device: “tpu” is not a device; try auto, cpu, cuda:0 or mps."),
        (["classifier", "nesterov=true"], "nesterov: Nesterov needs SGD with a momentum above 0."),
    ],
)
@pytest.mark.parametrize("command", ["train", "export"])
def test_a_mistake_is_one_sentence(
    command: str, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = refused(capsys, command, *arguments)
    assert refusal == sentence or re.fullmatch(sentence, refusal)


@pytest.mark.parametrize("lr", ["0.0001", "1e-4", "100"])
def test_the_bounds_themselves_are_allowed(lr: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(capsys, "train", "classifier", f"lr={lr}", "num_steps=1")[-1]["final"] is True


def test_a_folder_that_cannot_be_used_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines_of(capsys, "train", "classifier", "num_steps=1", "--out", str(tmp_path / "run"))
    before = (tmp_path / "run" / "run.json").read_bytes()
    assert "already holds a run" in refused(capsys, "train", "classifier", "--out", str(tmp_path / "run"))
    assert (tmp_path / "run" / "run.json").read_bytes() == before
    (tmp_path / "file").write_text("")
    assert "can't be written" in refused(capsys, "train", "classifier", "--out", str(tmp_path / "file"))
    assert "can't be written" in refused(capsys, "train", "classifier", "--out", str(tmp_path / "file" / "run"))


def test_a_full_disk_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").symlink_to("/dev/full")
    assert main(["train", "classifier", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "The run can't be written: No space left on device.\n"


def test_the_data_folder_may_be_named_as_in_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_PLAYGROUND_DATA", "~/sets")
    main(["list"])
    assert downloads.folder() == Path.home() / "sets"


def test_export_prints_a_script_or_a_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "classifier", "lr=0.5"]) == 0
    assert "0.5" in ast.unparse(ast.parse(capsys.readouterr().out))
    assert main(["export", "classifier", "--notebook"]) == 0
    assert json.loads(capsys.readouterr().out)["nbformat"] == 4


def run_process(*arguments: str | bytes, **how: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONWARNINGS": "default"}
    return subprocess.run(
        [sys.executable, "-m", "core", *arguments], capture_output=True, text=True, env=environment, timeout=60, **how
    )


def test_the_command_works_from_any_folder(tmp_path: Path) -> None:
    done = run_process("train", "classifier", "num_steps=3", "--out", "run", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    *steps, final = [json.loads(text) for text in done.stdout.splitlines()]
    assert len(steps) == 3 and final["final"] is True
    assert Folder(tmp_path / "run").rows("run") == steps


def test_a_mistake_in_the_process_has_status_2_and_no_traceback(tmp_path: Path) -> None:
    done = run_process("train", "classifier", b"lr=\xff", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("lr: A number from 0.0001 to 100 is needed")


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m core train classifier num_steps=3000 evaluate_every=1000 | head -n 1"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, timeout=60)
    assert json.loads(done.stdout)["step"] == 1
    assert done.stderr == ""
