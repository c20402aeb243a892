"""A frame in bytes and what a reader must find in it: tests/js/frame.json, which tests in both languages read.

`python -m tests.core.frame_fixture` writes the file again.
"""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from core.frames import encode
from core.snapshot import Frame

FILE = Path(__file__).parents[1] / "js" / "frame.json"
ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "decision": np.arange(6, dtype=np.uint8).reshape(2, 3),
    "weights": np.array([1.5, np.nan, np.inf, -np.inf, -0.25], np.float32),
    "units": np.zeros((0, 8, 8), np.uint8),
    "confusion": np.array([[2**31 - 1, -1], [0, 7]], np.int32),
    "turned": np.arange(6, dtype=np.float64).reshape(2, 3).T / 4,
}


def fixture() -> dict[str, Any]:
    """The bytes in base64, and the facts and arrays that they hold; numbers that JSON has not are written as text."""
    frames = {
        lane: Frame(12, 3, ARRAYS, {"levels": 25, "units_scale": [0.5], "name": "猫é"}) for lane in ("run", "correct")
    }
    return {
        "base64": base64.b64encode(encode(frames)).decode(),
        "step": 12,
        "epoch": 3,
        "levels": 25,
        "units_scale": {"run": [0.5], "correct": [0.5]},
        "name": "猫é",
        "arrays": {
            f"{lane}/{name}": {
                "dtype": array.dtype.name,
                "shape": list(array.shape),
                "data": [value if np.isfinite(value) else str(value) for value in array.ravel().tolist()],
            }
            for lane in frames
            for name, array in ARRAYS.items()
        },
    }


def text() -> str:
    """The text of the file that both languages read."""
    return json.dumps(fixture(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
