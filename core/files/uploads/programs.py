"""Programs by torch.export and ONNX: of them the weights alone are read, nothing of them is run."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

import torch
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet
from torch import Tensor

from core.config import Problem
from core.files.uploads.packed import DTYPES, raw
from core.files.uploads.pickles import damaged, instead_of, other_numbers, too_many_parts
from core.foreign import read_json
from core.processes.confined import Unable

MOST_TENSORS = 10_000
MOST_AXES = 16
MOST_NUMBERS = 2**31
LONGEST_TEXT = 200_000
MOST_TEXTS = 100
SCALAR_TYPES = {
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64", 12: "bool",
    13: "bfloat16",
}  # fmt: skip
"""The numbers that torch.export has for kinds of numbers: enum ScalarType of its schema."""
OTHER_SCALARS = {
    9: "complex32", 10: "complex64", 11: "complex128", 28: "uint16", 29: "float8_e4m3fn", 30: "float8_e5m2",
    31: "float8_e4m3fnuz", 32: "float8_e5m2fnuz", 33: "float8_e8m0fnu", 34: "uint32", 35: "uint64",
}  # fmt: skip
"""The kinds of that enum that are not read."""
STRIDED = 7
ONNX_TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64",
    16: "bfloat16",
}  # fmt: skip
"""The numbers that ONNX has for kinds of numbers: enum TensorProto.DataType."""
OTHER_ONNX_TYPES = {
    4: "uint16", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 17: "float8e4m3fn",
    18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1",
    24: "float8e8m0", 25: "uint2", 26: "int2", 27: "float6e2m3", 28: "float6e3m2",
}  # fmt: skip
"""The kinds of that enum that are not read."""
ELSEWHERE_IN_TENSOR = ("float_data", "int32_data", "string_data", "int64_data", "double_data", "uint64_data")
"""Where a TensorProto may hold its numbers instead of in raw_data."""


def checksum(weights: Mapping[str, Tensor]) -> str:
    """A hash of names, shapes, kinds of numbers and numbers. ONNX has none of its own."""
    digest = hashlib.sha256()
    for name, tensor in weights.items():
        about = [name, str(tensor.dtype).removeprefix("torch."), list(tensor.shape)]
        digest.update(json.dumps(about).encode())
        digest.update(raw(tensor))
    return digest.hexdigest()


def exported(files: Mapping[str, bytes]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The weights of a program by torch.export, from the entries of its zip; and the texts that were put beside them.

    Raises:
        Unable: it says of its weights what can't be.
    """
    configs = [name for name in files if name.endswith("_weights_config.json")]
    if len(configs) != 1:
        raise Unable(Problem("", "This zip was not written by torch.export: it was not opened."))
    config = _json(files[configs[0]])
    entries = config.get("config") if isinstance(config, dict) else None
    if not isinstance(entries, dict):
        raise Unable(damaged())
    if len(entries) > MOST_TENSORS:
        raise Unable(too_many_parts())
    stored: dict[str, Tensor] = {}
    weights = {_name(name): _exported_tensor(about, files, stored) for name, about in entries.items()}
    texts = {name.removeprefix("extra/"): _text(files[name]) for name in files if name.startswith("extra/")}
    return weights, texts


def _exported_tensor(about: Any, files: Mapping[str, bytes], stored: dict[str, Tensor]) -> Tensor:
    """One weight: a view of a storage, which others may be views of, too."""
    try:
        place, meta, pickled = about["path_name"], about["tensor_meta"], about["use_pickle"]
        kind, layout = meta["dtype"], meta["layout"]
        shape, strides = ([side["as_int"] for side in meta[part]] for part in ("sizes", "strides"))
        offset = meta["storage_offset"]["as_int"]
    except (KeyError, TypeError):
        raise Unable(damaged()) from None
    if pickled is not False:
        raise Unable(pickled_weights())
    whole = [kind, layout, offset, *shape, *strides]
    if not all(type(number) is int and 0 <= number <= MOST_NUMBERS for number in whole):
        raise Unable(lies())
    if not isinstance(place, str) or not re.fullmatch(r"weight_[0-9]{1,5}", place):
        raise Unable(damaged())
    content = files.get(f"data/weights/{place}")
    if content is None or len(shape) != len(strides) or len(shape) > MOST_AXES:
        raise Unable(lies())
    if layout == STRIDED and kind in OTHER_SCALARS:
        raise Unable(other_numbers(OTHER_SCALARS[kind], instead_of(OTHER_SCALARS[kind])))
    if kind not in SCALAR_TYPES or layout != STRIDED:
        raise Unable(_other_numbers("dtype" if layout == STRIDED else "layout", kind if layout == STRIDED else layout))
    dtype = DTYPES[SCALAR_TYPES[kind]]
    room, left = divmod(len(content), dtype.itemsize)
    last = offset + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True))
    count = math.prod(shape)
    if left or not _possible(shape) or count > room or (count and last >= room):
        raise Unable(lies())
    if not count:
        return torch.zeros(shape, dtype=dtype)
    if place not in stored:
        stored[place] = torch.frombuffer(bytearray(content), dtype=torch.uint8)
    return stored[place].view(dtype).as_strided(shape, strides, offset)


