"""No uploaded file runs code, grows the server or takes long: each is refused in one plain sentence."""

import io
import os
import pickle
import re
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core import limits
from core.engine.manager import Manager
from core.experiments.classifier import ClassifierConfig
from core.files.programs import prepared, written
from core.files.saving import PROGRAMS
from core.files.uploads import read
from core.files.uploads.packed import unpack
from core.files.uploads.reader import examine
from core.models import Net
from core.processes.confined import Unable, confined
from tests.core.files.uploads import hostile_programs
from tests.core.files.uploads.hostile import (
    GOOD,
    WHOLE,
    for_a_process_of_its_own,
    harmless,
    programs,
    saved,
    told_without_a_process,
)


def memory() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def refusal(read_file: Callable[[bytes], object], data: bytes) -> str | None:
    """The sentence that a file is refused with; None if it was taken."""
    try:
        read_file(data)
    except Unable as refused:
        return str(refused.problem)
    return None


def plain(sentence: str | None) -> bool:
    """Whether it is one sentence that says what is wrong with the file."""
    said = sentence or ""
    wrong = ("weights_only", "Error", "ended without a result", "memory")
    return bool(re.fullmatch(r"[A-Z][^\n]{10,200}\.", said)) and not any(word in said for word in wrong)


def test_sixty_hostile_files_and_more(tmp_path: Path) -> None:
    assert len(told_without_a_process(tmp_path / "canary")) + len(for_a_process_of_its_own()) >= 100


def test_programs_and_lies_are_seen_through_without_loading(tmp_path: Path) -> None:
    """In this very process, where a program would leave its mark."""
    canary = tmp_path / "canary"
    refusals = {}
    for name, data in told_without_a_process(canary).items():
        refusals[name] = refusal(examine, data)
        assert not canary.exists(), name
    assert {name: sentence for name, sentence in refusals.items() if not plain(sentence)} == {}


def test_harmless_files_are_not_accused() -> None:
    refusals = {name: str(refusal(examine, data)) for name, data in harmless()}
    assert refusals["before 1.6"].startswith("This is the format that torch.save wrote before version 1.6")
    assert refusals["meta"].startswith("The tensors in this file have no numbers")


def test_hostile_programs_are_refused_each_for_its_own_reason(tmp_path: Path) -> None:
    canary, refusals, expected = tmp_path / "canary", {}, {}
    for name, data, begin in hostile_programs.told_without_a_process(canary):
        refusals[name], expected[name] = refusal(examine, data), begin
        assert not canary.exists(), name
    assert {name: sentence for name, sentence in refusals.items() if not plain(sentence)} == {}
    assert {name: said for name, said in refusals.items() if not str(said).startswith(expected[name])} == {}
    assert len(refusals) >= 90


def test_bombs_are_refused_for_what_they_are_and_the_server_does_not_grow(manager: Manager, tmp_path: Path) -> None:
    bombs = for_a_process_of_its_own() | {"system": dict(programs(tmp_path / "canary"))["zipped system protocol 2"]}
    expected = {}
    for name, data, begin in hostile_programs.for_a_process_of_its_own():
        bombs[name], expected[name] = data, begin
    read(GOOD)
    before, refusals = memory(), {}
    for name, data in bombs.items():
        refusals[name] = refusal(read, data)
    assert {name: sentence for name, sentence in refusals.items() if not plain(sentence)} == {}
    assert {name: refusals[name] for name in expected if not str(refusals[name]).startswith(expected[name])} == {}
    assert [name for name, sentence in refusals.items() if "longer than" in str(sentence)] == []
    assert memory() - before < 60e6
    assert not (tmp_path / "canary").exists()


def test_limits_hold_for_whatever_runs_in_there(manager: Manager) -> None:
    assert "more than 480 MB" in str(refusal(lambda data: confined(takes_memory), b""))
    assert "longer than 1 seconds" in str(refusal(lambda data: confined(takes_time, seconds=1), b""))
    assert "ended without a result" in str(refusal(lambda data: confined(dies), b""))


def takes_memory() -> bytes:
    return bytes(600 * 2**20)[:1]


def takes_time() -> bytes:
    while True:
        pass


def dies() -> bytes:
    os._exit(3)


@pytest.mark.parametrize("good", [GOOD, WHOLE], ids=["state_dict", "whole model"])
def test_a_flipped_bit_is_refused_or_changes_nothing(good: bytes) -> None:
    assert share_refused(good) > 1 / 3


