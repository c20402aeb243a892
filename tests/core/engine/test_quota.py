"""A person's runs stay within their quota: the oldest steps go first, never a run's first or last."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core import limits
from core.engine.manager import Manager
from core.engine.quota import Usage, thin
from core.engine.record import Folder
from core.engine.run import Run
from core.experiments.classifier import ClassifierConfig
from core.frames import encode
from core.snapshot import Frame
from tests.waiting import until

Start = Callable[..., Run]


def kept_run(path: Path, times: dict[int, float]) -> Folder:
    """A run's folder with kept steps of about 40 KB each.

    Args:
        times: step -> when it was kept.
    """
    folder = Folder(path)
    folder.create({"run": ClassifierConfig()})
    for step, time in times.items():
        folder.keep(step, {"run": {"step": step, "net": torch.rand(10_000)}}, encode({"run": Frame(step, 1, {})}))
        for file in (folder.checkpoint_file(step), folder.frame_file(step)):
            os.utime(file, (time, time))
    return folder


def test_the_oldest_steps_go_first_but_no_first_or_last(tmp_path: Path) -> None:
    old = kept_run(tmp_path / "old", {0: 10, 1: 11, 2: 30, 3: 31})
    new = kept_run(tmp_path / "new", {0: 20, 1: 21, 2: 22, 3: 40})
    runs = {"new": new, "old": old}
    whole = Usage(runs.values()).bytes
    assert thin(runs, (), whole) == ({}, [])
    assert thin(runs, (), whole - 1) == ({"old": [1]}, [])
    assert thin(runs, (), whole - 100_000) == ({"new": [1, 2]}, [])
    assert (old.kept(), new.kept()) == ([0, 2, 3], [0, 3])
    assert Usage(runs.values()).bytes <= whole - 100_000
    dropped, condemned = thin(runs, (), 100_000)
    assert (dropped, condemned) == ({"old": [2]}, ["old"])
    assert thin(runs, (), 0)[1] == ["old"], "the newest run stays, whatever it takes"


def test_a_file_with_two_names_counts_once_and_goes_with_both(tmp_path: Path) -> None:
    first = kept_run(tmp_path / "first", {0: 10, 1: 11, 2: 12, 3: 13})
    alone = Usage([first]).bytes
    second = Folder(tmp_path / "second")
    second.create({"run": ClassifierConfig()})
    first.branch(second, 3)
    runs = {"second": second, "first": first}
    assert Usage(runs.values()).bytes < alone + 5000
    assert thin(runs, (), Usage(runs.values()).bytes - 30_000) == ({"first": [1], "second": [1]}, [])
    assert (first.kept(), second.kept()) == ([0, 2, 3], [0, 2, 3])


def test_what_a_run_alive_holds_on_to_stays(tmp_path: Path) -> None:
    source = kept_run(tmp_path / "source", {0: 10, 1: 11, 2: 12, 3: 13})
    alive = Folder(tmp_path / "alive")
    alive.create({"run": ClassifierConfig()})
    source.branch(alive, 2)
    runs = {"alive": alive, "source": source}
    dropped, condemned = thin(runs, ("alive",), 0)
    assert alive.kept() == [0, 1, 2], "nothing of a run alive goes"
    assert dropped == {} and condemned == [], "to drop only another name of it would free nothing"
    assert thin({**runs, "other": kept_run(tmp_path / "other", {0: 1, 1: 2, 2: 3})}, ("alive",), 0) == (
        {"other": [1]},
        ["other"],
    )


def test_a_run_that_is_spared_loses_steps_but_does_not_go(tmp_path: Path) -> None:
    runs = {name: kept_run(tmp_path / name, {0: 10, 1: 11, 2: 12}) for name in ("newest", "middle", "oldest")}
    assert thin(runs, (), 0, ("oldest",)) == ({"newest": [1], "middle": [1], "oldest": [1]}, ["middle"])


def test_what_the_disk_does_not_let_go_frees_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = {
        "new": kept_run(tmp_path / "new", {0: 1, 1: 5, 2: 6}),
        "old": kept_run(tmp_path / "old", {0: 1, 1: 2, 2: 3}),
    }
    held, unlink = runs["old"].frame_file(1), Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path == held:
            raise PermissionError("another program has it open")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert thin(runs, (), Usage(runs.values()).bytes - 1) == ({"new": [1]}, [])
    assert runs["old"].kept() == [0, 1, 2], "what stays of it is whole"


def test_one_who_resumes_again_and_again_stays_within_the_quota(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ClassifierConfig.create({"num_steps": 40, "hidden_sizes": (64, 64), "optimizer": "Adam"})
    first = start(config, speed=10_000)
    until(lambda: not first.alive and first.connection is None, state=first.state)
    alone = manager.housekeeping.used(first.owner)
    assert len(first.kept) == 41 and alone > 40 * 50_000
    monkeypatch.setattr(limits, "KEPT_BYTES", 2 * alone)
    runs = [first]
    for _ in range(4):
        run = manager.resume(first.owner, first.id, 20, speed=10_000)
        until(lambda run=run: not run.alive and run.connection is None, state=run.state)  # type: ignore[misc]
        runs.append(run)
    folders = [run.folder for run in runs]
    until(lambda: Usage(folders).bytes <= limits.KEPT_BYTES)
    until(lambda: manager.housekeeping.used(first.owner) <= limits.KEPT_BYTES)
    until(lambda: all(run.kept == run.folder.kept() for run in runs))  # what the pages offer is there
    for run in runs:
        assert {0, 40} <= set(run.folder.kept()) and len(run.folder.rows("run")) == 40
    assert len(runs[-1].kept) > len(first.kept), "the newest steps stayed"
    again = manager.resume(first.owner, first.id, first.kept[-1], num_steps=45)
    until(lambda: not again.alive, state=again.state)
    assert again.status == "finished"


def test_a_run_alive_keeps_within_its_own_part(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEPT_BYTES", 3_000_000)
    monkeypatch.setattr(limits, "RUNS_PER_OWNER", 3)
    config = ClassifierConfig.create({"num_steps": 1000, "hidden_sizes": (64, 64), "optimizer": "Adam"})
    run = start(config, paused=True)
    for step in range(1, 31):
        run.command("step")
        until(lambda step=step: run.step == step)  # type: ignore[misc]
        run.command("pause")
        until(lambda step=step: step in run.kept)  # type: ignore[misc]
    until(lambda: run.kept == run.folder.kept())
    assert run.kept[0] == 0 and run.kept[-1] == 30 and 3 < len(run.kept) < 25
    assert Usage([run.folder]).bytes < 1_100_000
