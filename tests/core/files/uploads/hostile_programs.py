"""Programs made to do harm, by torch.export, ONNX and TorchScript: each with how its refusal begins."""

from __future__ import annotations

import io
import json
import os
import pickle
import warnings
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper
from torch import nn

from core import limits
from core.models import Net
from tests.core.files.uploads.hostile import TOO_LONG, entries, zipped

LIES = "A tensor in this file does not match the numbers"
DAMAGED = "This file is cut off or damaged"
PARTS = "This file is nested too deeply or has too many parts"
STRANGE = "This file holds something other than tensors"
KIND = "This file holds tensors of a kind that is not read here"
FOREIGN = "This zip was not written by torch.export"
COMPRESSED = "This zip is compressed; torch.export never does that"
PICKLED = "This program of torch.export keeps its weights as a pickle"
CODE = "This model contains code of its own"
ELSEWHERE = "The weights of this ONNX file lie in another file"
NOT_RAW = "The weights of this ONNX file are not stored as raw_data"
NOTHING = "There is no tensor in this file"
SCRIPT = "This is TorchScript, a program in a deprecated format: save net.state_dict() instead"
CONFIG = "archive/data/weights/model_weights_config.json"
WEIGHT = "archive/data/weights/weight_{}"

Hostile = Iterator[tuple[str, bytes, str]]


class Touches:
    """Leaves its mark where it is unpickled."""

    def __init__(self, canary: Path):
        self.canary = canary

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.canary}",)


@cache
def program() -> dict[str, bytes]:
    """The entries of a file of torch.export, of a network with four weights."""
    file = io.BytesIO()
    torch.export.save(torch.export.export(Net(2, 10, 2).eval(), (torch.zeros(3, 2),)), file)
    return entries(file.getvalue())


def with_entries(**changed: bytes) -> bytes:
    """The program with other entries, named from the archive's folder on."""
    return zipped({**program(), **{f"archive/{name}": content for name, content in changed.items()}})


def with_config(config: Any) -> bytes:
    """The program with another config of its weights."""
    return zipped({**program(), CONFIG: config if isinstance(config, bytes) else json.dumps(config).encode()})


def weight(**changed: Any) -> dict[str, Any]:
    """What the config says of the first weight, 10 x 2 numbers, with changes to it or to its tensor_meta."""
    entry: dict[str, Any] = json.loads(program()[CONFIG])["config"]["hidden.0.weight"]
    meta = {**entry["tensor_meta"], **{name: value for name, value in changed.items() if name in entry["tensor_meta"]}}
    return {**entry, **{name: value for name, value in changed.items() if name in entry}, "tensor_meta": meta}


def ints(*numbers: Any) -> list[dict[str, Any]]:
    """Sizes or strides as the config has them."""
    return [{"as_int": number} for number in numbers]


def exported_tensors() -> Hostile:
    """What a program may say of a tensor."""

    def of(name: str, begin: str, /, **changed: Any) -> tuple[str, bytes, str]:
        return f"pt2 {name}", with_config({"config": {"w": weight(**changed)}}), begin

    huge = 10**9
    yield of("stride 0, absurd size", LIES, sizes=ints(huge, huge), strides=ints(0, 0))
    yield of("stride beyond the end", LIES, strides=ints(200, 1))
    yield of("stride below zero", LIES, strides=ints(-2, 1))
    yield of("offset beyond the end", LIES, storage_offset={"as_int": 1})
    yield of("offset below zero", LIES, storage_offset={"as_int": -8})
    yield of("size below zero", LIES, sizes=ints(-10, -2))
    yield of("absurd size", LIES, sizes=ints(huge, 2))
    yield of("size beyond 64 bits", LIES, sizes=ints(2**70, 2))
    yield of("no numbers of absurd size", LIES, sizes=ints(0, 2**31, 2**31), strides=ints(1, 1, 1))
    yield of("more sizes than strides", LIES, sizes=ints(10, 2, 1))
    yield of("a thousand axes", LIES, sizes=ints(*[1] * 1000), strides=ints(*[1] * 1000))
    yield of("true for a size", LIES, sizes=ints(True, 2))
    yield of("a text for a size", LIES, sizes=ints("10", 2))
    yield of("a symbol for a size", DAMAGED, sizes=[{"as_expr": {"expr_str": "__import__('os').system('id')"}}])
    yield of("sizes that are none", DAMAGED, sizes=7)
    yield of("larger numbers", LIES, dtype=8)
    yield of("complex", KIND, dtype=10)
    yield of("a kind of numbers nobody knows", STRANGE, dtype=99)
    yield of("sparse", STRANGE, layout=1)
    yield of("a weight that is not there", LIES, path_name="weight_77")
    yield of("a weight outside", DAMAGED, path_name="../../../../etc/passwd")
    yield of("a number for a place", DAMAGED, path_name=0)
    yield of("a pickle, it says", PICKLED, use_pickle=True)
    yield "pt2 weights cut off", with_entries(**{"data/weights/weight_0": b"\0" * 79}), LIES
    yield "pt2 a name of 400 letters", with_config({"config": {"w" * 400: weight()}}), DAMAGED


