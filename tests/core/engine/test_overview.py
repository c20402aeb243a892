"""What whoever runs the server sees of it, and how they end a run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core import limits
from core.engine.manager import Manager
from core.engine.overview import LOOK_INTERVAL, MEASURED, Observer, folder_size
from core.engine.run import Run
from core.experiments.classifier import ClassifierConfig
from tests.waiting import until

Start = Callable[..., Run]
LONG = ClassifierConfig(num_steps=50_000, device="cpu")


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now

    def goes_on(self) -> None:
        """Until the next look is due."""
        self.now += LOOK_INTERVAL


def test_each_run_alive_has_its_row(start: Start, manager: Manager) -> None:
    clock = Clock()
    observer = Observer(manager, clock)
    with manager.presence.attended("ann"):
        run = start(LONG, owner="ann", speed=50)
        until(lambda: run.step > 3 and run.kept_bytes > 0)
        before = observer.overview()
        assert observer.overview() is before, "who asks again at once gets the same"
        assert (before.people, before.places) == manager.presence.counts() and before.people >= 1
        until(lambda: run.step > before.runs[-1].step + 10)
        clock.goes_on()
        seen = next(row for row in observer.overview().runs if row.id == run.id)
    assert (seen.owner, seen.experiment, seen.status, seen.num_steps) == ("ann", "classifier", "running", 50_000)
    assert seen.speed >= 10 / LOOK_INTERVAL and seen.seconds > 0 and seen.disk > 0 and not seen.silent
    if sys.platform == "linux":
        assert seen.memory is not None and 5e6 < seen.memory < 1e9, "shared pages are not its own"
        assert before.memory is not None and before.memory_free is not None
    assert before.disk_free is not None
    until(lambda: observer._size is not None)
    clock.goes_on()
    size = observer.overview().disk
    assert size is not None and size > 0
    manager.stop(run)
    clock.goes_on()
    assert run.id not in {row.id for row in observer.overview().runs}


def test_of_many_workers_the_memory_is_looked_at_in_turn(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, looked = Clock(), list[int]()

    def private(pid: int) -> int:
        looked.append(pid)
        return pid

    monkeypatch.setattr("core.memory.private", private)
    runs = [start(LONG, owner=f"pupil {number}", speed=1) for number in range(MEASURED + 1)]
    pids = [run.process.pid for run in runs if run.process is not None]
    observer = Observer(manager, clock)
    assert [row.memory for row in observer.overview().runs] == pids == looked, "each new one at once"
    looked.clear()
    for _ in pids:
        clock.goes_on()
        assert [row.memory for row in observer.overview().runs] == pids
    assert looked == MEASURED * pids


def test_the_host_ends_a_run_and_its_owner_reads_so(start: Start, manager: Manager) -> None:
    run = start(LONG, speed=50)
    until(lambda: run.step > 3)
    assert manager.end_by_host(run.id)
    assert run.message == {"code": "stopped", "step": run.step, "cause": "host"}
    assert run.status == "stopped" and run.kept[-1] == run.step, "what was trained is kept"
    assert not manager.end_by_host(run.id) and not manager.end_by_host("") and not manager.end_by_host("nothing")


def test_a_run_that_has_to_be_killed_for_the_host_says_so_as_well(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(LONG, speed=50)
    until(lambda: run.step > 3)
    monkeypatch.setattr(run, "_send_held", lambda: None)  # a worker that reads no commands
    monkeypatch.setattr("core.engine.manager.PATIENCE", 0.0)
    assert manager.end_by_host(run.id)
    until(lambda: not run.alive)
    assert run.status == "crashed" and run.message is not None and run.message["cause"] == "host"


def test_a_run_stops_after_the_longest_time_and_can_be_continued(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(LONG, speed=50)
    until(lambda: run.step > 3)
    monkeypatch.setattr(limits, "RUN_SECONDS", 0.0)
    until(lambda: not run.alive, state=run.state)
    monkeypatch.undo()
    assert run.message == {"code": "stopped", "step": run.step, "cause": "long"}
    assert run.kept[-1] == run.step == len(run.folder.rows("run"))
    again = manager.resume(run.owner, run.id, run.kept[-1], speed=50)
    until(lambda: again.step > run.step, state=again.state)
    manager.stop(again)


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / "deep" / "a").write_bytes(b"x" * 1000)
    (tmp_path / "deep" / "deeper" / "b").hardlink_to(tmp_path / "deep" / "a")
    (tmp_path / "c").write_bytes(b"y" * 10)
    (tmp_path / "deep" / "link").symlink_to(tmp_path / "c")
    assert folder_size(tmp_path) == 1010 and folder_size(tmp_path / "none") == 0
