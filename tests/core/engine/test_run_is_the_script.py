"""A run of the app, changed while it trained and continued from a kept step, is what its script prints."""

from collections.abc import Callable

import pytest

from core.engine.manager import Manager
from core.engine.run import Run
from core.experiments.classifier import ClassifierConfig
from core.export import script
from tests.core.scripts import Scripts
from tests.waiting import until


@pytest.mark.one_in(2)
@pytest.mark.parametrize("bugs", [(), ("no_zero_grad",)], ids=["correct", "with a bug"])
def test_the_script_repeats_a_run_with_its_learning_rate_changes(
    manager: Manager, start: Callable[..., Run], run_script: Scripts, bugs: tuple[str, ...]
) -> None:
    config = ClassifierConfig.create(
        {"dataset": "moons", "num_steps": 120, "batch_size": 30, "dropout": 0.2, "bugs": bugs, "optimizer": "Adam"}
    )
    first = start(config, paused=True, speed=300)  # it can't end before the change comes
    for _ in range(16):
        first.command("step")
    until(lambda: first.step == 16)
    first.command("change", {"lr": 0.1})
    until(lambda: first.changes == {17: {"lr": 0.1}})
    first.command("play")
    until(lambda: any(step > 17 for step in first.kept))
    kept = first.kept[-1]
    run = manager.resume(first.owner, first.id, kept, change={"lr": 0.005}, num_steps=130)
    until(lambda: not run.alive)
    assert run.status == "finished" and sorted(fields["lr"] for fields in run.changes.values()) == [0.005, 0.1]

    assert run_script(script(run.config, run.changes)) == run.folder.rows("run")
