"""Honest files that are not read: the reason is the true one, and says what to do."""

from __future__ import annotations

import argparse
import datetime
import io
import json
import struct
import types
import zipfile
from collections import Counter, defaultdict, deque
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save as safetensors
from torch import Tensor, nn
from torch._weights_only_unpickler import _get_allowed_globals

from core import limits
from core.files.contents import Line, rows
from core.files.uploads import Upload, pickles, reader, values
from core.files.uploads.packed import unpack
from core.files.uploads.places import is_mixed, weights_at, written
from core.processes.confined import Unable
from tests.core.files.uploads.hostile import text, with_pickle, zipped

STRANGE = "This file holds something other than tensors, numbers and texts: "


def other(kind: str, instead: str) -> str:
    """The sentence for tensors of a kind that is not read."""
    return f"This file holds tensors of a kind that is not read here, {kind}: save {instead} instead."


def saved(content: Any, **options: Any) -> bytes:
    """The file that torch.save makes of it."""
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


def reason(data: bytes) -> str:
    """The sentence that a file is refused with."""
    with pytest.raises(Unable) as refused:
        reader.examine(data)
    return str(refused.value.problem)


def taken(data: bytes) -> Upload:
    """What is read in a file."""
    parts = unpack(reader.examine(data))
    return Upload(parts["kind"], parts["value"], len(data))


def eights() -> bytes:
    return safetensors({"w": torch.zeros(3).to(torch.float8_e4m3fn)})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (torch.zeros(2, 2).to_sparse(), other("sparse", "tensor.to_dense()")),
        (torch.zeros(2, dtype=torch.complex64), other("complex64", "torch.view_as_real(tensor)")),
        (torch.zeros(2, dtype=torch.complex128), other("complex128", "torch.view_as_real(tensor)")),
        (torch.zeros(2, dtype=torch.uint16), other("uint16", "tensor.float()")),
        (torch.zeros(2, dtype=torch.uint64), other("uint64", "tensor.float()")),
        (torch.zeros(2).to(torch.float8_e4m3fn), other("float8_e4m3fn", "tensor.float()")),
    ],
)
def test_tensors_that_are_not_read_are_named_with_what_to_save(content: Any, sentence: str) -> None:
    assert reason(saved({"w": torch.ones(2), "more": content})) == sentence
    assert "save" in reason(saved({"w": torch.ones(2), "deep": [{"more": content}]}))


def test_a_quantized_tensor_is_named_with_what_to_save() -> None:
    storage = b"(" + text("storage") + b"ctorch\nQUInt8Storage\n" + text("0") + text("cpu") + b"K\x04tQ"
    program = b"\x80\x02ctorch._utils\n_rebuild_qtensor\n(" + storage + b"tR."
    assert reason(with_pickle(program)) == other("quantized", "tensor.dequantize()")


