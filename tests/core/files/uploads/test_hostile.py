"""No uploaded file runs code, grows the server or takes long: each is refused in one plain sentence."""

import io
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.engine.manager import Manager
from core.files.uploads import read
from core.files.uploads.packed import unpack
from core.files.uploads.reader import examine
from core.processes.confined import Unable, confined
from tests.core.files.uploads.hostile import (
    GOOD,
    WHOLE,
    for_a_process_of_its_own,
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
    told = {}
    for name, data in told_without_a_process(canary).items():
        told[name] = refusal(examine, data)
        assert not canary.exists(), name
    assert {name: sentence for name, sentence in told.items() if not plain(sentence)} == {}


def test_bombs_are_refused_soon_and_the_server_does_not_grow(manager: Manager, tmp_path: Path) -> None:
    bombs = for_a_process_of_its_own() | {"system": dict(programs(tmp_path / "canary"))["zipped system protocol 2"]}
    read(GOOD)
    start = time.monotonic()
    read(GOOD)
    usual = time.monotonic() - start
    before, told, slow = memory(), {}, {}
    for name, data in bombs.items():
        start = time.monotonic()
        told[name] = refusal(read, data)
        slow[name] = time.monotonic() - start
    assert {name: sentence for name, sentence in told.items() if not plain(sentence)} == {}
    assert {name: seconds for name, seconds in slow.items() if seconds > max(2, 12 * usual)} == {}
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
    assert refused > len(places) / 3


def test_a_deep_view_of_a_large_storage_is_read_as_what_it_shows() -> None:
    kept = torch.arange(100.0)
    found = unpack(examine(saved({"w": kept[10:20], "t": kept.reshape(10, 10).T})))["value"]
    assert torch.equal(found["w"], kept[10:20])
    assert torch.equal(found["t"], kept.reshape(10, 10).T)


def test_what_pytorch_says_of_a_file_is_never_shown() -> None:
    file = io.BytesIO()
    torch.save({"w": torch.device("cpu")}, file)
    with pytest.raises(Unable) as caught:
        examine(file.getvalue())
    assert "weights_only" not in str(caught.value)
