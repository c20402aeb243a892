"""A full disk costs a run nothing: it trains, says so once, and what could not be kept is written later, in order."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import limits
from core.engine.manager import Manager
from core.engine.record import Folder
from core.engine.run import Run
from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig
from core.refused import Refused
from tests.full_disk import full_disk, needs_limits
from tests.waiting import until

pytestmark = needs_limits

Start = Callable[..., Run]
Losses = Callable[..., list[float]]


def config_of(**values: Any) -> ClassifierConfig:
    return ClassifierConfig.create({"num_steps": 40, **values})


def over(run: Run) -> Run:
    """The run, once it has ended and its process is gone."""
    until(lambda: not run.alive and run.connection is None, state=run.state)
    return run


def at(run: Run, step: int) -> Run:
    """The run, once it has taken that step."""
    until(lambda: run.step >= step, state=run.state)
    return run


def pid_of(run: Run) -> int:
    assert run.process is not None and run.process.pid is not None
    return run.process.pid


def code_of(run: Run) -> str:
    return str((run.message or {}).get("code"))


def written_losses(run: Run) -> list[Any]:
    rows = run.folder.rows("run")
    assert [row["step"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["loss/train"] for row in rows]


def test_what_was_trained_on_a_full_disk_is_kept_when_there_is_space_again(
    start: Start, losses: Losses, recorded: Losses
) -> None:
    config = config_of(num_steps=2000)
    run = at(start(config, paused=True, steps=1), 1)
    until(lambda: run.folder.rows("run"))
    with full_disk(pid_of(run)):
        run.command("change", {"lr": 0.2})
        run.command("speed", 50)
        run.command("play")
        until(lambda: code_of(run) == "disk_full", state=run.state)
        at(run, 60)
        assert run.status == "running" and run.kept == [0]
        assert len(run.folder.rows("run")) < 60
    until(lambda: code_of(run) == "disk_again", state=run.state)
    until(lambda: run.kept[-1] >= 50, state=run.state)
    run.command("pause")
    until(lambda: run.status == "paused" and run.step in run.kept)
    assert run.folder.kept()[-1] == run.step
    assert written_losses(run) == recorded(run) == losses(config.changed(num_steps=run.step), {2: {"lr": 0.2}})
    assert run.folder.facts()["changes"] == [[2, {"lr": 0.2}]]


def test_a_paused_run_keeps_its_step_as_soon_as_there_is_space(start: Start) -> None:
    run = start(config_of(), paused=True)
    until(lambda: run.kept == [0])
    with full_disk(pid_of(run)):
        run.command("step")
        at(run, 1)
        run.command("pause")
        until(lambda: code_of(run) == "disk_full", state=run.state)
    until(lambda: run.kept == [0, 1] and code_of(run) == "disk_again", state=run.state)
    until(lambda: run.folder.rows("run"))


def test_the_server_writes_the_record_of_a_run_that_ended_on_a_full_disk(
    start: Start, manager: Manager, losses: Losses
) -> None:
    run = start(config_of(bugs=("softmax",)), paused=True)
    until(lambda: run.kept == [0])
    with full_disk(pid_of(run)):
        run.command("change", {"lr": 0.3})
        run.command("play")
        over(run)
    until(lambda: run.message == {"code": "reached_steps", "step": 40, "unkept": "step"}, state=run.state)
    assert run.status == "finished" and run.step == 40 and run.kept == [0]
    assert written_losses(run) == losses(config_of(bugs=("softmax",)), {1: {"lr": 0.3}})
    assert len(run.folder.rows("correct")) == 40
    facts = run.folder.facts()
    assert (facts["status"], facts["message"]) == ("finished", {"code": "reached_steps", "step": 40})
    assert facts["changes"] == [[1, {"lr": 0.3}]]


def test_a_worker_killed_on_a_full_disk_costs_no_step_that_was_heard_of(start: Start, manager: Manager) -> None:
    run = start(config_of(num_steps=50_000), paused=True)
    until(lambda: run.kept == [0])
    with full_disk(pid_of(run)):
        run.command("speed", 50)
        run.command("play")
        at(run, 20)
        assert run.process is not None
        run.process.kill()
        over(run)
    until(lambda: len(run.folder.rows("run")) == run.step and run.folder.facts()["status"] == "crashed")
    assert run.status == "crashed" and len(written_losses(run)) == run.step >= 20


def test_what_waits_in_memory_is_bounded_and_the_server_writes_the_rest(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch, losses: Losses
) -> None:
    from core.engine import reporting

    assert limits.UNWRITTEN_BYTES > 50_000 * 200, "the longest run of the classifier waits as a whole"
    config = config_of(num_steps=30)
    outbox: list[dict[str, Any]] = []
    folder = Folder(manager.store.root / "bounded")
    folder.create({"run": config})
    reporter = reporting.Reporter(folder, type("", (), {"message": lambda self, m: outbox.append(m)})(), {}, {}, {})
    monkeypatch.setattr(limits, "UNWRITTEN_BYTES", 1000)
    lines = [f'{{"step": {step}, "epoch": 1}}\n'.encode() for step in range(1, 101)]
    with full_disk():
        for line in lines:
            reporter._take("run", line)
            reporter._write(urgent=True)
    reporter._write(urgent=True)
    rows = folder.rows("run")
    assert [row["step"] for row in rows] == list(range(1, len(rows) + 1)) and 10 < len(rows) < 100
    assert not reporter.written
    assert [message["message"]["code"] for message in outbox] == ["disk_full"], "the record is not whole again"


def test_a_run_that_the_server_can_enter_nowhere_trains_and_is_entered_later(
    start: Start, manager: Manager, losses: Losses, recorded: Losses
) -> None:
    with full_disk():
        run = over(start(config_of(num_steps=30)))
        assert run.status == "finished" and recorded(run) == losses(config_of(num_steps=30))
        assert manager.run(run.owner, run.id) is run
    until(lambda: not manager.housekeeping.owes(run) and manager.store.find(run.id) is not None)
    entry = manager.store.find(run.id)
    assert entry is not None and (entry.status, entry.step) == ("finished", 30)
    facts = run.folder.facts()
    assert (facts["owner"], facts["status"]) == (run.owner, "finished")
    assert written_losses(run) == losses(config_of(num_steps=30))


def test_a_run_begun_on_a_full_disk_keeps_its_steps_as_soon_as_there_is_space(
    start: Start, manager: Manager, losses: Losses, recorded: Losses
) -> None:
    config = config_of(num_steps=50_000)
    with full_disk():
        run = start(config, speed=100)
        with full_disk(pid_of(run)):
            at(run, 60)
            assert code_of(run) == "disk_full" and run.status == "running" and run.kept == []
            at(run, 300)  # for longer than it waits before it asks the disk again
            assert run.kept == []
    until(lambda: run.kept, state=run.state)
    until(lambda: code_of(run) == "disk_again", state=run.state)
    assert run.status == "running" and run.kept[0] % 1250 != 0, "any step is kept as soon as it can be"
    run.command("pause")
    until(lambda: run.status == "paused" and run.step in run.kept)
    until(lambda: not manager.housekeeping.owes(run) and manager.store.find(run.id) is not None)
    assert written_losses(run) == recorded(run) == losses(config.changed(num_steps=run.step))
    assert run.folder.facts()["owner"] == run.owner


def test_to_continue_on_a_full_disk_is_refused_in_a_sentence(start: Start, manager: Manager) -> None:
    run = over(start(config_of()))
    with full_disk(), pytest.raises(Refused, match=r"The run can't be written to disk: .*\."):
        manager.resume(run.owner, run.id, 40, num_steps=50)
    assert len(manager.store.ids(run.owner)) == 1, "nothing of it is left"


def test_a_divergence_is_told_even_if_no_step_could_be_kept(start: Start) -> None:
    run = start(config_of(lr=50, dropout=0.3, batch_size=30), paused=True)
    until(lambda: run.kept == [0])
    with full_disk(pid_of(run)):
        run.command("play")
        over(run)
    assert run.status == "diverged" and run.message is not None and run.kept == [0]
    assert run.message["finite_step"] < run.message["step"]


def test_preferences_desks_and_pages_on_a_full_disk(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.prefer("ann", "language", "zh")
    store.leave("ann", config_of(), None)
    with full_disk():
        assert store.preference("ann", "language") == "zh" and store.of("ann", "classifier") == []
        with pytest.raises(OSError, match=r"full|large|I/O"):
            store.prefer("ann", "language", "en")
        with pytest.raises(OSError, match=r"full|large|I/O"):
            store.leave("ann", config_of(lr=0.7), "abc")
        desk = store.desk("ann", "classifier")
        assert store.preference("ann", "language") == "en", "it holds as long as the server runs"
        assert desk is not None and (desk.config["lr"], desk.run) == (0.7, "abc")
        assert not store.index.unreadable
    store.index.write_later()
    assert store.index.waiting(("preference", "ann", "language")) is None
    assert not store.is_waiting("ann", "classifier")
    again = Store(tmp_path)
    desk = again.desk("ann", "classifier")
    assert again.preference("ann", "language") == "en" and desk is not None and desk.config["lr"] == 0.7