def share_refused(good: bytes) -> float:
    """How many of the files with one bit flipped are refused. None of the others differs in what is read of it."""
    expected = unpack(examine(good))["value"]
    places = {*range(0, len(good), max(1, len(good) // 400)), *range(400), *range(len(good) - 400, len(good))}
    refused = 0
    for place in sorted(places):
        changed = bytearray(good)
        changed[place] ^= 1 << place % 8
        try:
            value = unpack(examine(bytes(changed)))["value"]
        except Unable:
            refused += 1
        else:
            assert list(value) == list(expected), place
            assert all(torch.equal(value[name], expected[name]) for name in expected), place
    return refused / len(places)


@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_flipped_bit_in_a_program_is_refused_or_changes_no_weight(kind: str) -> None:
    """ONNX has no checksum: the files that are written here carry one."""
    config = ClassifierConfig.create({"hidden_sizes": (3,), "device": "cpu"})
    good, _, _ = written(kind, config, prepared(config)[0].state_dict())
    assert share_refused(good) > (1 / 3 if kind == "exported" else 1 / 10)  # ONNX: most of it is graph, never read


def test_what_is_not_a_weight_is_never_opened(tmp_path: Path) -> None:
    """Example inputs are a pickle, and an operator may have any name: both are left alone."""
    canary = tmp_path / "canary"
    evil = pickle.dumps(hostile_programs.Touches(canary), 2)
    program = hostile_programs.with_entries(**{"data/sample_inputs/model.pt": evil, "models/model.json": b"{" * 9})
    assert set(unpack(examine(program))["value"]) == set(Net(2, 10, 2).state_dict())
    model = hostile_programs.model(hostile_programs.stored())
    model.graph.node[0].op_type, model.graph.node[0].domain = "PyOp", "os.system"
    model.functions.add(name="Identity", domain="x")
    unknown = hostile_programs.message(3000, b"?" * 50)
    weights = unpack(examine(model.SerializeToString() + unknown))["value"]
    assert torch.equal(weights["w"], torch.arange(4.0))
    assert not canary.exists()


def test_a_whole_model_of_any_scripts_own_class_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """An experiment may bring a model of its own: its class stays closed as all others do."""
    module = types.ModuleType("torch_playground_line")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec("from torch import nn\nclass Straight(nn.Linear):\n    pass\n", module.__dict__)
    net = module.Straight(2, 3)
    file = io.BytesIO()
    torch.save(net, file)
    parts = unpack(examine(file.getvalue()))
    assert (parts["kind"], parts["class"]) == ("model", "Straight")
    assert torch.equal(parts["value"]["weight"], net.weight)


def test_what_an_onnx_file_says_twice_is_what_it_says_last() -> None:
    """So protocol buffers have it, and so every program reads it."""
    twice = hostile_programs.stored().SerializeToString() + hostile_programs.message(9, b"\0" * 16)
    graph = hostile_programs.message(7, hostile_programs.message(5, twice))
    assert torch.equal(unpack(examine(b"\x08\x0a" + graph))["value"]["w"], torch.zeros(4))


def test_views_of_one_storage_and_empty_tensors_of_a_program_are_read() -> None:
    weight, ints = hostile_programs.weight, hostile_programs.ints
    config = {
        "t": weight(sizes=ints(2, 10), strides=ints(1, 2)),
        "row": weight(sizes=ints(2), strides=ints(1), storage_offset={"as_int": 6}),
        "none": weight(sizes=ints(0, 3), strides=ints(3, 1)),
        "again": weight(sizes=ints(3, 2), strides=ints(0, 1)),
        "windows": weight(sizes=ints(2, 2), strides=ints(1, 1)),
        "number": weight(sizes=[], strides=[]),
    }
    weights = unpack(examine(hostile_programs.with_config({"config": config})))["value"]
    stored = hostile_programs.program()[hostile_programs.WEIGHT.format(0)]
    whole = torch.frombuffer(bytearray(stored), dtype=torch.float32).reshape(10, 2)
    assert torch.equal(weights["t"], whole.T)
    assert torch.equal(weights["row"], whole[3])
    assert weights["none"].shape == (0, 3)
    assert torch.equal(weights["again"], whole[:1].expand(3, 2))
    assert torch.equal(weights["windows"], torch.stack([whole.flatten()[:2], whole.flatten()[1:3]]))
    assert torch.equal(weights["number"], whole[0, 0])


def test_a_deep_view_of_a_large_storage_is_read_as_what_it_shows() -> None:
    kept = torch.arange(100.0)
    weights = unpack(examine(saved({"w": kept[10:20], "t": kept.reshape(10, 10).T})))["value"]
    assert torch.equal(weights["w"], kept[10:20])
    assert torch.equal(weights["t"], kept.reshape(10, 10).T)


def test_what_pytorch_says_of_a_file_is_never_shown() -> None:
    file = io.BytesIO()
    torch.save({"w": torch.float32, "f": torch.relu}, file)
    with pytest.raises(Unable) as caught:
        examine(file.getvalue())
    assert "weights_only" not in str(caught.value)


def test_the_largest_file_that_is_promised_is_read_and_no_larger_one(manager: Manager) -> None:
    most = limits.UPLOAD_MB * limits.MEGABYTE
    largest = saved({"w": torch.zeros((most - 4000) // 4)})
    weights = read(largest).weights
    assert len(largest) <= most and weights is not None and weights["w"].numel() == (most - 4000) // 4
    assert refusal(read, bytes(most + 1)) == f"The file is larger than {limits.UPLOAD_MB} MB."


def test_one_text_named_many_times_does_not_grow_the_server(manager: Manager) -> None:
    """A pickle of 200 kB whose content is 600 MB: it names the same text again and again."""
    text = "x" * 199_000
    before = memory()
    assert plain(refusal(read, saved({"w": torch.zeros(2), "texts": [text] * 3000})))
    assert memory() - before < 60e6
