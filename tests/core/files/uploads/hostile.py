"""Files made to do harm: each is built by a function of its name, with a canary that shows whether code ran."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core import limits
from core.models import CNN, Net


def saved(content: Any, **options: Any) -> bytes:
    """What torch.save writes."""
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


def entries(data: bytes) -> dict[str, bytes]:
    """The entries of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(contents: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of entries."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return file.getvalue()


TOO_LONG = limits.UPLOAD_MB * limits.MEGABYTE + 1
"""Bytes that are one too many."""
GOOD = saved(CNN().state_dict())
WHOLE = saved(Net(2, 10, 2))


def with_pickle(program: bytes, base: bytes = GOOD) -> bytes:
    """A file of torch.save with another data.pkl."""
    return zipped({**entries(base), "archive/data.pkl": program})


class Runs:
    """Runs a function when it is unpickled."""

    def __init__(self, function: Callable[..., Any], *arguments: Any):
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def edited(content: Any, old: bytes, new: bytes) -> bytes:
    """What torch.save writes, its pickle changed."""
    parts = entries(saved(content))
    assert old in parts["archive/data.pkl"]
    return zipped({**parts, "archive/data.pkl": parts["archive/data.pkl"].replace(old, new)})


def text(word: str) -> bytes:
    """A text as a pickle of protocol 2 has it."""
    return b"X" + struct.pack("<I", len(word)) + word.encode()


def tensor_program(
    numel: int, size: tuple[int, ...], stride: tuple[int, ...], offset: int = 0, key: str = "0"
) -> bytes:
    """A pickle of {"w": tensor} over a storage of `numel` numbers."""

    def number(value: int) -> bytes:
        return pickle.dumps(value, 2)[2:-1]

    def numbers(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(number, values)) + b"t"

    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(key) + text("cpu") + number(numel) + b"tQ"
    rebuilt = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(offset) + numbers(size) + numbers(stride)
    return b"\x80\x02}" + text("w") + rebuilt + b"\x89ccollections\nOrderedDict\n)RtRs."


def layer_program(layer: str, *numbers: int) -> bytes:
    """A pickle that builds an allowed layer with absurd sizes."""
    module, name = layer.rsplit(".", 1)
    arguments = b"".join(b"J" + struct.pack("<i", number) for number in numbers)
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"(" + arguments + b"tR."


def with_state(function: bytes) -> bytes:
    """A pickle that puts attributes on what a function gives, as that of a tensor with attributes does."""
    rebuilt = b"ctorch._tensor\n_rebuild_from_type_v2\n("
    return b"\x80\x02" + rebuilt + function + b"ctorch\nTensor\n" + b"J\xff\xff\xff\x7f\x85" + b"}tR."


def doubled(times: int) -> bytes:
    """Instructions that put what is at place 0 of the memo twice into a tuple, that twice into another, and so on."""
    return b"".join(b"(h" + bytes([i]) + b"h" + bytes([i]) + b"tq" + bytes([i + 1]) for i in range(times))


def safetensors(header: Any, body: bytes = b"\0" * 16, length: int | None = None) -> bytes:
    """A safetensors file."""
    header_bytes = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(header_bytes) if length is None else length) + header_bytes + body


def whole(change: Callable[[nn.Module], Any]) -> bytes:
    """A whole model's file, after a change to the model."""
    net = Net(2, 10, 2)
    change(net)
    return saved(net)


