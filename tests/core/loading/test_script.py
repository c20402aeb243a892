"""The script to take home runs alone and does what was measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.loading.config import LoadingConfig
from core.loading.script import script


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("values", "epochs", "words"),
    [
        ({"num_workers": 2, "shuffle": True, "collate_fn": "floats", "persistent_workers": True},
         [4, 4], ["class SlowShapes", "persistent_workers=True", "collate_fn=floats", "shuffle=True"]),
        ({"dataset": "files", "file_size": 64, "style": "stream", "num_workers": 2, "num_epochs": 1},
         [8], ["class ShapesInFiles", "class Stream", "write_files(", "split=False"]),
        ({"dataset": "drawn", "style": "tensor", "step": "accelerator", "step_ms": 5, "num_epochs": 3},
         [4, 4, 4], ["class DrawnShapes", "class OneTensor", "step_on_gpu(step_ms=5)"]),
    ],
)  # fmt: skip
def test_runs_alone(values: dict[str, Any], epochs: list[int], words: list[str], tmp_path: Path) -> None:
    config = LoadingConfig.create({"samples": 32, "batch_size": 8, "decode_ms": 1, **values})
    text = script(config)
    assert all(word in text for word in words)
    assert "core." not in text and "streamlit" not in text
    (tmp_path / "loading.py").write_text(text)
    ran = subprocess.run(
        [sys.executable, "-I", "loading.py"], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
    )
    assert ran.returncode == 0, ran.stderr
    *epoch_records, last = map(json.loads, ran.stdout.splitlines())
    assert [record["batches"] for record in epoch_records] == epochs
    assert last["batches_per_second"] > 0


def test_only_what_is_used_is_in_it() -> None:
    text = script(LoadingConfig.create({"dataset": "memory", "step": "none"}))
    for word in ("class Stream", "class SlowShapes", "build_net", "PIL", "floats", "prefetch_factor"):
        assert word not in text
