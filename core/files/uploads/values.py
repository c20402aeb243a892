"""What the names in a pickle stand for here: functions of our own that take plain values and give plain values."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from core.files.contents import Line

LONGEST = 60
"""Characters that are kept of bytes."""


def bytes_of(text: Any, encoding: Any) -> bytes:
    """Bytes, as pickles of protocol 2 write them: a text whose characters are the bytes."""
    if type(text) is not str or encoding != "latin1":
        raise ValueError("no bytes")
    return text.encode("latin1")


def bytearray_of(content: Any = b"") -> bytes:
    """What a bytearray holds."""
    if type(content) is not bytes:
        raise ValueError("no bytes")
    return content


def complex_of(real: Any, imaginary: Any) -> complex:
    """A complex number."""
    if type(real) is not float or type(imaginary) is not float:
        raise ValueError("no complex number")
    return complex(real, imaginary)


def counter_of(counts: Any) -> dict[Any, Any]:
    """What a Counter has counted, as a plain dict."""
    if type(counts) is not dict:
        raise ValueError("no counts")
    return dict(counts)


def device_of(kind: Any, index: Any = None) -> Line:
    """The name of a device, such as cuda:0."""
    if type(kind) is not str or not re.fullmatch(r"[a-z_]{1,20}", kind) or type(index) not in (int, type(None)):
        raise ValueError("no device")
    return Line(kind if index is None else f"{kind}:{index % 1000}", "device")


def layout_of(name: Any) -> Line:
    """The name of a layout, such as torch.strided."""
    if type(name) is not str or not re.fullmatch(r"torch\.[a-z_]{1,30}", name):
        raise ValueError("no layout")
    return Line(name, "layout")


def kind_of_tensor(*_arguments: Any) -> None:
    """Stands for the class torch.Tensor, which a file may name and not call."""
    raise ValueError("a tensor made of nothing")


def tensor_of(function: Any, _kind: Any, arguments: Any, _state: Any) -> Any:
    """A tensor that was saved with attributes, such as an nn.Buffer: the tensor alone."""
    if function not in (torch._utils._rebuild_tensor_v2, torch._utils._rebuild_parameter, parameter_of):
        raise ValueError("no tensor")
    return function(*arguments)


def parameter_of(tensor: Any, *_beside: Any) -> Tensor:
    """A parameter that was saved with attributes: its numbers alone."""
    if not isinstance(tensor, Tensor):
        raise ValueError("no parameter")
    return tensor


OWN: dict[str, Callable[..., Any]] = {
    "collections Counter": counter_of,
    "_codecs encode": bytes_of,
    "__builtin__ bytearray": bytearray_of,
    "builtins bytearray": bytearray_of,
    "__builtin__ complex": complex_of,
    "builtins complex": complex_of,
    "torch device": device_of,
    "torch.serialization _get_layout": layout_of,
    "torch Tensor": kind_of_tensor,
    "torch._tensor _rebuild_from_type_v2": tensor_of,
    "torch._utils _rebuild_parameter_with_state": parameter_of,
}
"""Names that `torch.load(weights_only=True)` knows, too, and what is called here instead of what they name."""


def path_of(function: Callable[..., Any]) -> str:
    """Where a function of `OWN` is, as a pickle names it with a dot between."""
    return f"{function.__module__}.{function.__qualname__}"


def line_of(value: Any) -> Line | None:
    """A value that is no tensor, text or number that others could use, as it is shown; None of anything else."""
    if type(value) is Line:
        return value
    if type(value) in (torch.dtype, torch.qscheme):
        return Line(str(value), type(value).__name__)
    if type(value) is bytes:
        text = repr(value[:LONGEST])
        return Line(text if len(text) <= LONGEST else f"{text[:LONGEST]} …", "bytes")
    if type(value) is complex:
        return Line(repr(value), "complex")
    if type(value) is int:
        return Line(str(value), "int")
    return None
