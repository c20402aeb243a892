"""Honest files that are not read: the reason is the true one, and says what to do."""

from __future__ import annotations

import io
import json
import struct
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save as safetensors
from torch import nn
from torch._weights_only_unpickler import _get_allowed_globals

from core.files.uploads import Upload, pickles, reader
from core.files.uploads.packed import unpack
from core.processes.confined import Unable

STRANGE = "This file holds something other than tensors, numbers and texts: "
KIND = "This file holds tensors of a kind that is not read here: "
VIEW = "A tensor in this file is a view that repeats numbers or leaves some out: save its .clone() instead."


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
        (Counter("abc"), STRANGE + "collections.Counter."),
        (torch.float16, STRANGE + "torch.float16."),
        (torch.device("cpu"), STRANGE + "torch.device."),
        (b"bytes", STRANGE + "_codecs.encode."),
        (1j, STRANGE + "__builtin__.complex."),
        (torch.zeros(2, 2).to_sparse(), KIND + "torch._utils._rebuild_sparse_tensor."),
        (torch.zeros(2, dtype=torch.complex64), KIND + "torch.ComplexFloatStorage."),
        (torch.zeros(2, dtype=torch.uint16), KIND + "torch.uint16."),
        (torch.zeros(2).to(torch.float8_e4m3fn), KIND + "torch.float8_e4m3fn."),
        (torch.zeros(6)[::2], VIEW),
        (torch.zeros(1).expand(5), VIEW),
        (torch.zeros(3)[[0]].expand(2, 1), VIEW),
        (torch.arange(2).as_strided((2, 2), (0, 1)), VIEW),
    ],
)
def test_what_pytorch_reads_is_never_said_to_run_code(content: Any, sentence: str) -> None:
    assert reason(saved({"w": torch.ones(2), "more": content})) == sentence


def test_no_name_that_weights_only_allows_is_accused() -> None:
    names = {f"{name.rpartition('.')[0]} {name.rpartition('.')[2]}" for name in _get_allowed_globals()}
    assert len(names) > 100
    accused = [name for name in names - pickles.PARTS if not pickles.PYTORCHS.fullmatch(name)]
    assert accused == []
    for code in ("torch load", "torch save", "torch.hub load", "torch._utils x", "builtins eval", "posix system"):
        assert not pickles.PYTORCHS.fullmatch(code)


def test_a_refusal_says_what_to_save_instead() -> None:
    data = torch.ones(2)
    assert reason(saved({"w": data, "best": np.float64(0.5)})).endswith(
        "which takes code to open: save float(number) or torch.from_numpy(array) instead."
    )
    assert reason(saved({"w": data, "when": __import__("datetime").date(2026, 1, 2)})) == (
        "This file would run code when opened, datetime.date, so it was not opened: save net.state_dict(), plain "
        "numbers and texts instead."
    )
    for protocol in (3, 4, 5):
        assert reason(saved({"w": data}, pickle_protocol=protocol)) == (
            f"This file was saved with pickle_protocol={protocol}, which is not read here: save it again without that "
            "argument."
        )


def test_kinds_of_numbers_in_safetensors_are_named() -> None:
    data = eights()
    assert reason(data) == KIND + "F8_E4M3."
    assert reason(data[:8] + data[8:].replace(b'"F8_E4M3"', b'"f8 e4m3"')) == str(pickles.damaged())
    header = json.dumps({"w": {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}}).encode()
    assert reason(struct.pack("<Q", len(header)) + header + bytes(4)) == str(pickles.damaged())


def test_whole_numbers_and_sets_are_read() -> None:
    seed = 2**64 - 1
    value = taken(saved({"w": torch.ones(1), "seed": seed, "seen": {3, 1, 2}})).value
    assert (value["seed"], value["seen"]) == (seed, [1, 2, 3])
    assert reason(saved({"w": torch.ones(1), "seed": 2**64})) == STRANGE + "int."


@pytest.mark.parametrize("name", ["net", "model_state_dict", "weights", "ema", "generator"])
def test_weights_are_found_by_any_name(name: str) -> None:
    upload = taken(saved({"epoch": 3, name: nn.Linear(2, 3).state_dict(), "about": {"by": "me"}}))
    assert upload.place == name
    assert list(upload.weights or {}) == ["weight", "bias"]
