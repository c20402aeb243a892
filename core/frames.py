"""Frames as bytes: a JSON header, then arrays that a browser can view without copying."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping

import numpy as np

from core.snapshot import Frame

DTYPES = ("uint8", "int32", "float32", "float64")
"""Types of the arrays in a frame: those that the pages' frames.js reads."""


def encode(frames: Mapping[str, Frame]) -> bytes:
    """The frames of all lanes at one step.

    Layout: uint32 (little-endian) length of the header, the header in UTF-8 JSON padded so that what follows starts
    at a multiple of 8, then each array, little-endian, at a multiple of 8.

    Raises:
        TypeError: an array is of none of `DTYPES`.
    """
    arrays: dict[str, dict[str, object]] = {}
    facts: dict[str, object] = {}
    parts: list[bytes] = []
    offset = 0
    for lane, frame in frames.items():
        for name, array in frame.arrays.items():
            if array.dtype.name not in DTYPES:
                raise TypeError(f"{lane}/{name} is {array.dtype.name}; a frame holds {', '.join(DTYPES)}")
            raw = np.ascontiguousarray(array).tobytes()
            arrays[f"{lane}/{name}"] = {"dtype": array.dtype.name, "shape": list(array.shape), "offset": offset}
            padded = raw + bytes(-len(raw) % 8)
            parts.append(padded)
            offset += len(padded)
        for name, fact in frame.facts.items():
            if isinstance(fact, list):
                facts.setdefault(name, {})[lane] = fact  # type: ignore[index]
            else:
                facts[name] = fact
    first = next(iter(frames.values()))
    header = json.dumps({"step": first.step, "epoch": first.epoch, "arrays": arrays, **facts}).encode()
    header += b" " * (-(4 + len(header)) % 8)
    return struct.pack("<I", len(header)) + header + b"".join(parts)


def decode(data: bytes) -> tuple[dict[str, object], dict[str, np.ndarray]]:
    """The header and the arrays of an encoded frame."""
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length])
    arrays = {}
    for name, shape in header["arrays"].items():
        count = int(np.prod(shape["shape"]))
        flat = np.frombuffer(data, shape["dtype"], count, 4 + length + shape["offset"])
        arrays[name] = flat.reshape(shape["shape"])
    return header, arrays


def whole(data: bytes) -> bool:
    """Whether these are the bytes of an encoded frame, all of them."""
    try:
        (length,) = struct.unpack_from("<I", data)
        header = json.loads(data[4 : 4 + length])
        ends = [
            array["offset"] + int(np.prod(array["shape"])) * np.dtype(array["dtype"]).itemsize
            for array in header["arrays"].values()
        ]
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return len(data) >= 4 + int(length) + max(ends, default=0)
