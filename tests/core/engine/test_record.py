"""A run's folder is whole at any moment, and can be read after any death."""

import errno
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from core.disk import DiskError
from core.engine.record import Folder, extend, line
from core.experiments.classifier import ClassifierConfig
from core.frames import encode
from core.snapshot import Frame, Row
from tests.full_disk import full_disk, needs_limits

ROWS: list[Row] = [
    (step, 1, {"loss/train": 1 / step, **({"accuracy/test": 0.5} if step % 2 == 0 else {})}) for step in range(1, 6)
]

FRAME = encode({"run": Frame(2, 1, {"grid": np.zeros((3, 3), np.uint8)})})


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "run")
    made.create({"run": ClassifierConfig(lr=0.3, points=((1, 2, 0),))}, {7: {"lr": 0.5}})
    return made


def test_a_line_has_null_where_a_number_is_not_finite() -> None:
    row = line(3, 1, {"loss/train": math.inf, "loss/test": math.nan, "accuracy/test": 1.0})
    assert row == {"step": 3, "epoch": 1, "loss/train": None, "loss/test": None, "accuracy/test": 1.0}


def test_the_facts_come_back(folder: Folder) -> None:
    assert folder.config() == ClassifierConfig(lr=0.3, points=((1, 2, 0),))
    folder.update_facts(status="finished", message={"code": "猫"})
    facts = folder.facts()
    assert (facts["status"], facts["message"], facts["changes"]) == ("finished", {"code": "猫"}, [[7, {"lr": 0.5}]])
    assert facts["config"]["lr"] == 0.3


@needs_limits
def test_a_full_disk_leaves_the_facts_whole(folder: Folder) -> None:
    with full_disk(), pytest.raises(DiskError) as refused:
        folder.update_facts(status="finished")
    assert refused.value.full and refused.value.strerror
    assert folder.facts()["status"] == "running"
    assert [path.name for path in folder.path.iterdir()].count("run.json") == len(list(folder.path.glob("run*"))) == 1


@needs_limits
def test_a_full_disk_takes_a_step_whole_or_not_at_all(folder: Folder) -> None:
    folder.append("run", ROWS[:2])
    folder.keep(2, {"run": {"step": 2, "net": torch.zeros(5000)}}, FRAME)
    files = {path.name for path in (folder.path / "kept").iterdir()}
    with full_disk():
        with pytest.raises(DiskError):
            folder.keep(3, {"run": {"step": 3, "net": torch.zeros(5000)}}, FRAME)
        with pytest.raises(DiskError):
            folder.append("run", ROWS[2:])
    assert {path.name for path in (folder.path / "kept").iterdir()} == files and folder.kept() == [2]
    folder.append("run", ROWS[2:])
    assert folder.rows("run") == [line(*row) for row in ROWS]


def test_every_number_of_a_lane_comes_back_exactly(folder: Folder) -> None:
    folder.append("run", ROWS[:2])
    folder.append("run", ROWS[2:])
    folder.append("correct", ROWS[:1])
    assert folder.measured() == ["correct", "run"]
    assert folder.rows("run") == [line(*row) for row in ROWS]
    assert folder.history()["run"]["loss/train"] == {"step": [1, 2, 3, 4, 5], "value": [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]}
    assert folder.history()["run"]["accuracy/test"] == {"step": [2, 4], "value": [0.5, 0.5]}
    assert folder.rows("nobody") == []


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_line_cut_off_by_a_crash_is_left_out(folder: Folder, cut: int) -> None:
    folder.append("run", ROWS)
    text = folder.metrics_file("run").read_text()
    folder.metrics_file("run").write_text(text[:-cut])
    assert folder.rows("run") == [line(*row) for row in ROWS][: 5 if cut == 1 else 4]


def test_a_line_cut_off_by_a_full_disk_costs_no_later_line(folder: Folder) -> None:
    folder.append("run", ROWS[:2])
    with folder.metrics_file("run").open("a") as file:
        file.write('{"step": 3, "ep')
    folder.append("run", ROWS[3:])
    assert [row["step"] for row in folder.rows("run")] == [1, 2, 4, 5]


def test_a_step_is_kept_when_its_picture_is_there(folder: Folder) -> None:
    folder.keep(0, {"run": {"step": 0}}, b"a")
    folder.keep(50_000, {"run": {"step": 50_000}}, b"b")
    folder.keep(7, {"run": {"step": 7}}, b"c")
    (folder.path / "kept" / "000008.frame.0123abcd.part").write_bytes(b"half")
    folder.checkpoint_file(9).write_bytes(b"half")
    folder.frame_file(10).write_bytes(b"half")
    (folder.path / "kept" / "notes.frame").write_bytes(b"a stranger's")
    assert folder.kept() == [0, 7, 50_000]
    assert folder.frame_file(7).read_bytes() == b"c"


def test_a_branch_has_what_happened_up_to_its_step(folder: Folder, tmp_path: Path) -> None:
    folder.append("run", ROWS)
    folder.append("correct", ROWS)
    for step in (0, 2, 4):
        folder.keep(step, {"run": {"step": step}}, str(step).encode())
    branch = Folder(tmp_path / "branch")
    branch.create({"run": ClassifierConfig()}, {})
    folder.branch(branch, 2)
    assert branch.kept() == [0, 2]
    assert [row["step"] for row in branch.rows("run")] == [row["step"] for row in branch.rows("correct")] == [1, 2]
    assert branch.frame_file(2).read_bytes() == b"2"
    assert folder.kept() == [0, 2, 4] and len(folder.rows("run")) == 5
    assert branch.checkpoint_file(2).stat().st_ino == folder.checkpoint_file(2).stat().st_ino, "one file, two names"
    folder.keep(2, {"run": {"step": 2}}, b"another")
    folder.drop(0)
    assert branch.kept() == [0, 2] and branch.frame_file(2).read_bytes() == b"2"


def test_a_branch_copies_where_there_are_no_links(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*names: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    folder.append("run", ROWS)
    folder.keep(2, {"run": {"step": 2}}, b"2")
    monkeypatch.setattr(os, "link", refuse)
    branch = Folder(tmp_path / "branch")
    branch.create({"run": ClassifierConfig()}, {})
    folder.branch(branch, 2)
    assert branch.kept() == [2] and branch.frame_file(2).read_bytes() == b"2"
    assert branch.checkpoint_file(2).read_bytes() == folder.checkpoint_file(2).read_bytes()
    assert branch.checkpoint_file(2).stat().st_ino != folder.checkpoint_file(2).stat().st_ino


def test_a_history_grows_by_its_lines() -> None:
    history: dict[str, dict[str, list[object]]] = {}
    extend(history, {"step": 1, "epoch": 1, "loss/train": 0.5})
    extend(history, {"step": 2, "epoch": 1, "loss/train": None, "accuracy/test": 1.0})
    assert history == {
        "loss/train": {"step": [1, 2], "value": [0.5, None]},
        "accuracy/test": {"step": [2], "value": [1.0]},
    }
    assert json.loads(json.dumps(history)) == history
