"""What every experiment promises the engine, of its smallest run; each test is one promise."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import nbformat
import pytest
import torch

from core import step_by_step
from core.__main__ import main
from core.changes import Changes
from core.config import ConfigError
from core.experiments import experiment
from core.export import notebook, script
from core.frames import encode
from core.snapshot import Snapshot
from core.step_by_step import PRESSES, replay
from tests.core.scripts import Records, Scripts
from tests.experiments import NAMES, choices, general, hardest, over_all, smallest


def with_bug(name: str, bug: str) -> Any:
    """The smallest run with a bug, with more layers if it needs them; None if it needs yet another setting."""
    for small in (smallest, hardest):
        with suppress(ConfigError):
            return small(name, bugs=(bug,))
    return None


BUGS = [(name, bug) for name in NAMES for bug in choices(name, "bugs") if with_bug(name, bug)]


def steps(config: Any, changes: Changes | None = None) -> Iterator[Snapshot]:
    return experiment(config.experiment).train(config, changes or {})


def printed(config: Any) -> Records:
    """What the app's own loop measures, as its script prints it."""
    return [
        {"step": snapshot.step, "epoch": snapshot.epoch}
        | {name: value if math.isfinite(value) else None for name, value in snapshot.metrics.items()}
        for snapshot in steps(config)
        if snapshot.metrics
    ]


@over_all
def test_the_smallest_run_is_small_and_has_an_inside(name: str) -> None:
    config = smallest(name)
    assert config.experiment == experiment(name).name == name
    assert 10 <= config.num_steps <= 30
    assert config.steps_per_epoch == 1 or (config.num_steps > config.steps_per_epoch and 7 % config.steps_per_epoch)


@over_all
def test_the_loop_yields_the_untrained_network_and_then_every_step(name: str) -> None:
    config = smallest(name)
    numbers = []
    for snapshot in steps(config):
        numbers.append(snapshot.step)
        assert ("loss/train" in snapshot.metrics) == (snapshot.step > 0)
        assert all(isinstance(value, float) for value in snapshot.metrics.values())
        assert snapshot.step == 0 or snapshot.epoch == (snapshot.step - 1) // config.steps_per_epoch + 1
    assert numbers == list(range(config.num_steps + 1))


@over_all
def test_equal_configs_train_to_equal_losses(name: str) -> None:
    first, second = printed(smallest(name)), printed(smallest(name))
    assert first == second
    assert first != printed(smallest(name, seed=7))


@over_all
def test_the_untrained_network_is_where_the_run_begins(name: str) -> None:
    """Without moving the random numbers of anybody else."""
    config = smallest(name)
    before = torch.get_rng_state()
    untrained = experiment(name).untrained(config)
    assert torch.equal(torch.get_rng_state(), before)
    first = next(steps(config))
    assert (untrained.step, untrained.epoch, untrained.metrics) == (0, 0, {})
    assert untrained.order.shape == first.order.shape and untrained.order.dtype == first.order.dtype
    own, started = untrained.net.state_dict(), first.net.state_dict()
    assert list(own) == list(started) and all(torch.equal(own[key], started[key]) for key in own)


@over_all
def test_a_picture_can_be_drawn_of_every_step_and_changes_nothing(name: str) -> None:
    config = smallest(name)
    trained = experiment(name)
    plain = printed(config)
    losses = []
    for snapshot in steps(config):
        chance = torch.get_rng_state()
        rests, moves = (
            trained.frames(trained.lanes(config), {"run": snapshot}, moving=on)["run"] for on in (False, True)
        )
        assert len(encode({"run": rests})) == len(encode({"run": moves})), "both have the same arrays"
        assert torch.equal(torch.get_rng_state(), chance)
        losses += [snapshot.metrics["loss/train"]] if snapshot.metrics else []
    assert losses == [record["loss/train"] for record in plain]


@pytest.mark.one_in(2)
@over_all
def test_the_script_prints_the_losses_of_the_run_bit_for_bit(name: str, run_script: Scripts) -> None:
    config = smallest(name)
    records = run_script(script(config))
    assert records == printed(config)
    changes = {4: {"lr": config.lr / 2}, 9: {"lr": config.lr * 2}}
    losses = [snapshot.metrics["loss/train"] for snapshot in steps(config, changes) if snapshot.metrics]
    assert [record["loss/train"] for record in run_script(script(config, changes))] == losses
    assert losses != [record["loss/train"] for record in records], "a changed learning rate acts"


@over_all
def test_the_notebook_prints_the_losses_of_the_run_bit_for_bit(name: str, run_script: Scripts) -> None:
    """Its cells one after another, as a kernel runs them; the last one only draws."""
    config = smallest(name)
    book = nbformat.reads(notebook(config), as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(book)
    cells = {cell.id: cell.source for cell in book.cells if cell.cell_type == "code"}
    assert list(cells) == ["imports", "data", "model", "training", "run", "curves"]
    assert "class " in cells["model"] and "def train" in cells["training"], "each thing stands in its part"
    del cells["curves"]
    assert run_script("\n\n".join(cells.values())) == printed(config)


@pytest.mark.one_in(3)
@general
@pytest.mark.parametrize(("name", "bug"), BUGS)
def test_a_bug_is_trained_beside_the_correct_run_and_its_script_repeats_it(
    name: str, bug: str, run_script: Scripts
) -> None:
    config = with_bug(name, bug)
    assert experiment(name).lanes(config) == {"run": config, "correct": config.changed(bugs=())}
    try:
        records = printed(config)
    except RuntimeError:
        return  # PyTorch itself refuses this mistake
    assert run_script(script(config)) == records


@over_all
def test_a_step_can_be_taken_by_hand(name: str) -> None:
    config = smallest(name)
    table = replay(config, PRESSES)
    assert table.loss is not None and math.isfinite(table.loss)
    assert table.lr == config.lr
    assert any(row.change for row in table.rows) and any(row.gradient for row in table.rows)
    assert table.rows == step_by_step._replay(config, PRESSES).rows
    net = experiment(name).untrained(config).net
    assert [row.value for row in replay(config, ()).rows] == [
        value for parameter in net.parameters() for value in parameter.flatten().tolist()
    ]


@over_all
def test_what_is_logged_of_it_goes_through_the_network(name: str) -> None:
    config = smallest(name)
    trained = experiment(name)
    x, y = trained.logged_batch(config)
    assert len(x) == len(y) or x.shape[1] == y.shape[1]
    *_, last = islice(steps(config), 3)
    with torch.no_grad():
        last.net.eval()(x)


@over_all
def test_the_command_line_knows_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert list(json.loads(capsys.readouterr().out)[name]["fields"]) == list(experiment(name).config.model_fields)
    config = smallest(name)
    assert main(["train", name, *(f"{field}={text}" for field, text in config.to_query().items())]) == 0
    *rows, final = map(json.loads, capsys.readouterr().out.splitlines())
    assert rows == printed(config)
    assert final["final"] and final["step"] == config.num_steps