def programs(canary: Path) -> Iterator[tuple[str, bytes]]:
    """Pickles that run code, bare and inside a zip."""
    touch = f"__import__('pathlib').Path({str(canary)!r}).touch()"
    calls: dict[str, tuple[Callable[..., Any], Any]] = {
        "system": (os.system, (f"touch {canary}",)), "exec": (exec, (touch,)),
    }  # fmt: skip
    for name, (function, arguments) in calls.items():
        for protocol in range(6):
            program = pickle.dumps({"w": Runs(function, *arguments)}, protocol)
            yield f"bare {name} protocol {protocol}", program
            yield f"zipped {name} protocol {protocol}", with_pickle(program)
    yield "legacy torch.save", saved({"w": Runs(os.system, f"touch {canary}")}, _use_new_zipfile_serialization=False)
    yield "zipped builtins.getattr", with_pickle(b"\x80\x02cbuiltins\ngetattr\n(cposix\nsystem\nX\x01\0\0\0xtR.")
    yield "INST", with_pickle(b"\x80\x02(" + text(f"touch {canary}") + b"iposix\nsystem\n.")
    yield "OBJ", with_pickle(b"\x80\x02(cposix\nsystem\n" + text(f"touch {canary}") + b"o.")
    yield "STACK_GLOBAL", with_pickle(b"\x80\x02" + text("posix") + text("system") + b"\x93(" + text("x") + b"tR.")
    yield "EXT1", with_pickle(b"\x80\x02\x82\x01.")
    yield "torch.load inside", with_pickle(b"\x80\x02ctorch\nload\n(" + text(str(canary)) + b"tR.")
    yield "torch.hub.load", with_pickle(b"\x80\x02ctorch.hub\nload\n(" + text("a") + text("b") + b"tR.")
    yield "numpy", with_pickle(b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(tR.")
    yield "unknown class of __main__", with_pickle(b"\x80\x02c__main__\nEvil\n)\x81.")
    yield "code behind the end", with_pickle(entries(GOOD)["archive/data.pkl"] + pickle.dumps(Runs(exec, touch), 2))


def layers() -> Iterator[tuple[str, bytes]]:
    """Allowed layers with absurd sizes, hooks, a forward of their own."""
    linear = "torch.nn.modules.linear.Linear"
    yield "REDUCE Linear 100000", with_pickle(layer_program(linear, 100_000, 100_000))
    yield "REDUCE Conv2d", with_pickle(layer_program("torch.nn.modules.conv.Conv2d", 60_000, 60_000, 99))
    yield "REDUCE LSTM", with_pickle(layer_program("torch.nn.modules.rnn.LSTM", 60_000, 60_000, 99))
    yield "REDUCE Embedding", with_pickle(layer_program("torch.nn.modules.sparse.Embedding", 2**30, 2**20))
    yield "REDUCE model", with_pickle(layer_program("__main__.CNN", 2**30, 2**30))
    yield "NEWOBJ with arguments", with_pickle(b"\x80\x02ctorch.nn.modules.linear\nLinear\nJ\xff\xff\xff\x7f\x85\x81.")
    yield "forward hook", whole(lambda net: net.register_forward_hook(print))
    yield "forward pre-hook", whole(lambda net: net.get_submodule("out").register_forward_pre_hook(print))
    yield "state-dict hook", whole(lambda net: net._state_dict_hooks.update({1: print}))
    yield "overridden forward", whole(lambda net: setattr(net, "forward", print))
    yield "forward that is a layer", whole(lambda net: net.__dict__.update(forward=nn.ReLU()))
    yield "hook that is a layer", whole(lambda net: net._forward_hooks.update({1: nn.ReLU()}))
    yield "model inside itself", whole(lambda net: net._modules.update(again=net))
    yield "a number for a layer", whole(lambda net: net.__dict__["_modules"].update(other=3))
    yield "a text for a parameter", whole(lambda net: net.__dict__["_parameters"].update(other="x"))
    yield "layer in a dict", saved({"w": nn.Linear(2, 2)})
    yield "model without tensors", saved(nn.Sequential(nn.ReLU()))


def sizes() -> Iterator[tuple[str, bytes]]:
    """Bombs, lying sizes and strides."""
    yield "zip bomb", zipped({**entries(GOOD), "archive/data/0": b"\0" * 60_000_000}, zipfile.ZIP_DEFLATED)
    yield "compressed", zipped(entries(GOOD), zipfile.ZIP_DEFLATED)
    yield "bzip2", zipped(entries(GOOD), zipfile.ZIP_BZIP2)
    yield "lzma", zipped(entries(GOOD), zipfile.ZIP_LZMA)
    small = saved({"w": torch.zeros(4)})
    program = entries(small)["archive/data.pkl"]
    assert tensor_program(4, (4,), (1,)) and program
    yield "storage of 30 GB", with_pickle(tensor_program(2**31 - 1, (2**31 - 1,), (1,)), small)
    yield "storage of 2**62", with_pickle(tensor_program(2**62, (2**62,), (1,)), small)
    yield "storage below zero", with_pickle(tensor_program(-4, (4,), (1,)), small)
    yield "storage larger than its entry", with_pickle(tensor_program(5000, (5000,), (1,)), small)
    yield "storage smaller than its entry", with_pickle(tensor_program(2, (2,), (1,)), small)
    yield "stride 0", with_pickle(tensor_program(4, (100_000, 100_000), (0, 0)), small)
    yield "stride 0 in one axis", with_pickle(tensor_program(4, (4, 50_000_000), (1, 0)), small)
    yield "stride beyond the end", with_pickle(tensor_program(4, (4,), (100,)), small)
    yield "stride below zero", with_pickle(tensor_program(4, (4,), (-1,)), small)
    yield "overlapping strides beyond the end", with_pickle(tensor_program(4, (3, 3), (1, 1)), small)
    yield "offset beyond the end", with_pickle(tensor_program(4, (4,), (1,), 9), small)
    yield "offset below zero", with_pickle(tensor_program(4, (4,), (1,), -2), small)
    yield "size below zero", with_pickle(tensor_program(4, (-4,), (1,)), small)
    yield "more sizes than strides", with_pickle(tensor_program(4, (2, 2), (1,)), small)
    yield "storage that is not there", with_pickle(tensor_program(4, (4,), (1,), 0, "7"), small)
    yield "storage outside", with_pickle(tensor_program(4, (4,), (1,), 0, "../../etc/passwd"), small)
    yield "deep nesting", with_pickle(b"\x80\x02" + b"]" * 30_000 + b"a" * 29_999 + b".")
    yield "doubling tuples", with_pickle(b"\x80\x02]q\x00" + doubled(60) + b".")
    tensor = tensor_program(4, (4,), (1,))[:-1]
    yield "doubling tuples of a tensor", with_pickle(tensor + b"q\x00" + doubled(60) + b".", small)
    yield "many numbers", with_pickle(b"\x80\x02](" + b"K\x01" * 2_000_000 + b"e.")
    yield "a huge integer", with_pickle(b"\x80\x02\x8b" + struct.pack("<i", 100_000) + b"\xff" * 100_000 + b".")
    yield "list inside itself", with_pickle(b"\x80\x02]q\x00h\x00a.")
    yield "dict for a key", with_pickle(b"\x80\x02}(}K\x01u.")
    yield "too long", b"PK" + bytes(TOO_LONG)
    yield "sparse", saved({"w": torch.eye(3).to_sparse()})
    yield "a tensor made by its class", with_pickle(b"\x80\x02ctorch\nTensor\nJ\xff\xff\xff\x7f\x85R.", small)
    yield "a tensor of a class", with_pickle(b"\x80\x02ctorch\nTensor\n)\x81.", small)
    yield "a bytearray of 2 GB", with_pickle(b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.", small)
    yield "a text by another code", with_pickle(b"\x80\x02c_codecs\nencode\n" + text("x") + text("bz2") + b"\x86R.")
    yield "a counter of a list", with_pickle(b"\x80\x02ccollections\nCounter\n](K\x01e\x85R.", small)
    yield "a device of a long name", with_pickle(b"\x80\x02ctorch\ndevice\n" + text("x" * 999) + b"\x85R.", small)
    yield "attributes on what is no tensor", with_pickle(with_state(b"cbuiltins\nbytearray\n"), small)
    yield "attributes by a class", with_pickle(with_state(b"ctorch\nTensor\n"), small)
    yield "our own function by its name", with_pickle(b"\x80\x02ccore.files.uploads.values\nbytes_of\n)R.", small)
    yield "quantized", with_pickle(tensor_program(4, (4,), (1,)).replace(b"_rebuild_tensor_v2", b"_rebuild_qtensor"))
    yield "complex", saved({"w": torch.zeros(3, dtype=torch.complex64)})


def shapes_of_files() -> Iterator[tuple[str, bytes]]:
    """Files that are something else, cut off, or changed."""
    yield "empty", b""
    yield "html", b"<!DOCTYPE html><html><script>alert(1)</script></html>"
    yield "text", b"weights: 1, 2, 3\n"
    yield "zeros", bytes(5000)
    yield "elf", b"\x7fELF" + bytes(200)
    yield "gzip", b"\x1f\x8b" + zlib.compress(b"x" * 100)
    yield "another zip", zipped({"photo.png": b"\x89PNG"})
    yield "empty zip", zipped({})
    yield "zip slip", zipped({**entries(GOOD), "../../evil": b"x"})
    yield "two pickles", zipped({**entries(GOOD), "archive/more/data.pkl": b"\x80\x02}."})
    yield "entry nobody knows", zipped({**entries(GOOD), "archive/readme": b"x"})
    yield "other byte order", zipped({**entries(GOOD), "archive/byteorder": b"big"})
    yield "many entries", zipped({**entries(GOOD), **{f"archive/data/{i}": b"" for i in range(6, 3100)}})
    yield (
        "torchscript",
        zipped({"net/data.pkl": b"\x80\x02}.", "net/constants.pkl": b"\x80\x02).", "net/code/a.py": b""}),
    )
    yield "torch.export", zipped({"archive/archive_format": b"pt2", "archive/models/model.json": b"{}"})
    for share in (0.001, 0.1, 0.5, 0.9, 0.999):
        yield f"cut off at {share}", GOOD[: int(len(GOOD) * share)]
    yield "first half twice", GOOD[: len(GOOD) // 2] * 2
    yield "pickle cut off", with_pickle(entries(GOOD)["archive/data.pkl"][:-40])
    yield "empty pickle", with_pickle(b"")
    yield "pickle of a number", with_pickle(b"\x80\x02K\x05.")
    yield "nothing in it", saved({})


def harmless() -> Iterator[tuple[str, bytes]]:
    """Files without guile that can't be read here all the same."""
    yield "before 1.6", saved({"weight": torch.rand(2, 2)}, _use_new_zipfile_serialization=False)
    yield "meta", saved({"weight": torch.rand(2, 2, device="meta")})


def headers() -> Iterator[tuple[str, bytes]]:
    """Hostile safetensors headers."""
    one = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
    yield "st length beyond the end", safetensors({"w": one}, length=2**63)
    yield "st length of zero", safetensors({"w": one}, length=0)
    yield "st no json", safetensors(b"{" * 40)
    config = {"experiment": "cnn", "config": "[" * 5_000}
    yield "st deep config", safetensors({"w": one, "__metadata__": config})
    yield (
        "st deep config that ends",
        safetensors({"w": one, "__metadata__": {**config, "config": "[" * 900 + "]" * 900}}),
    )
    yield "st half a character", safetensors(b'{"\\ud800":' + json.dumps(one).encode() + b"}")
    yield "st a list", safetensors(b"{}x")
    yield "st deep", safetensors(b'{"a":' * 20_000 + b"1" + b"}" * 20_000)
    yield (
        "st a name twice",
        safetensors(b'{"w":' + json.dumps(one).encode() + b',"w":' + json.dumps(one).encode() + b"}"),
    )
    yield "st absurd shape", safetensors({"w": {**one, "shape": [2**40, 2**40]}})
    yield "st shape below zero", safetensors({"w": {**one, "shape": [-2, -2]}})
    yield "st shape of texts", safetensors({"w": {**one, "shape": ["4"]}})
    yield "st true for a number", safetensors({"w": {**one, "shape": [True, 4]}})
    yield "st offsets beyond the end", safetensors({"w": {**one, "shape": [40], "data_offsets": [0, 160]}})
    yield "st offsets backwards", safetensors({"w": {**one, "data_offsets": [16, 0]}})
    yield "st overlapping", safetensors({"v": one, "w": one})
    yield "st a hole", safetensors({"w": {**one, "data_offsets": [4, 20]}}, b"\0" * 20)
    yield "st bytes behind", safetensors({"w": one}, b"\0" * 17)
    yield "st unknown dtype", safetensors({"w": {**one, "dtype": "C128"}})
    yield "st metadata of numbers", safetensors({"__metadata__": {"a": 1}, "w": one})
    yield "st false checksum", safetensors({"__metadata__": {"sha256": "0" * 64}, "w": one})
    yield "st no tensor", safetensors({}, b"")
    yield (
        "st many tensors",
        safetensors({str(i): {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for i in range(30_000)}, b""),
    )


def told_without_a_process(canary: Path) -> dict[str, bytes]:
    """Hostile files that are seen through before anything is loaded."""
    return dict([*programs(canary), *shapes_of_files(), *harmless(), *headers()])


@cache
def for_a_process_of_its_own() -> dict[str, bytes]:
    """Hostile files that may take memory and time."""
    return dict([*layers(), *sizes()])
