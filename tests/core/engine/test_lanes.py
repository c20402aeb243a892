"""The lanes of a run stand in its record: what its experiment would propose by now makes no difference."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.engine.manager import Manager
from core.engine.record import Folder
from core.engine.run import Run
from core.experiments import experiment
from core.experiments.classifier import ClassifierConfig
from core.files import saving, uploads
from core.files.resuming import check
from core.frames import decode
from tests.waiting import until

CONFIG = ClassifierConfig(num_steps=30, batch_size=30, dropout=0.2, device="cpu")
LANES = {"run": CONFIG, "faster": CONFIG.changed(lr=0.1), "deeper": CONFIG.changed(hidden_sizes=(4, 4))}
"""The classifier proposes none but the run itself."""


@pytest.fixture
def run(start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that has ended, with lanes that its experiment proposed when it was started, and no longer does."""
    known = experiment("classifier")
    with monkeypatch.context() as patch:
        patch.setattr("core.engine.manager.experiment", lambda name: replace(known, lanes=lambda config: LANES))
        run = start(CONFIG, speed=10_000)
    until(lambda: run.status == "finished" and run.connection is None, state=run.state)
    return run


def test_they_are_trained_logged_drawn_and_go_on(
    run: Run, manager: Manager, losses: Callable[..., list[float]], recorded: Callable[..., list[float]]
) -> None:
    assert run.folder.lanes() == LANES
    assert run.hello()["lanes"] == list(LANES)
    for lane, config in LANES.items():
        assert recorded(run, lane) == losses(config)
    log = manager.store.logs(run.owner) / run.folder.facts()["log"]
    assert {path.name.removeprefix(log.name) for path in log.parent.iterdir()} == {"", "-faster", "-deeper"}
    kept = decode(run.folder.frame(15, {}))[1]
    again = decode(run.folder.frame(15, {"anything": 1}))[1]
    assert {name.split("/")[0] for name in kept} == set(LANES)
    assert all((kept[name] == again[name]).all() for name in kept)

    longer = manager.resume(run.owner, run.id, 15, num_steps=40)
    until(lambda: longer.status == "finished", state=longer.state)
    assert longer.folder.lanes() == {lane: config.changed(num_steps=40) for lane, config in LANES.items()}
    for lane, config in LANES.items():
        assert recorded(longer, lane) == losses(config.changed(num_steps=40))


def test_they_go_on_from_a_saved_checkpoint(run: Run, manager: Manager, recorded: Callable[..., list[float]]) -> None:
    saved = saving.save("checkpoint", run.folder.lanes(), {}, run.folder.checkpoint_file(15), 15)
    adopted = manager.adopt("somebody else", check(uploads.read(saved.data).value))
    assert adopted.folder.lanes() == LANES
    adopted.command("play")
    until(lambda: adopted.status == "finished", state=adopted.state)
    assert all(recorded(adopted, lane) == recorded(run, lane) for lane in LANES)


def test_an_older_record_leaves_them_to_the_experiment(tmp_path: Path) -> None:
    config = ClassifierConfig(bugs=("softmax",))
    folder = Folder(tmp_path / "run")
    folder.create({"run": config}, {})
    assert folder.lanes() == {"run": config}
    facts = folder.facts()
    del facts["lanes"]
    folder.write_facts(facts)
    assert folder.lanes() == {"run": config, "correct": config.changed(bugs=())}