def test_all_that_pytorch_reads_beside_tensors_is_read() -> None:
    marked, buffer = torch.arange(3.0), nn.Buffer(torch.arange(4.0))
    marked.mark = "mine"  # type: ignore[attr-defined]
    parameter = nn.Parameter(torch.ones(2))
    parameter.mark = "mine"  # type: ignore[attr-defined]
    tensors: dict[str, Tensor] = {"marked": marked, "buffer": buffer, "parameter": parameter}
    content: dict[Any, Any] = {
        "counts": Counter("abca"), "none": Counter(), "kind": torch.float16, "where": torch.device("cuda:1"),
        "cpu": torch.device("cpu"), "bytes": b"ab\xff", "array": bytearray(b"abc"), "no array": bytearray(),
        "complex": 1 - 2j, "layout": torch.strided, "scheme": torch.per_tensor_affine, "seed": 2**64 - 1,
        "large": 2**200, "seen": {3, 1, 2}, "size": torch.Size([2, 3]), ("a", 1): "pair", None: 1, True: 2, 0.5: 3,
        **tensors,
    }  # fmt: skip
    file = saved(content)
    torch.load(io.BytesIO(file), weights_only=True)
    value = taken(file).value
    assert list(value) == list(content)
    plain = {key: item for key, item in value.items() if not isinstance(item, Tensor)}
    assert plain == {
        "counts": {"a": 2, "b": 1, "c": 1}, "none": {}, "kind": Line("torch.float16", "dtype"),
        "where": Line("cuda:1", "device"), "cpu": Line("cpu", "device"), "bytes": Line("b'ab\\xff'", "bytes"),
        "array": Line("b'abc'", "bytes"), "no array": Line("b''", "bytes"), "complex": Line("(1-2j)", "complex"),
        "layout": Line("torch.strided", "layout"), "scheme": Line("torch.per_tensor_affine", "qscheme"),
        "seed": 2**64 - 1, "large": Line(str(2**200), "int"), "seen": [1, 2, 3], "size": (2, 3), ("a", 1): "pair",
        None: 1, True: 2, 0.5: 3,
    }  # fmt: skip
    assert all(torch.equal(value[name], tensor) for name, tensor in tensors.items())
    shown = {row.name: (row.shown, row.dtype) for row in rows(value)}
    assert shown["where"] == ("cuda:1", "device")
    assert shown["large"][1] == "int"


def test_as_many_changes_as_a_run_has_steps_are_read() -> None:
    changes = [[step, {"lr": 1 / step}] for step in range(1, 50_002)]
    assert taken(saved({"w": torch.ones(1), "changes": changes})).value["changes"] == changes


def test_many_tensors_are_refused() -> None:
    one = torch.ones(1)
    assert reason(saved({"w": [one] * 20_001})) == "This file is nested too deeply or has too many parts."


def test_keys_may_be_long_and_what_is_too_long_is_said() -> None:
    content = {"k" * 400: torch.ones(2), 2**64: 1, "half \udcff": "\udcff"}
    value = taken(saved(content)).value
    assert list(value) == ["k" * 400, 2**64, "half \\udcff"] and value["half \\udcff"] == "\\udcff"
    too_long = "This file holds a text of {} characters; at most {} are read here."
    assert reason(saved({"k" * 2001: torch.ones(2)})) == too_long.format(2001, 2000)
    assert reason(saved({"w": torch.ones(2), "t": "t" * 200_001})) == too_long.format(200_001, 200_000)
    assert reason(saved({b"k": torch.ones(2)})) == f"{STRANGE}bytes."


def test_a_storage_is_named_as_one() -> None:
    sentence = "This file holds the storage of a tensor, {}: save the tensor itself instead."
    for content in (torch.ones(2).untyped_storage(), {"s": torch.ones(2).untyped_storage()}):
        assert reason(saved(content)) == sentence.format("UntypedStorage")
    with pytest.warns(UserWarning, match="TypedStorage"):
        typed = torch.ones(2).storage()  # type: ignore[no-untyped-call]
    assert reason(saved({"w": torch.ones(2), "s": typed})) == sentence.format("TypedStorage")


@pytest.mark.parametrize(
    "view",
    [
        torch.arange(6.0)[::2],
        torch.arange(1.0, 2.0).expand(5),
        torch.arange(3.0)[[1]].expand(2, 1),
        torch.arange(2).as_strided((2, 2), (0, 1)),
        torch.arange(6.0).unfold(0, 3, 1),
        torch.arange(24.0).reshape(2, 3, 4)[:, 1],
        torch.arange(8).reshape(2, 4).T[1:3],
        torch.complex(torch.zeros(3), torch.arange(3.0)).conj().imag.clone(),
        torch.arange(4.0).half(),
        torch.arange(4.0).bfloat16()[1::2],
    ],
)
def test_a_view_is_read_as_the_numbers_that_it_shows(view: Tensor) -> None:
    value = taken(saved({"w": view, "whole": torch.ones(2)})).value["w"]
    assert value.dtype == view.dtype and torch.equal(value, view)