def onnx(data: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The initializers of an ONNX file, and the texts that were put beside them.

    The whole file is parsed by onnx and its graph is left alone: call this in a process with limits.

    Raises:
        Unable: it says of its weights what can't be, or they lie elsewhere.
    """
    model = _parsed(data)
    if not model.HasField("graph"):
        raise Unable(damaged())
    if len(model.metadata_props) > MOST_TEXTS:
        raise Unable(too_many_parts())
    if model.graph.sparse_initializer:
        raise Unable(_other_numbers("sparse_initializer", ""))
    texts = {_text(entry.key)[:80]: _text(entry.value) for entry in model.metadata_props}
    weights: dict[str, Tensor] = {}
    for initializer in model.graph.initializer:
        name, tensor = _initializer(initializer)
        if name in weights:
            raise Unable(damaged())
        weights[name] = tensor
        if len(weights) > MOST_TENSORS:
            raise Unable(too_many_parts())
    if "sha256" in texts and texts["sha256"] != checksum(weights):
        raise Unable(Problem("", "The numbers in this file are not those that were saved: their checksum differs."))
    return weights, texts


def _parsed(data: bytes) -> Any:
    """An ONNX file as the message that it is."""
    from onnx import ModelProto  # 0.3 s, which only those wait for who bring such a file

    try:
        return ModelProto.FromString(data)
    except DecodeError as error:
        # So many megabytes, or a hundred levels, come of such a file only where its parts are next to empty.
        crowded = any(word in str(error).lower() for word in ("alloc", "depth"))
        raise Unable(too_many_parts() if crowded else damaged()) from None


def _initializer(message: Any) -> tuple[str, Tensor]:
    """One TensorProto: its name and its tensor."""
    if len(message.dims) > MOST_AXES:
        raise Unable(lies())
    if message.external_data or message.data_location:
        raise Unable(
            Problem("", "The weights of this ONNX file lie in another file: export it with external_data=False.")
        )
    if any(len(getattr(message, name)) for name in ELSEWHERE_IN_TENSOR):
        raise Unable(Problem("", "The weights of this ONNX file are not stored as raw_data: they can't be read here."))
    if message.HasField("segment") or _misfits(message):
        raise Unable(damaged())
    if message.data_type in OTHER_ONNX_TYPES:
        kind = OTHER_ONNX_TYPES[message.data_type]
        raise Unable(other_numbers(kind, instead_of(kind)))
    if message.data_type not in ONNX_TYPES:
        raise Unable(_other_numbers("data_type", message.data_type if message.HasField("data_type") else "?"))
    shape, content = list(message.dims), message.raw_data
    dtype = DTYPES[ONNX_TYPES[message.data_type]]
    if not _possible(shape) or math.prod(shape) * dtype.itemsize != len(content):
        raise Unable(lies())
    flat = torch.frombuffer(bytearray(content), dtype=dtype) if content else torch.zeros(0, dtype=dtype)
    return _name(_text(message.name)), flat.reshape(shape)


def _misfits(message: Message) -> bool:
    """Whether something stands in a field that the field can't hold, such as a number for a name."""
    known = message.DESCRIPTOR.fields_by_number
    return any(field.field_number in known for field in UnknownFieldSet(message))


def _possible(shape: list[int]) -> bool:
    """Whether PyTorch can count what has such a shape; of no numbers at all, too."""
    return all(side >= 0 for side in shape) and math.prod(max(1, side) for side in shape) <= MOST_NUMBERS


def _text(value: str | bytes) -> str:
    """A text of a file; onnx gives bytes where they are no UTF-8."""
    if len(value) > LONGEST_TEXT:
        raise Unable(damaged())
    try:
        return value if isinstance(value, str) else value.decode()
    except UnicodeDecodeError:
        raise Unable(damaged()) from None


def _name(name: str) -> str:
    if not 0 < len(name) < 300:
        raise Unable(damaged())
    return name


def _json(content: bytes) -> Any:
    try:
        return read_json(content.decode(), pairs=once)
    except ValueError:
        raise Unable(damaged()) from None


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose names are all different (raises ValueError)."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)


def lies() -> Problem:
    """The sentence for a tensor whose shape, strides or place can't be."""
    return Problem("", "A tensor in this file does not match the numbers that the file holds.")


def pickled_weights() -> Problem:
    """The sentence for a program whose weights are a pickle."""
    return Problem(
        "", "This program of torch.export keeps its weights as a pickle, as older PyTorch did: save net.state_dict()."
    )


def _other_numbers(name: str, value: Any) -> Problem:
    words = f"{name} {value}".strip()[:80]
    return Problem("", "This file holds something other than tensors, numbers and texts: {name}.", {"name": words})
