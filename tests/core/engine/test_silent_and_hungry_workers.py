"""Workers that do not answer, and workers that need more memory than there is."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import limits, memory
from core.engine import heartbeat
from core.engine.heartbeat import Heartbeat
from core.engine.manager import Manager
from core.engine.run import MOST_HELD, Run
from core.experiments.classifier import ClassifierConfig
from core.experiments.cnn import CNNConfig
from core.experiments.vgg import VGGConfig
from tests.waiting import gone, until

OWNER = "a" * 32
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
Start = Callable[..., Run]


@pytest.fixture
def start(manager: Manager) -> Iterator[Start]:
    """Starts runs of the classifier; they are ended with the test."""
    runs: list[Run] = []

    def make(**how: object) -> Run:
        runs.append(manager.start(OWNER, ClassifierConfig(num_steps=50_000), **how))  # type: ignore[arg-type]
        return runs[-1]

    yield make
    for run in runs:
        manager.stop(run)


def pid_of(run: Run) -> int:
    assert run.process is not None and run.process.pid is not None
    return run.process.pid


def asleep(run: Run) -> Run:
    """The run, its worker stopped, once that is noticed."""
    until(lambda: run.heartbeat.spoken)
    os.kill(pid_of(run), signal.SIGSTOP)
    until(lambda: run.silent)
    return run


# When silence is silence


def test_a_worker_is_asked_after_a_silence_and_given_up_only_if_it_does_not_answer() -> None:
    beat = Heartbeat()
    beat.hear()
    now = beat._heard
    assert not beat.should_ask(now)
    assert beat.should_ask(now + 1.1) and not beat.should_ask(now + 1.2)
    assert beat.should_ask(now + 2.2), "asked again, in case that the first was lost"
    assert not beat.silent(now + 3.5)
    assert beat.silent(now + 3.7)
    beat.hear()
    assert not beat.silent(now + 3.7)


def test_people_are_told_within_five_seconds() -> None:
    from core.engine.listener import LOOK_INTERVAL

    assert heartbeat.ASK_AFTER + heartbeat.PATIENCE + 2 * LOOK_INTERVAL < 5


def test_a_server_that_stood_still_gives_nobody_up() -> None:
    beat = Heartbeat()
    beat.hear()
    an_hour_later = time.monotonic() + 3600
    assert beat.should_ask(an_hour_later) and not beat.silent(an_hour_later)


def test_a_worker_that_has_not_begun_has_longer() -> None:
    beat = Heartbeat()
    begin = time.monotonic()
    assert beat.should_ask(begin + 1.1)
    assert not beat.silent(begin + 10) and beat.silent(begin + 1.2 + heartbeat.FIRST_WORD)


def test_a_paused_run_answers(start: Start) -> None:
    run = start(paused=True)
    until(lambda: run.heartbeat.spoken)
    before = run.heartbeat._heard
    until(lambda: run.heartbeat._heard > before + 2 * heartbeat.ASK_AFTER)
    assert not run.silent and run.status == "paused"


# A worker that does not answer


@linux
def test_a_stopped_worker_is_told_and_what_was_ordered_meanwhile_is_done_when_it_wakes(start: Start) -> None:
    run = asleep(start(speed=100))
    assert run.state()["silent"] and run.status == "running"
    for number in range(MOST_HELD):
        run.command("focus", {"drawing": [number % 7] * 5000})
    run.command("pause")
    run.command("speed", 7)
    os.kill(pid_of(run), signal.SIGCONT)
    until(lambda: run.status == "paused" and run.speed == 7)
    assert not run.state()["silent"]


@linux
def test_a_stopped_worker_is_ended_at_once_and_its_record_is_whole(start: Start, manager: Manager) -> None:
    run = start(speed=100)
    until(lambda: run.step > 30)
    pid = pid_of(asleep(run))
    run.end_silent()
    until(lambda: gone(pid) and run.status == "crashed")
    assert run.message == {"code": "crashed", "step": run.step, "kept_step": run.kept[-1], "cause": "silent"}
    assert not run.state()["silent"]
    assert [row["step"] for row in run.folder.rows("run")] == list(range(1, run.step + 1))
    again = manager.resume(OWNER, run.id, run.kept[-1])
    until(lambda: again.step > run.kept[-1])
    manager.stop(again)


@linux
def test_a_worker_that_answers_is_not_ended_as_silent(start: Start) -> None:
    run = start(speed=100)
    run.end_silent()
    at = run.step
    until(lambda: run.step > at + 5)
    assert run.status == "running"


@linux
def test_a_stopped_worker_of_somebody_who_left_is_ended(start: Start, manager: Manager) -> None:
    run = asleep(start(speed=100))
    pid = pid_of(run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manager, "grace", 0.0)
        until(lambda: gone(pid))
    until(lambda: not run.alive)


# Memory


@linux
def test_a_run_that_needs_too_much_says_so_and_is_recorded(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = start(speed=100)
    monkeypatch.setattr(limits, "RUN_MEMORY", 300)
    run = manager.start(OWNER, VGGConfig(width="1", batch_size=512, device="cpu"))
    until(lambda: not run.alive)
    assert (run.status, run.message) == ("failed", {"code": "memory", "step": run.step + 1, "most": 300})
    until(lambda: run.connection is None)
    facts = run.folder.facts()
    assert (facts["status"], facts["message"]) == ("failed", run.message)
    assert len(run.folder.rows("run")) == run.step
    at = other.step
    until(lambda: other.step > at)


@linux
def test_a_run_that_can_not_even_begin_says_so(start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RUN_MEMORY", 1)
    run = manager.start(OWNER, CNNConfig(device="cpu"))
    until(lambda: not run.alive)
    assert (run.status, run.message) == ("failed", {"code": "memory", "step": 1, "most": 1})
    assert run.folder.facts()["status"] == "failed"


@linux
def test_the_system_ends_a_worker_before_the_server(start: Start) -> None:
    run = start(speed=100)
    until(lambda: run.step > 0)
    assert int(Path(f"/proc/{pid_of(run)}/oom_score_adj").read_text()) > 0


@linux
def test_a_worker_that_the_system_ended_for_want_of_memory_is_told_so(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(speed=100)
    until(lambda: run.step > 0)
    kills = memory.oom_kills()
    monkeypatch.setattr(memory, "oom_kills", lambda: kills + 1)
    os.kill(pid_of(run), signal.SIGKILL)
    until(lambda: run.status == "crashed")
    assert run.message is not None and run.message["cause"] == "memory"


@linux
def test_a_worker_that_someone_killed_is_told_without_a_cause(start: Start) -> None:
    run = start(speed=100)
    until(lambda: run.step > 0)
    os.kill(pid_of(run), signal.SIGKILL)
    until(lambda: run.status == "crashed")
    assert run.message is not None and "cause" not in run.message