def test_a_negated_view_is_read_as_the_numbers_that_it_shows() -> None:
    view = torch._neg_view(torch.arange(3.0))
    assert torch.equal(taken(saved({"w": view})).value["w"], torch.tensor([-0.0, -1.0, -2.0]))


def test_a_view_of_more_numbers_than_a_file_may_have_is_refused() -> None:
    assert reason(saved({"w": torch.zeros(1).expand(limits.UPLOAD_MB * limits.MEGABYTE)})) == (
        "A tensor in this file does not match the numbers that the file holds."
    )


def test_no_name_that_weights_only_allows_is_accused() -> None:
    names = {f"{name.rpartition('.')[0]} {name.rpartition('.')[2]}" for name in _get_allowed_globals()}
    assert len(names) > 100
    sentences = {name: str(pickles._program(name)) for name in names if not is_read(name)}
    assert [name for name, sentence in sentences.items() if "would run code" in sentence] == []
    assert set(sentences) >= {"torch ComplexFloatStorage", "torch._utils _rebuild_qtensor"}
    for code in ("torch load", "torch save", "torch.hub load", "torch._utils x", "builtins eval", "posix system"):
        assert not is_read(code)
        assert "would run code" in str(pickles._program(code))


def is_read(name: str) -> bool:
    """Whether a pickle may have a name of torch or Python in it."""
    return name in pickles.PARTS or name in values.OWN or bool(pickles.VALUES.fullmatch(name))


def test_a_refusal_says_what_to_save_instead() -> None:
    data = torch.ones(2)
    assert reason(saved({"w": data, "best": np.float64(0.5)})).endswith(
        "which takes code to open: save float(number) or torch.from_numpy(array) instead."
    )
    assert reason(saved({"w": data, "activation": nn.functional.gelu})) == (
        "This file would run code when opened, torch._C._nn.gelu, so it was not opened: save net.state_dict(), plain "
        "numbers and texts instead."
    )
    optimizer = torch.optim.SGD([nn.Parameter(data)], 0.1)
    for content, name, instead in [
        (argparse.Namespace(lr=0.1), "argparse.Namespace", "vars(args)"),
        (types.SimpleNamespace(lr=0.1), "types.SimpleNamespace", "vars(args)"),
        (datetime.date(2026, 1, 2), "datetime.date", "str(value)"),
        (PurePosixPath("a"), "pathlib.PurePosixPath", "str(value)"),
        (defaultdict(list), "collections.defaultdict", "dict(mapping)"),
        (deque([1]), "collections.deque", "list(items)"),
        (range(3), "builtins.range", "list(items)"),
        (frozenset([1]), "builtins.frozenset", "set(items)"),
        (Decimal("0.5"), "decimal.Decimal", "float(number)"),
        (optimizer, "torch.optim.sgd.SGD", "optimizer.state_dict()"),
        (torch.optim.lr_scheduler.StepLR(optimizer, 3), "torch.optim.lr_scheduler.StepLR", "scheduler.state_dict()"),
    ]:
        assert reason(saved({"w": data, "more": content})) == (
            f"This file holds something that torch.load does not read by default, {name}: save {instead} instead."
        )
    for protocol in (3, 4, 5):
        assert reason(saved({"w": data}, pickle_protocol=protocol)) == (
            f"This file was saved with pickle_protocol={protocol}, which is not read here: save it again without that "
            "argument."
        )


def test_a_file_that_was_zipped_is_named() -> None:
    data = zipped({"run/best.pth": saved({"w": torch.ones(2)}), "run/notes.txt": b"good"}, zipfile.ZIP_DEFLATED)
    assert reason(data) == "This zip holds another file, run/best.pth: unpack it and upload that."


def test_a_network_beside_other_things_is_named() -> None:
    assert reason(saved({"epoch": 3, "net": nn.Linear(2, 2)})) == (
        "This file holds a network itself, Linear, and more beside it: save net.state_dict() instead of net."
    )


