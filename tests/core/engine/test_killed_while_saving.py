"""kill -9 wherever a save writes: the last good checkpoint is always there."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from core import checkpoints
from core.disk import DiskFile
from core.engine.manager import Manager
from core.engine.record import Folder
from core.experiments.classifier import ClassifierConfig
from core.frames import encode
from core.processes.confined import confined
from core.snapshot import Frame

NUMBERS = 5000
"""In a checkpoint: enough for its file to be written in several pieces."""


class Fatal:
    """Lets this many writes, syncs and renames happen, then kills this process; of a write's bytes half come first."""

    def __init__(self, left: int):
        self.left = left
        self.write, self.fsync, self.replace = DiskFile.write, os.fsync, os.replace

    def boundary(self) -> bool:
        """Whether this is where the process dies."""
        self.left -= 1
        return self.left < 0

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def arm(self) -> None:
        """Count writes, syncs and renames from now on."""

        def write(file: DiskFile, data: Any) -> int:
            if self.boundary():
                self.write(file, bytes(data)[: len(bytes(data)) // 2])
                self.die()
            return self.write(file, data)

        def call(function: Any) -> Any:
            def counted(*arguments: Any) -> Any:
                if self.boundary():
                    self.die()
                return function(*arguments)

            return counted

        DiskFile.write = write  # type: ignore[method-assign, assignment]
        os.fsync, os.replace = call(self.fsync), call(self.replace)


def state(step: int) -> dict[str, Any]:
    return {"run": {"step": step, "net": {"w": torch.full((NUMBERS,), float(step))}}}


def picture(text: str) -> bytes:
    return encode({"run": Frame(1, 1, {}, {"picture": text})})


def save_and_be_killed(root: Path) -> bytes:
    """Keep step 2, then step 1 again, in one process after another, each of which dies one write later.

    Returns:
        how many died before one came through.
    """
    boundary = 0
    while True:
        folder = Folder(root / str(boundary))
        folder.create({"run": ClassifierConfig(device="cpu")}, {})
        folder.keep(1, state(1), picture("1"))
        process = os.fork()
        if process == 0:
            Fatal(boundary).arm()
            folder.keep(2, state(2), picture("2"))
            folder.keep(1, state(11), picture("1, new"))
            os._exit(0)
        _, ended = os.waitpid(process, 0)
        if ended == 0:
            return str(boundary).encode()
        assert os.WTERMSIG(ended) == signal.SIGKILL
        boundary += 1


@pytest.mark.long
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
def test_killed_at_every_write_boundary(manager: Manager, tmp_path: Path) -> None:
    boundaries = int(confined(save_and_be_killed, tmp_path))
    assert boundaries > 15
    for boundary in range(boundaries + 1):
        folder = Folder(tmp_path / str(boundary))
        kept = folder.kept()
        assert kept in ([1], [1, 2])
        for step in kept:
            loaded = checkpoints.load(folder.checkpoint_file(step))["run"]
            assert loaded["step"] in {1: (1, 11), 2: (2,)}[step]
            assert torch.equal(loaded["net"]["w"], torch.full((NUMBERS,), float(loaded["step"])))
            assert folder.frame(step, {}) in {picture(text) for text in ("1", "2", "1, new")}
    assert kept == [1, 2], "the last one came through"
    assert checkpoints.load(folder.checkpoint_file(1))["run"]["step"] == 11
