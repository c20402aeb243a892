"""Read a stranger's file, in a process with limits: only tensors, numbers and texts come out."""

from __future__ import annotations

import hashlib
import math
import pickle
import re
import struct
import warnings
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn

from core import limits
from core.config import Problem
from core.files.uploads import archive, pickles, programs, values
from core.files.uploads.packed import DTYPES, pack
from core.files.uploads.programs import LONGEST_TEXT
from core.foreign import LONGEST_JSON, read_json, written
from core.processes.confined import Unable

MOST_PARTS = 250_000
"""Dicts, lists, tensors, numbers and texts in a file: one setting changed before each of 50,000 steps takes 200,000."""
MOST_TENSORS = 20_000
LONGEST_KEY = 2_000
"""Characters of a key."""
DEEPEST = 40
LEGACY = pickle.dumps(torch.serialization.MAGIC_NUMBER, 2)
"""How a file begins that torch.save wrote before version 1.6, or was asked to write so."""
CHECKPOINT = ("experiment", "config", "net", "optimizer", "rng", "step")
"""What each checkpoint of this app has."""
SAFETENSORS = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip
"""The names that safetensors has for kinds of numbers."""
KIND = re.compile(r"[A-Z][A-Z0-9_]{0,15}")
"""How such a name looks, also where the kind is not read."""


class StandIn:
    """Takes the place of a layer or a model in a whole model's file: it keeps what the file says, and does nothing."""

    path = ""

    def __new__(cls, *arguments: Any) -> StandIn:
        if arguments:
            raise ValueError("a layer built with arguments")
        return object.__new__(cls)

    def __init__(self, *arguments: Any):
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, dict):
            raise ValueError("not a layer's state")
        self.state = state


def examine(data: bytes) -> bytes:
    """What is in a file, packed: "kind" and "value", see `Upload`; where there are any "class" and "metadata".

    Raises:
        Unable: it is refused.
    """
    if not data:
        raise Unable(Problem("", "The file is empty."))
    if len(data) > most_bytes():
        raise Unable(Problem("", "The file is larger than {most} MB.", {"most": limits.UPLOAD_MB}))
    if data[:2] == b"PK":
        writer, files = archive.entries(data)
        return pack(_torch_file(files) if writer == "save" else _program("exported", *programs.exported(files)))
    if data[8:9] == b"{":
        return pack(_safetensors(data))
    if data[:1] == b"\x08":  # the field that an ONNX file begins with
        return pack(_program("onnx", *programs.onnx(data)))
    if data.startswith(LEGACY):
        raise Unable(
            Problem(
                "",
                "This is the format that torch.save wrote before version 1.6, which is not read here: load it in "
                "PyTorch and save it again.",
            )
        )
    if data[:1] == b"\x80" or (data[:1] in b"(cI}])N" and data[-1:] == b"."):
        raise Unable(Problem("", "This is a bare pickle, a program that runs when it is opened: it was not opened."))
    raise Unable(Problem("", "This is not a file of torch.save or torch.export, nor a safetensors or ONNX file."))


def most_bytes() -> int:
    """Bytes of a file that is read, and of the numbers and texts in it."""
    return limits.UPLOAD_MB * limits.MEGABYTE


def _program(kind: str, weights: dict[str, Tensor], texts: dict[str, str]) -> dict[str, Any]:
    if not weights:
        raise Unable(Problem("", "There is no tensor in this file."))
    stored = {tensor.untyped_storage().nbytes() for tensor in weights.values()}
    return {"kind": kind, "value": _Plain(stored).of(weights), "metadata": _checked(texts)}


def _checked(texts: dict[str, str]) -> dict[str, str]:
    """The texts of a file, if what they say of an experiment can be read (raises Unable)."""
    if {"experiment", "config"} <= set(texts):
        try:
            read_json(texts["config"])
        except ValueError:
            raise Unable(pickles.damaged()) from None
    return texts


