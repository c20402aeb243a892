"""A process that is dead is sent no signal: its number may be another's by now."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.connection import Connection, wait
from pathlib import Path

import pytest

from core.engine.record import Folder
from core.engine.run import Run
from core.experiments.classifier import ClassifierConfig
from core.processes import starting
from core.processes.limited import Limited, Limits, Send
from core.tensorboard.link import Link
from tests.waiting import PATIENCE


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the processes that are sent a signal; it reaches none of them."""
    pids: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _signal: pids.append(pid))
    return pids


def leave(connection: Connection) -> None:
    """End at once."""
    connection.close()


def leave_without_a_word(send: Send) -> None:
    """The same."""


def test_tensorboards(signals: list[int]) -> None:
    link = Link(leave)
    assert wait([link._process.sentinel], PATIENCE)
    link.end()
    assert signals == []


def test_a_silent_workers(signals: list[int], tmp_path: Path) -> None:
    ours, theirs = multiprocessing.Pipe()
    run = Run("id", "ann", ClassifierConfig(device="cpu"), Folder(tmp_path))
    process = starting.context().Process(target=leave, args=(theirs,))
    run.process, run.silent = process, True
    starting.start(process)
    assert wait([process.sentinel], PATIENCE)
    run.end_silent()
    assert signals == []
    ours.close()
    theirs.close()


@pytest.mark.parametrize("farewell", [0.0, 1.0])
def test_that_of_other_work(signals: list[int], farewell: float) -> None:
    work = Limited(leave_without_a_word, limits=Limits(60))
    assert wait([work._process.sentinel], PATIENCE)
    work.end(farewell)
    assert signals == []