def exported_files(canary: Path) -> Hostile:
    """What may lie in a program's zip."""
    evil = pickle.dumps(Touches(canary), 2)
    pickled = with_config({"config": {"w": weight(use_pickle=True)}})
    yield "pt2 a pickle for a weight", zipped({**entries(pickled), WEIGHT.format(0): evil}), PICKLED
    yield "pt2 all weights a pickle", with_entries(**{"data/weights/model.pt": evil}), PICKLED
    yield "pt2 as PyTorch 2.6 wrote it", zipped({"serialized_state_dict.pt": evil, "version": b"8.2"}), PICKLED
    yield "pt2 an object of one's own", with_entries(**{"data/constants/custom_obj_0": evil}), CODE
    yield "pt2 compiled code", with_entries(**{"data/aotinductor/model/x.wrapper.so": b"\x7fELF"}), CODE
    yield "pt2 text for JSON", with_config(b"weights: all of them"), DAMAGED
    yield "pt2 deep JSON", with_config(b'{"config":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001), DAMAGED
    one = json.dumps(weight()).encode()
    yield "pt2 a weight twice", with_config(b'{"config":{"w":' + one + b',"w":' + one + b"}}"), DAMAGED
    yield "pt2 a list for the config", with_config([1, 2]), DAMAGED
    yield "pt2 weights that are none", with_config({"config": [weight()]}), DAMAGED
    yield "pt2 a text for a weight", with_config({"config": {"w": "weight_0"}}), DAMAGED
    yield "pt2 JSON of 3 MB", with_config(b'{"config": {' + b" " * 3_000_000 + b"}}"), DAMAGED
    yield "pt2 no tensor", with_config({"config": {}}), NOTHING
    yield "pt2 two configs", with_entries(**{"data/weights/other_weights_config.json": program()[CONFIG]}), FOREIGN
    yield "pt2 no config", zipped({name: data for name, data in program().items() if name != CONFIG}), FOREIGN
    yield "pt2 zip slip", zipped({**program(), "../../evil": b"x"}), FOREIGN
    yield "pt2 zip slip inside", with_entries(**{"extra/../../../evil": b"x"}), FOREIGN
    yield "pt2 an entry nobody knows", with_entries(**{"readme": b"x"}), FOREIGN
    yield "pt2 another order of bytes", with_entries(byteorder=b"big"), "This file comes from a machine"
    yield "pt2 a text that is none", with_entries(**{"extra/config": b"\xff\xfe"}), DAMAGED
    yield "pt2 compressed", zipped(program(), zipfile.ZIP_DEFLATED), COMPRESSED
    good = zipped(program())
    for share in (0.1, 0.5, 0.9, 0.999):
        yield f"pt2 cut off at {share}", good[: int(len(good) * share)], DAMAGED
    yield "pt2 another zip inside", good[: good.rindex(b"PK\x05\x06")], DAMAGED
    content = program()[WEIGHT.format(0)]
    yield "pt2 a weight changed", good.replace(content, content[:-1] + bytes([content[-1] ^ 1])), DAMAGED
    file = io.BytesIO(good)
    with warnings.catch_warnings(), zipfile.ZipFile(file, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(WEIGHT.format(0), content)
    yield "pt2 an entry twice", file.getvalue(), "This zip was written neither by torch.save nor by torch.export"


def model(*initializers: TensorProto, **more: Any) -> ModelProto:
    """An ONNX file with one operator and these weights."""
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [value], initializers)
    made: ModelProto = helper.make_model(graph, **more)
    return made


def stored(**changed: Any) -> TensorProto:
    """A weight of four numbers, with changes."""
    tensor: TensorProto = numpy_helper.from_array(torch.arange(4.0).numpy(), "w")
    for name, value in changed.items():
        if isinstance(value, list):
            tensor.ClearField(name)
            getattr(tensor, name).extend(value)
        else:
            setattr(tensor, name, value)
    return tensor


def message(number: int, content: bytes) -> bytes:
    """A field that holds bytes, as protocol buffers write it."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    """A number, seven bits a byte."""
    parts = [value >> shift & 127 for shift in range(0, max(1, value.bit_length()), 7)]
    return bytes([part | 128 for part in parts[:-1]] + [parts[-1]])


def onnx_tensors() -> Hostile:
    """What an ONNX file may say of a tensor."""

    def of(name: str, begin: str, /, **changed: Any) -> tuple[str, bytes, str]:
        return f"onnx {name}", model(stored(**changed)).SerializeToString(), begin

    outside = stored(raw_data=b"", data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="/etc/passwd")
    yield "onnx weights in /etc/passwd", model(outside).SerializeToString(), ELSEWHERE
    inside = stored()
    inside.external_data.add(key="location", value="../../../etc/passwd")
    yield "onnx weights here and elsewhere", model(inside).SerializeToString(), ELSEWHERE
    yield of("weights elsewhere, nowhere", ELSEWHERE, data_location=TensorProto.EXTERNAL)
    yield of("more numbers than bytes", LIES, dims=[5])
    yield of("fewer numbers than bytes", LIES, dims=[3])
    yield of("sizes below zero", LIES, dims=[-2, -2])
    yield of("absurd sizes", LIES, dims=[2**62, 2**62])
    yield of("sizes whose product overflows to 4", LIES, dims=[2**33, 2**31, 4])
    yield of("no numbers of absurd size", LIES, dims=[0, 2**31, 2**31], raw_data=b"")
    yield of("many axes", LIES, dims=[1] * 5000)
    yield of("larger numbers", LIES, data_type=TensorProto.DOUBLE)
    yield of("texts", STRANGE, data_type=TensorProto.STRING)
    yield of("complex", KIND, data_type=TensorProto.COMPLEX64)
    yield of("numbers of four bits", KIND, data_type=TensorProto.INT4)
    yield of("a kind of numbers nobody knows", STRANGE, data_type=4711)
    yield of("float_data", NOT_RAW, raw_data=b"", float_data=[1.0, 2.0, 3.0, 4.0])
    yield of("no name", DAMAGED, name="")
    yield of("a long name", DAMAGED, name="w" * 400)
    yield "onnx a name twice", model(stored(), stored()).SerializeToString(), DAMAGED
    tensor = stored().SerializeToString()
    for name, behind in {
        "a name that is no text": message(8, b"\xff\xff"),
        "a number for a name": varint(8 << 3) + varint(5), "sizes that never end": message(1, b"\xff" * 40),
        "a part of a tensor": message(3, b""),
    }.items():  # fmt: skip
        yield f"onnx {name}", b"\x08\x0a" + message(7, message(5, tensor + behind)), DAMAGED


def onnx_files() -> Hostile:
    """What an ONNX file may be made of."""
    good = model(stored()).SerializeToString()
    graph = message(7, message(5, stored().SerializeToString()))
    for share in (0.1, 0.5, 0.9, 0.99):
        yield f"onnx cut off at {share}", good[: int(len(good) * share)], DAMAGED
    yield "onnx nothing but a version", b"\x08\x0a", DAMAGED
    yield "onnx two graphs", b"\x08\x0a" + graph + graph, DAMAGED
    yield "onnx a number for a graph", b"\x08\x0a" + varint(7 << 3) + varint(5), DAMAGED
    yield "onnx a number that never ends", b"\x08" + b"\xff" * 50, DAMAGED
    yield "onnx a length beyond the end", b"\x08\x0a" + varint(7 << 3 | 2) + varint(2**62) + b"x", DAMAGED
    yield "onnx a group", b"\x08\x0a" + varint(7 << 3 | 3) + graph, DAMAGED
    yield "onnx field 0", b"\x08\x0a\x00\x01" + graph, DAMAGED
    yield "onnx no tensor", model().SerializeToString(), NOTHING
    for levels, begin in {20: NOTHING, 400: PARTS}.items():
        deep = b""
        for _level in range(levels):
            deep = message(1, message(5, message(6, deep)))  # a graph in an attribute of a node of a graph
        yield f"onnx {levels} graphs in graphs", b"\x08\x0a" + message(7, deep), begin
    sparse = model()
    sparse.graph.sparse_initializer.add().values.CopyFrom(stored())
    yield "onnx sparse", sparse.SerializeToString(), STRANGE
    false = model(stored())
    helper.set_model_props(false, {"sha256": "0" * 64})
    yield "onnx a false checksum", false.SerializeToString(), "The numbers in this file are not those that were saved"
    noisy = model(stored())
    helper.set_model_props(noisy, {str(number): "x" for number in range(200)})
    yield "onnx many texts", noisy.SerializeToString(), PARTS


def scripts() -> Hostile:
    """TorchScript, as PyTorch itself writes it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, scripted in (
            ("traced", torch.jit.trace(Net(2, 10, 2), torch.zeros(1, 2))),  # type: ignore[no-untyped-call]
            ("scripted", torch.jit.script(nn.Linear(2, 3))),
        ):
            file = io.BytesIO()
            torch.jit.save(scripted, file)
            yield f"torchscript {name}", file.getvalue(), SCRIPT


def bombs() -> Hostile:
    """Small files that would take much memory or time, and large ones."""
    yield "pt2 zip bomb", zipped({**program(), WEIGHT.format(0): b"\0" * 60_000_000}, zipfile.ZIP_DEFLATED), COMPRESSED
    large = weight(sizes=ints(4_000_000), strides=ints(1))
    many = {f"w{number}": large for number in range(2000)}
    shared = {**program(), WEIGHT.format(0): bytes(16_000_000), CONFIG: json.dumps({"config": many}).encode()}
    yield "pt2 a weight of 16 MB 2,000 times", zipped(shared), LIES
    empty = weight(sizes=ints(0), strides=ints(1))
    lines = {str(number): empty for number in range(11_000)}
    yield "pt2 many weights", with_config({"config": lines}), DAMAGED  # its config is longer than 2 MB
    yield "pt2 too long", b"PK" + bytes(TOO_LONG), f"The file is larger than {limits.UPLOAD_MB} MB"
    yield "onnx too long", b"\x08\x0a" + bytes(TOO_LONG), f"The file is larger than {limits.UPLOAD_MB} MB"
    yield "onnx ten million fields", b"\x08\x0a" * 10_000_000, DAMAGED  # the version again and again, and no graph
    yield "onnx ten million nodes", b"\x08\x0a" + message(7, b"\x0a\x00" * 10_000_000), PARTS
    short = message(5, message(8, b"w") + b"\x10\x01\x08\x00")
    yield "onnx the same tensor often", b"\x08\x0a" + message(7, short * 100_000), DAMAGED
    tensors = (message(5, message(8, str(at).encode()) + b"\x10\x01\x08\x00") for at in range(100_000))
    yield "onnx many tensors", b"\x08\x0a" + message(7, b"".join(tensors)), PARTS
    axes = message(5, message(8, b"w") + b"\x10\x01" + message(1, b"\x01" * 20_000_000))
    yield "onnx 20 million axes", b"\x08\x0a" + message(7, axes), PARTS


def told_without_a_process(canary: Path) -> list[tuple[str, bytes, str]]:
    """Hostile programs that are seen through before anything is built."""
    return [*exported_tensors(), *exported_files(canary), *onnx_tensors(), *onnx_files(), *scripts()]


def for_a_process_of_its_own() -> list[tuple[str, bytes, str]]:
    """Hostile programs that may take memory and time."""
    return list(bombs())
