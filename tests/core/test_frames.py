"""Frames survive the wire."""

import json
import struct
from typing import Any

import numpy as np
import pytest

from core.experiments.classifier import ClassifierConfig, untrained, view
from core.frames import decode, encode
from core.snapshot import Frame
from tests.core.frame_fixture import FILE, text

ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "bytes": np.arange(7, dtype=np.uint8),
    "floats": np.array([[1.5, np.nan], [np.inf, -0.0]], np.float32),
    "none": np.zeros((0, 1, 1), np.uint8),
    "turned": np.arange(6, dtype=np.float64).reshape(2, 3).T,
    "one": np.array(3, np.int32),
}


def test_arrays_come_back_as_they_were() -> None:
    header, arrays = decode(encode({"run": Frame(3, 1, ARRAYS), "correct": Frame(3, 1, ARRAYS)}))
    assert (header["step"], header["epoch"]) == (3, 1)
    assert set(arrays) == {f"{lane}/{name}" for lane in ("run", "correct") for name in ARRAYS}
    for name, array in arrays.items():
        expected = ARRAYS[name.split("/")[1]]
        assert array.dtype == expected.dtype
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("fact", ["", "a", "é", "猫" * 3, "x" * 7])
def test_a_browser_can_view_every_array_in_place(fact: str) -> None:
    data = encode({"run": Frame(1, 1, ARRAYS, {"fact": fact})})
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length])
    assert (4 + length) % 8 == 0 and header["fact"] == fact
    assert all(array["offset"] % 8 == 0 for array in header["arrays"].values())


def test_lists_are_told_for_each_lane_and_numbers_once() -> None:
    frames = {
        "run": Frame(1, 1, {}, {"levels": 127, "scale": [1.0]}),
        "correct": Frame(1, 1, {}, {"levels": 127, "scale": [2.0]}),
    }
    header, _ = decode(encode(frames))
    assert header["levels"] == 127
    assert header["scale"] == {"run": [1.0], "correct": [2.0]}


def test_a_frame_of_the_classifier_is_small() -> None:
    config = ClassifierConfig(device="cpu")
    assert len(encode({"run": view(config, untrained(config), {})})) < 25_000


def test_the_frame_that_the_scripts_are_tested_with_is_encoded_so_today() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "write it again: python -m tests.core.frame_fixture"


def test_an_array_that_no_browser_reads_is_named() -> None:
    with pytest.raises(TypeError, match=r"^run/counts is int64; a frame holds uint8, int32, float32, float64$"):
        encode({"run": Frame(1, 1, {"counts": np.zeros(3, dtype=np.int64)})})
