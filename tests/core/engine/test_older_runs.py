"""Runs whose folders an older version wrote continue bit for bit."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from core import checkpoints
from core.engine.manager import Manager
from core.engine.record import Folder
from core.engine.run import Run
from core.experiments import experiment
from tests.waiting import until

VALUES: dict[str, dict[str, Any]] = {
    "classifier": {"num_steps": 30, "dropout": 0.2, "batch_size": 30, "optimizer": "Adam", "bugs": ("softmax",)},
    "rnn": {"num_steps": 30, "cell": "LSTM"},
    "build": {"num_epochs": 1, "train_size": 600},
}


def make_older(folder: Folder) -> None:
    """Write what a folder has as older versions did: "lr_changes", no lanes, and "h_state" in every checkpoint."""
    facts = folder.facts()
    changes, _ = facts.pop("changes"), facts.pop("lanes")
    folder.write_facts({**facts, "lr_changes": [[step, fields["lr"]] for step, fields in changes]})
    for step in folder.kept():
        states = checkpoints.load(folder.checkpoint_file(step))
        older = {lane: {"h_state": None, **state} for lane, state in states.items()}
        checkpoints.save(older, folder.checkpoint_file(step))


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", VALUES)
def test_an_older_run_goes_on_bit_for_bit(name: str, start: Callable[..., Run], manager: Manager) -> None:
    config = experiment(name).config.create(VALUES[name])
    run = start(config, paused=True, speed=10_000)
    run.command("change", {"lr": 0.004})
    until(lambda: run.changes == {1: {"lr": 0.004}})
    run.command("play")
    until(lambda: run.status == "finished" and run.connection is None)
    whole = run.folder.rows("run")
    make_older(run.folder)
    manager._runs.pop(run.id)

    older = manager.run(run.owner, run.id)
    assert older is not None and older.changes == {1: {"lr": 0.004}}
    assert older.state()["events"] == [{"step": 1, "lr": 0.004}]
    step = older.kept[len(older.kept) // 2]
    assert 0 < step < older.step
    frame = older.folder.frame(step, {"part": "free"} if name == "rnn" else {"part": "test"})
    assert frame
    again = manager.resume(run.owner, run.id, step, speed=0)
    until(lambda: again.status == "finished")
    assert again.folder.rows("run") == whole
    assert again.folder.rows("correct") == run.folder.rows("correct")
    assert all(math.isfinite(row["loss/train"]) for row in whole)
    assert "changes" in again.folder.facts() and "lr_changes" not in again.folder.facts()
