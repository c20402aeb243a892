"""Runs on a cluster without Ray: moved, queued, and refused by the disk, each step is recorded once and as at home."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from core.cluster.bridge import Bridge
from core.cluster.launcher import ClusterLauncher
from core.engine.assignment import Assignment
from core.engine.manager import Manager
from core.engine.record import Folder
from core.engine.run import Run
from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig
from core.tensorboard.records import scalars
from tests.core.cluster.near import NearCluster
from tests.experiments import hardest, over_all
from tests.full_disk import full_disk, needs_limits
from tests.waiting import until

Losses = Callable[..., list[float]]


def config_of(**values: Any) -> ClassifierConfig:
    return ClassifierConfig.create({"num_steps": 40, **values})


@pytest.fixture(scope="module")
def near() -> NearCluster:
    """A cluster of two places."""
    return NearCluster(2)


@pytest.fixture(scope="module")
def far(near: NearCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    """A manager whose runs are on that cluster."""
    made = Manager(Store(tmp_path_factory.mktemp("server")), grace=3600, launcher=ClusterLauncher(near))
    yield made
    made.close()


def over(run: Run) -> Run:
    until(lambda: not run.alive and run.connection is None, state=run.state)
    return run


def at(run: Run, step: int) -> Run:
    until(lambda: run.step >= step, state=run.state)
    return run


def code_of(run: Run) -> str:
    return str((run.message or {}).get("code"))


def written(run: Run) -> list[Any]:
    """The losses in the record's own lines, of which none is left out."""
    lines = run.folder.metrics_file("run").read_text().splitlines()
    rows = run.folder.rows("run")
    assert len(lines) == len(rows) and [row["step"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["loss/train"] for row in rows]


def lose(near: NearCluster, run: Run) -> None:
    near.lose(next(bridge for bridge in near.trained.values() if bridge.assignment.folder == run.folder.path))


@pytest.mark.one_in(3)
@over_all
def test_a_run_there_is_recorded_as_one_here(name: str, far: Manager, manager: Manager) -> None:
    config = hardest(name)
    run, here = over(far.start(f"there {name}", config)), over(manager.start(f"here {name}", config))
    assert run.history == here.history and run.rows == here.rows
    assert (run.status, run.step, run.message) == (here.status, here.step, here.message)
    assert {0, run.step} <= set(run.kept) and run.folder.kept() == run.kept
    assert run.frame == here.frame == run.folder.frame(run.step, {})
    for lane in here.folder.measured():
        assert run.folder.metrics_file(lane).read_bytes() == here.folder.metrics_file(lane).read_bytes()
    differing = {"created", "log", "logged", "owner"}
    theirs, ours = run.folder.facts(), here.folder.facts()
    assert {key: theirs[key] for key in theirs if key not in differing} == {
        key: ours[key] for key in ours if key not in differing
    }
    logs = far.store.logs(run.owner) / run.log_name, manager.store.logs(here.owner) / here.log_name
    there, home = ([scalars(file) for file in sorted(log.parent.rglob(f"{log.name}*/*tfevents*"))] for log in logs)
    assert len(home) > 0 and there == home


def test_a_lost_run_continues_elsewhere_and_each_step_is_recorded_once(
    near: NearCluster, far: Manager, losses: Losses, recorded: Losses
) -> None:
    config = config_of(num_steps=600)
    run = at(far.start("mover", config, speed=200), 150)
    run.command("change", {"lr": 0.2})
    until(lambda: run.changes)
    at(run, run.step + 5)
    lose(near, run)
    until(lambda: code_of(run) in ("node_lost", "moved"), state=run.state)
    told = run.step
    at(run, told + 100)
    lose(near, run)
    over(run)
    assert run.status == "finished" and run.step == 600
    assert written(run) == recorded(run) == losses(config, run.changes)
    assert run.history["run"]["loss/train"]["step"] == list(range(1, 601))
    assert run.folder.facts()["changes"] == [[step, fields] for step, fields in run.changes.items()]
    events = [scalars(file) for file in (far.store.logs("mover") / run.log_name).rglob("*tfevents*")]
    (logged,) = [lines["Train/Loss"] for lines in events if "Train/Loss" in lines]
    steps = [step for step, _ in logged]
    assert steps == sorted(set(steps)) and steps[-1] == 600


def test_a_paused_run_that_is_lost_pauses_where_it_was(near: NearCluster, far: Manager, losses: Losses) -> None:
    config = config_of(num_steps=400)
    run = at(far.start("rester", config, speed=100), 35)
    run.command("pause")
    until(lambda: run.status == "paused" and run.step in run.kept, state=run.state)
    run.command("step")
    step = run.step + 1
    at(run, step)
    until(lambda: len(run.folder.rows("run")) == step)
    lose(near, run)
    until(lambda: code_of(run) == "moved" and run.status == "paused" and run.step == step, state=run.state)
    run.command("speed", 0)
    run.command("play")
    assert written(over(run)) == losses(config)


def test_a_kept_step_is_known_though_its_place_was_lost_before_it_said_so(
    near: NearCluster, far: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = at(far.start("keeper", config_of(num_steps=400), speed=100), 20)
    bridge = next(bridge for bridge in near.trained.values() if bridge.assignment.folder == run.folder.path)
    monkeypatch.setattr(bridge, "_report", lambda data: None)
    until(lambda: set(run.folder.kept()) > set(run.kept), state=run.state)
    monkeypatch.undo()
    near.lose(bridge)
    run.command("speed", 0)
    assert over(run).status == "finished" and run.kept == run.folder.kept()


def test_what_is_ordered_while_a_place_gets_its_assignment_is_obeyed(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "run")
    folder.create({"run": config_of()})
    ours, theirs = Pipe()
    bridge = Bridge("id", Assignment({"run": config_of()}, folder.path, paused=True), theirs)

    def order(name: str, value: Any = None) -> bytes:
        data = json.dumps({"command": name, "value": value}).encode()
        bridge.order(data)
        return data

    assert bridge.next_assignment().paused
    order("step")
    change = order("change", {"lr": 0.5})
    orders = [order("speed", 5.0), order("watch", True), order("play")]
    sent: list[bytes] = []
    bridge.placed(None, sent.append, lambda known: None)
    assert sent == [*orders, change], "Play takes back a step that was not taken yet"
    bridge.hang_up()
    ours.close()


def test_a_step_that_was_recorded_and_never_told_is_in_the_curves(
    near: NearCluster, far: Manager, monkeypatch: pytest.MonkeyPatch, recorded: Losses
) -> None:
    run = at(far.start("gap", config_of(num_steps=400), speed=100), 22)
    bridge = next(bridge for bridge in near.trained.values() if bridge.assignment.folder == run.folder.path)
    monkeypatch.setattr(bridge, "_report", lambda data: None)
    told = run.step
    until(lambda: bridge.copy.furthest > told + 2)
    run.command("pause")
    until(lambda: run.folder.kept()[-1] == bridge.copy.furthest > told, state=run.state)
    monkeypatch.undo()
    near.lose(bridge)
    run.command("speed", 0)
    run.command("play")
    assert recorded(over(run)) == written(run) and run.step == 400


def test_runs_wait_in_line_and_can_be_stopped_there(near: NearCluster, far: Manager, losses: Losses) -> None:
    config = config_of(num_steps=5000)
    first = [at(far.start(f"early {number}", config, speed=100), 1) for number in range(2)]
    waiting = [far.start(f"late {number}", config_of()) for number in range(3)]
    until(lambda: [(run.message or {}).get("ahead") for run in waiting] == [0, 1, 2])
    assert [code_of(run) for run in waiting] == ["queued"] * 3
    far.stop(waiting[0])
    over(waiting[0])
    assert (waiting[0].status, waiting[0].step, code_of(waiting[0])) == ("stopped", 0, "stopped")
    assert waiting[0].folder.facts()["status"] == "stopped"
    until(lambda: waiting[1].message == {"code": "queued", "ahead": 0, "cause": "first"})
    far.stop(first[0])
    assert [written(over(run)) for run in waiting[1:]] == [losses(config_of())] * 2
    far.stop(first[1])


def test_a_paused_run_gives_its_place_to_one_that_waits(near: NearCluster, far: Manager, losses: Losses) -> None:
    config = config_of(num_steps=400)
    resting = [at(far.start(f"rester {number}", config, speed=100), 35) for number in range(2)]
    first = resting[0]
    bridge = next(bridge for bridge in near.trained.values() if bridge.assignment.folder == first.folder.path)
    assert bridge.rests_since() is None and not bridge.give_up_place(), "it trains"
    for run in resting:
        run.command("pause")
        until(lambda run=run: run.status == "paused" and run.step in run.kept, state=run.state)  # type: ignore[misc]
    waiting = far.start("late", config_of())
    until(lambda: code_of(waiting) == "queued", state=waiting.state)
    until(lambda: bridge.rests_since() is not None)
    since = bridge.rests_since()
    for name in ("answer", "watch"):
        bridge.order(json.dumps({"command": name, "value": True}).encode())
    assert bridge.rests_since() == since, "a page that is open is no reason to keep a place"
    step = first.step
    assert bridge.give_up_place() and not bridge.give_up_place()
    assert written(over(waiting)) == losses(config_of())
    assert (first.status, first.step, code_of(first), first.alive) == ("paused", step, "place_given_up", True)
    first.command("speed", 0)
    first.command("step")
    at(first, step + 1)
    until(lambda: first.status == "paused" and first.message is None, state=first.state)
    until(lambda: bridge.rests_since() is not None)
    assert bridge.give_up_place()
    first.command("play")
    assert written(over(first)) == losses(config)
    far.stop(resting[1])
    over(resting[1])


def test_a_run_that_has_given_up_its_place_can_be_stopped(near: NearCluster, far: Manager) -> None:
    run = at(far.start("rester", config_of(num_steps=400), paused=True, steps=1), 1)
    bridge = next(bridge for bridge in near.trained.values() if bridge.assignment.folder == run.folder.path)
    until(lambda: bridge.rests_since() is not None)
    assert bridge.give_up_place()
    far.stop(run)
    over(run)
    assert (run.status, run.step) == ("stopped", 1)


def test_a_run_that_takes_its_place_with_it_each_time_is_given_up(near: NearCluster, far: Manager) -> None:
    run = at(far.start("unlucky", config_of(num_steps=50_000), paused=True, steps=1), 1)
    until(lambda: run.folder.rows("run"))
    for _ in range(4):
        until(
            lambda: any(bridge.assignment.folder == run.folder.path and bridge.send for bridge in near.trained.values())
        )
        lose(near, run)
    over(run)
    assert (run.status, run.step, run.kept) == ("crashed", 1, [0])


@needs_limits
def test_what_the_servers_disk_refuses_is_sent_again(near: NearCluster, far: Manager, losses: Losses) -> None:
    config = config_of(num_steps=2000)
    run = at(far.start("full", config, paused=True, steps=1), 1)
    until(lambda: run.folder.rows("run"))
    run.command("speed", 50)
    with full_disk():
        run.command("play")
        until(lambda: code_of(run) == "disk_full", state=run.state)
        at(run, 120)
        assert run.kept == [0] and len(run.folder.rows("run")) < 120
    until(lambda: code_of(run) == "disk_again", state=run.state)
    until(lambda: run.kept[-1] >= 100, state=run.state)
    run.command("pause")
    until(lambda: run.status == "paused" and run.step in run.kept, state=run.state)
    assert run.folder.kept() == run.kept
    assert written(run) == losses(config.changed(num_steps=run.step))
    far.stop(run)