def test_kinds_of_numbers_in_safetensors_are_named() -> None:
    data = eights()
    assert reason(data) == other("F8_E4M3", "tensor.float()")
    assert reason(safetensors({"w": torch.zeros(3, dtype=torch.complex64)})) == other(
        "C64", "torch.view_as_real(tensor)"
    )
    assert reason(data[:8] + data[8:].replace(b'"F8_E4M3"', b'"f8 e4m3"')) == str(pickles.damaged())
    header = json.dumps({"w": {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}}).encode()
    assert reason(struct.pack("<Q", len(header)) + header + bytes(4)) == str(pickles.damaged())


@pytest.mark.parametrize("name", ["net", "model_state_dict", "weights", "ema", "generator"])
def test_weights_are_found_by_any_name(name: str) -> None:
    upload = taken(saved({"epoch": 3, name: nn.Linear(2, 3).state_dict(), "about": {"by": "me"}}))
    assert upload.places == [(name,)]
    assert list(upload.weights or {}) == ["weight", "bias"]


def test_weights_are_found_wherever_they_stand() -> None:
    weights = nn.Linear(2, 3).state_dict()
    optimizer = torch.optim.Adam(nn.Linear(2, 3).parameters())
    sum(parameter.sum() for parameter in optimizer.param_groups[0]["params"]).backward()
    optimizer.step()
    content = {"a": {"b": weights}, "runs": [{"net": weights}, weights], 7: weights, "opt": optimizer.state_dict()}
    upload = taken(saved(content))
    assert upload.places == [("runs", 0, "net"), (7,), ("a", "b"), ("runs", 1)]
    assert [written(place) for place in upload.places] == ['["runs"][0]["net"]', "[7]", '["a"]["b"]', '["runs"][1]']
    for place in upload.places:
        assert torch.equal(weights_at(upload.value, place)["weight"], weights["weight"])
        assert not is_mixed(upload.value, place)


def test_weights_beside_other_things_in_one_dict_are_found() -> None:
    upload = taken(saved({"epoch": 3, "conv.weight": torch.ones(2), "conv.bias": torch.ones(2), "about": {"lr": 0.1}}))
    assert upload.places == [()]
    assert list(upload.weights or {}) == ["conv.weight", "conv.bias"]
    assert is_mixed(upload.value, ())
    assert taken(saved({"epoch": 3, "mine": torch.ones(2)})).places == [()], "by hand, where nothing else is weights"
    assert taken(saved({"epoch": 3, "loss": torch.ones(1)})).places == []


def test_a_loss_function_among_the_weights_is_called_so() -> None:
    weights = nn.Linear(2, 2).state_dict()
    for loss in (nn.CrossEntropyLoss(), nn.MSELoss()):
        assert reason(saved({"net": weights, "criterion": loss})) == (
            f"This file holds a loss function itself, {type(loss).__name__}, and more beside it: leave it out when you "
            "save the rest."
        )
    assert "a network itself, Linear, and more" in reason(saved({"epoch": 3, "net": nn.Linear(2, 2)}))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({**nn.Linear(2, 2).state_dict(), "epoch": 3}, [()]),
        ({**nn.LSTM(2, 2).state_dict(), "epoch": 3}, [()]),
        ({"epoch": 3, "best": {**nn.BatchNorm1d(2).state_dict(), "accuracy": 0.9}}, [("best",)]),
        ({"w1": torch.zeros(2, 2), "b1": torch.zeros(2), "epoch": 3}, [()]),
        ({"epoch": 3, "mine": {"w1": torch.zeros(2, 2), "lr": 0.1}}, [("mine",)]),
        ({"loss": torch.tensor(0.3), "epoch": 3, "net": nn.Linear(2, 2).state_dict()}, [("net",)]),
        ({"loss": torch.tensor(0.3), "epoch": 3}, []),
    ],
)
def test_weights_are_found_among_numbers_of_the_same_dict(content: dict[str, Any], expected: list[Any]) -> None:
    upload = taken(saved(content))
    assert upload.places == expected
    for place in expected:
        assert weights_at(upload.value, place)
