"""Nested dicts, lists and tensors as bytes and back, without pickle: what the process that reads files hands over."""

from __future__ import annotations

import json
import struct
from typing import Any

import torch
from torch import Tensor

from core.files.contents import Line

DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float64, torch.float32, torch.float16, torch.bfloat16,
        torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
    )
}  # fmt: skip
"""The kinds of numbers that are read."""


def pack(value: Any) -> bytes:
    """The bytes: length of a JSON header, the header, each tensor's numbers."""
    tensors: list[Tensor] = []
    header = json.dumps({"value": _plain(value, tensors), "tensors": [_about(tensor) for tensor in tensors]}).encode()
    return b"".join(
        [struct.pack("<Q", len(header)), header, *(raw(tensor.permute(axes(tensor))) for tensor in tensors)]
    )


def unpack(data: bytes) -> Any:
    """What `pack` was given; every tensor has memory of its own."""
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    tensors, at = [], 8 + length
    for about in header["tensors"]:
        dtype = DTYPES[about["dtype"]]
        size = dtype.itemsize
        for side in about["shape"]:
            size *= side
        content = bytearray(data[at : at + size])
        flat = torch.frombuffer(content, dtype=dtype) if size else torch.zeros(0, dtype=dtype)
        order = about["order"]
        stored = flat.reshape([about["shape"][axis] for axis in order])
        tensors.append(stored.permute([order.index(axis) for axis in range(len(order))]))
        at += size
    return _rich(header["value"], tensors)


def raw(tensor: Tensor) -> bytes:
    """A tensor's numbers, row by row."""
    return tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()


def axes(tensor: Tensor) -> list[int]:
    """A tensor's axes, the one with the widest strides first: channels_last has its channels at the end.

    They must stay as they are: a fused optimizer goes through weights and state as they lie in memory.
    """
    if tensor.is_contiguous():
        return list(range(tensor.dim()))
    return sorted(range(tensor.dim()), key=tensor.stride, reverse=True)


def _about(tensor: Tensor) -> dict[str, Any]:
    dtype = str(tensor.dtype).removeprefix("torch.")
    return {"dtype": dtype, "shape": list(tensor.shape), "order": axes(tensor)}


def _plain(value: Any, tensors: list[Tensor]) -> Any:
    if isinstance(value, Tensor):
        tensors.append(value)
        return {"tensor": len(tensors) - 1}
    if isinstance(value, Line):
        return {"line": [value.shown, value.dtype]}
    if isinstance(value, dict):
        return {"dict": [[_plain(key, tensors), _plain(item, tensors)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_plain(item, tensors) for item in value]}
    return value


def _rich(value: Any, tensors: list[Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "line":
        return Line(*content)
    if kind == "dict":
        return {_rich(key, tensors): _rich(item, tensors) for key, item in content}
    items = [_rich(item, tensors) for item in content]
    return tuple(items) if kind == "tuple" else items