def _torch_file(files: dict[str, bytes]) -> dict[str, Any]:
    program, classes = pickles.checked(files["data.pkl"])
    stands: list[Any] = [(type("StandIn", (StandIn,), {"path": name}), name.replace(" ", ".")) for name in classes]
    stands += [(function, values.path_of(function)) for function in values.OWN.values()]
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(stands):
            warnings.simplefilter("ignore")
            value = torch.load(archive.rebuilt({**files, "data.pkl": program}), map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # whatever PyTorch says of it advises to trust the file; that is never shown
        if "allocate memory" in str(error):
            raise MemoryError from None
        raise Unable(pickles.damaged()) from None
    sizes = {len(content) for name, content in files.items() if name.startswith("data/")}
    plain = _Plain(sizes)
    if isinstance(value, StandIn):
        return {"kind": "model", "value": plain.of(_weights_of(value)), "class": type(value).path.split(" ")[-1]}
    taken = plain.of(value)
    if not plain.tensors:
        raise Unable(Problem("", "There is no tensor in this file."))
    return {"kind": kind_of(taken), "value": taken}


def kind_of(value: Any) -> str:
    """What a file's content is."""
    if isinstance(value, dict) and value and all(isinstance(item, Tensor) for item in value.values()):
        return "state_dict"
    if isinstance(value, dict) and set(CHECKPOINT) <= set(value):
        return "checkpoint"
    return "other"


class _Plain:
    """Takes the tensors, numbers and texts out of what was loaded, and refuses all else.

    Args:
        sizes: lengths in bytes of the file's storages.
    """

    def __init__(self, sizes: set[int]):
        self.sizes = sizes
        self.parts = self.tensors = self.bytes = 0

    def of(self, value: Any, depth: int = 0) -> Any:
        """One part with all that is in it."""
        self.parts += 1
        if self.parts > MOST_PARTS or depth > DEEPEST:
            raise Unable(pickles.too_many_parts())
        if isinstance(value, Tensor):
            return self._tensor(value)
        if type(value) in (dict, OrderedDict):
            return {self._key(key): self.of(item, depth + 1) for key, item in value.items()}
        if type(value) is set:
            value = sorted(value, key=repr)  # as a list, in an order that is always the same
        if type(value) in (list, tuple, torch.Size):
            items = [self.of(item, depth + 1) for item in value]
            return items if type(value) is list else tuple(items)
        if value is None or type(value) in (bool, float):
            return value
        if type(value) is int and abs(value) < 2**64:  # torch.initial_seed() has 64 bits
            return value
        if type(value) is str:
            return self._text(value, LONGEST_TEXT)
        line = values.line_of(value)
        if line is not None:
            return line
        if isinstance(value, StandIn):
            raise Unable(pickles.whole_network(type(value).path))
        if isinstance(value, (torch.TypedStorage, torch.UntypedStorage)):
            raise Unable(pickles.storage(type(value).__name__))
        raise Unable(pickles.strange(type(value).__name__))

    def _key(self, key: Any) -> Any:
        """A dict's key: a text, a number, None or a tuple of such."""
        if type(key) is tuple and len(key) < 10 and not any(type(part) is tuple for part in key):
            return tuple(self._key(part) for part in key)
        if type(key) is str:
            return self._text(key, LONGEST_KEY)
        if type(key) not in (int, float, bool, type(None)):
            raise Unable(pickles.strange(type(key).__name__))
        return key

    def _text(self, text: str, most: int) -> str:
        if len(text) > most:
            raise Unable(pickles.long_text(len(text), most))
        self.bytes += len(text)  # a pickle may name one text a thousand times
        if self.bytes > most_bytes():
            raise Unable(pickles.too_many_parts())
        return text if written(text) == text else text.encode("utf-8", "backslashreplace").decode()

    def _tensor(self, tensor: Tensor) -> Tensor:
        if type(tensor) not in (Tensor, nn.Parameter) or tensor.layout != torch.strided or tensor.device.type != "cpu":
            raise Unable(pickles.strange(type(tensor).__name__))
        if tensor.dtype not in DTYPES.values():
            kind = str(tensor.dtype).removeprefix("torch.")
            raise Unable(pickles.other_numbers(kind, pickles.instead_of(kind)))
        tensor = tensor.detach()
        self.tensors += 1
        if self.tensors > MOST_TENSORS:
            raise Unable(pickles.too_many_parts())
        self.bytes += tensor.numel() * tensor.dtype.itemsize
        stored = tensor.untyped_storage().nbytes()
        if (stored not in self.sizes and stored) or self.bytes > most_bytes():
            raise Unable(programs.lies())
        tensor = tensor.resolve_neg()
        return tensor if dense(tensor) else tensor.contiguous()


def dense(tensor: Tensor) -> bool:
    """Whether each of a tensor's numbers has a place of its own, and none lies between them."""
    expected = 1
    for stride, side in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if side > 1:
            if stride != expected:
                return False
            expected *= side
    return True


def _weights_of(model: StandIn) -> dict[str, Tensor]:
    """The state_dict of a whole model, from what its file says, without building it."""
    weights: dict[str, Tensor] = {}
    seen: list[StandIn] = []

    def visit(layer: StandIn, prefix: str) -> None:
        if len(seen) > 500 or any(layer is other for other in seen) or len(prefix) > 250:
            raise Unable(pickles.too_many_parts())
        seen.append(layer)
        state = layer.state
        for name, value in state.items():
            if "hook" in str(name) and value and name != "_is_full_backward_hook":
                raise Unable(pickles.own_code(prefix + "hooks"))
            if name in ("forward", "__call__") or (name != "_modules" and isinstance(value, StandIn)):
                raise Unable(pickles.own_code(prefix + str(name)))
        kept_out = state.get("_non_persistent_buffers_set") or set()
        for kind in ("_parameters", "_buffers"):
            for name, tensor in (state.get(kind) or {}).items():
                if tensor is not None and name not in kept_out:
                    weights[f"{prefix}{name}"] = tensor
        for name, inner in (state.get("_modules") or {}).items():
            if inner is None:
                continue
            if not isinstance(inner, StandIn):
                raise Unable(pickles.strange(type(inner).__name__))
            visit(inner, f"{prefix}{name}.")

    visit(model, "")
    if not weights or not all(isinstance(tensor, Tensor) for tensor in weights.values()):
        raise Unable(Problem("", "There is no tensor in this file."))
    return weights


def _safetensors(data: bytes) -> dict[str, Any]:
    """The tensors of a safetensors file, whose header says all and is believed nothing."""
    (length,) = struct.unpack_from("<Q", data)
    if not 2 <= length <= min(LONGEST_JSON, len(data) - 8):
        raise Unable(pickles.damaged())
    try:
        header = read_json(data[8 : 8 + length].decode(), pairs=programs.once)
    except ValueError:
        raise Unable(pickles.damaged()) from None
    about = header.pop("__metadata__", {}) if isinstance(header, dict) else None
    if not isinstance(about, dict) or not all(isinstance(text, str) for text in about.values()):
        raise Unable(pickles.damaged())
    body = memoryview(data)[8 + length :]
    spans: list[tuple[int, int]] = []
    tensors: dict[str, Any] = {}
    if len(header) > MOST_TENSORS:
        raise Unable(pickles.too_many_parts())
    for name, entry in header.items():
        tensors[name], span = _safe_tensor(entry, body)
        spans.append(span)
    if not tensors:
        raise Unable(Problem("", "There is no tensor in this file."))
    ends = [0, *(end for _, end in sorted(spans))]
    if [start for start, _ in sorted(spans)] != ends[:-1] or ends[-1] != len(body):
        raise Unable(programs.lies())
    digest = about.get("sha256")
    if digest is not None and digest != hashlib.sha256(body).hexdigest():
        raise Unable(Problem("", "The numbers in this file are not those that were saved: their checksum differs."))
    texts = {name[:80]: text[:LONGEST_TEXT] for name, text in about.items()}
    return {"kind": "safetensors", "value": tensors, "metadata": _checked(texts)}


def _safe_tensor(entry: Any, body: memoryview) -> tuple[Tensor, tuple[int, int]]:
    try:
        kind = entry["dtype"]
        shape = entry["shape"]
        start, end = entry["data_offsets"]
    except (KeyError, TypeError, ValueError):
        raise Unable(pickles.damaged()) from None
    if not isinstance(kind, str) or not KIND.fullmatch(kind):
        raise Unable(pickles.damaged())
    if kind not in SAFETENSORS:
        raise Unable(pickles.other_numbers(kind, pickles.instead_of(kind)))
    dtype = DTYPES[SAFETENSORS[kind]]
    numbers = [*shape, start, end] if isinstance(shape, list) else [None]
    if not all(type(number) is int and 0 <= number <= most_bytes() for number in numbers) or len(shape) > 16:
        raise Unable(programs.lies())
    if end > len(body) or end - start != math.prod(shape) * dtype.itemsize:
        raise Unable(programs.lies())
    content = bytearray(body[start:end])
    flat = torch.frombuffer(content, dtype=dtype) if content else torch.zeros(0, dtype=dtype)
    return flat.reshape(shape), (start, end)
