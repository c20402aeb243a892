"""Real worker processes: they train, obey, keep, survive and die as they should."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from core import checkpoints, limits
from core.engine.manager import Manager
from core.engine.record import Folder
from core.engine.run import Run
from core.engine.store import Store, new_id
from core.experiments.classifier import ClassifierConfig, build_net
from core.frames import decode
from core.refused import Refused
from tests.waiting import PATIENCE, gone, until, until_gone

Start = Callable[..., Run]
Losses = Callable[..., list[float]]
FAST = 10_000
"""Steps a second: as fast as it goes, but every kept step is kept."""


def config_of(**values: Any) -> ClassifierConfig:
    return ClassifierConfig.create({"num_steps": 40, **values})


def over(run: Run) -> Run:
    """The run, once it has ended and its process is gone."""
    until(lambda: not run.alive, state=run.state)
    until(lambda: run.connection is None)
    return run


def at(run: Run, step: int) -> Run:
    """The run, once it has taken that step."""
    until(lambda: run.step >= step, state=run.state)
    return run


def pid_of(run: Run) -> int:
    assert run.process is not None and run.process.pid is not None
    return run.process.pid


def weights_at(run: Run, step: int, lane: str = "run") -> dict[str, torch.Tensor]:
    weights: dict[str, torch.Tensor] = checkpoints.load(run.folder.checkpoint_file(step))[lane]["net"]
    return weights


# A run from its first step to its last


def test_a_run_records_the_loops_own_losses(start: Start, losses: Losses, recorded: Losses) -> None:
    config = config_of(num_steps=100, evaluate_every=5)
    run = over(start(config))
    assert recorded(run) == losses(config)
    assert (run.status, run.step, run.message) == ("finished", 100, {"code": "reached_steps", "step": 100})
    assert run.history["run"]["loss/train"]["step"] == list(range(1, 101))
    assert run.history["run"]["accuracy/test"]["step"] == list(range(5, 101, 5))
    assert {0, 100} <= set(run.kept)


def test_the_folder_has_what_memory_has(start: Start, manager: Manager) -> None:
    run = over(start(config_of(bugs=("softmax",))))
    again = Run(run.id, run.owner, run.folder.config(), run.folder)
    again.load("finished")
    assert again.history == run.history
    assert (again.kept, again.step, again.message) == (run.kept, run.step, run.message)
    assert again.frame == run.frame, "the last picture is the last kept one"
    entry = manager.store.find(run.id)
    assert entry is not None
    assert (entry.status, entry.step, entry.metrics) == ("finished", 40, run.last_metrics)


def test_a_run_that_trains_is_listed_as_it_is_now(start: Start, manager: Manager) -> None:
    run = at(start(config_of(num_steps=10_000), speed=200), 5)
    until(lambda: "loss/train" in run.last_metrics)
    (entry,) = manager.entries(run.owner, "classifier")
    assert entry.id == run.id and entry.status == "running" and 5 <= entry.step <= run.step
    assert entry.metrics["loss/train"] is not None
    assert manager.entries("one without runs", "classifier") == manager.entries(run.owner, "rnn") == []


def test_a_run_stops_at_the_accuracy_asked_for(start: Start) -> None:
    run = over(start(config_of(stop="accuracy", target_accuracy=0.95, num_steps=2000)))
    assert run.status == "finished" and run.step < 2000
    assert run.message is not None and run.message["code"] == "reached_accuracy" and run.message["accuracy"] >= 0.95


def test_a_run_stops_at_a_plateau(start: Start) -> None:
    run = over(start(config_of(stop="plateau", patience=5, init="zeros_", lr=1e-4, num_steps=2000)))
    assert run.status == "finished" and run.step < 2000
    assert run.message == {"code": "plateau", "step": run.step}


def test_a_device_that_is_not_here_is_refused(start: Start) -> None:
    with pytest.raises(Refused, match="can't be used"):
        start(config_of(device="cuda:99"))


def test_a_run_names_the_device_it_ran_on(start: Start) -> None:
    assert start(config_of(device="auto")).config.device == "cpu"


def test_a_run_that_is_just_starting_is_not_taken_for_one_of_the_past(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = manager._launcher.launch
    id = new_id()
    early = []

    def ask_first(*arguments: Any) -> Any:
        assert manager.store.find(id) is not None
        early.append(manager.run("anna", id))
        return launch(*arguments)

    monkeypatch.setattr(manager._launcher, "launch", ask_first)
    run = manager.start("anna", config_of(num_steps=5), id=id)
    assert early == [None]
    assert manager.run("anna", id) is run
    assert over(run).status == "finished"


# Commands


def test_play_and_pause(start: Start, losses: Losses, recorded: Losses) -> None:
    config = config_of(num_steps=5000, batch_size=64, dropout=0.2)
    run = at(start(config, speed=300), 5)
    run.command("pause")
    until(lambda: run.status == "paused")
    step = run.step
    assert recorded(run) == losses(config)[:step]
    until(lambda: run.kept[-1] == step)  # a paused step is kept
    run.command("change", {"lr": 0.02})
    until(lambda: step + 1 in run.changes)  # the worker answers while paused
    assert run.step == step == len(recorded(run))
    run.command("play")
    at(run, step + 5)
    assert run.status == "running"


def test_single_steps_and_epochs(start: Start) -> None:
    run = start(config_of(batch_size=30, num_steps=1000), paused=True)
    run.command("step")
    run.command("step")
    run.command("step")
    at(run, 3)
    run.command("epoch")
    at(run, 7)
    run.command("epoch")
    at(run, 14)
    run.command("step")
    at(run, 15)
    run.command("change", {"lr": 0.5})
    until(lambda: run.changes)  # all orders were carried out
    assert (run.step, run.status, list(run.changes)) == (15, "paused", [16])


@pytest.mark.parametrize(("steps", "expected"), [(1, 1), ("epoch", 7)])
def test_a_run_can_start_with_a_step_or_an_epoch(start: Start, steps: int | str, expected: int) -> None:
    run = at(start(config_of(batch_size=30, num_steps=1000), paused=True, steps=steps), expected)
    run.command("speed", 5)
    until(lambda: run.speed == 5)
    assert (run.step, run.status) == (expected, "paused")


def test_a_learning_rate_acts_from_the_next_step_and_is_recorded(
    start: Start, losses: Losses, recorded: Losses
) -> None:
    config = config_of(optimizer="Adam", batch_size=32, dropout=0.1)
    run = start(config, paused=True)
    for _ in range(7):
        run.command("step")
    at(run, 7)
    run.command("change", {"lr": 0.3})
    until(lambda: run.changes == {8: {"lr": 0.3}})
    assert run.value_now("lr") == 0.3
    run.command("change", {"lr": 0.4})
    run.command("play")
    over(run)
    assert run.changes == {8: {"lr": 0.4}}
    assert recorded(run) == losses(config, {8: {"lr": 0.4}})
    assert run.folder.facts()["changes"] == [[8, {"lr": 0.4}]]
    assert run.state()["events"] == [{"step": 8, "lr": 0.4}]


def test_a_learning_rate_changed_at_full_speed_is_recorded_where_it_acted(
    start: Start, manager: Manager, losses: Losses, recorded: Losses
) -> None:
    config = config_of(num_steps=50_000, evaluate_every=1000)  # it can't end before the change comes
    run = at(start(config), 1)
    run.command("change", {"lr": 0.5})
    until(lambda: run.changes)
    [changed_at] = run.changes
    at(run, changed_at + 10)
    manager.stop(run)
    over(run)
    assert recorded(run) == losses(config.changed(num_steps=run.step), run.changes)


def test_speed_sets_the_steps_of_a_second(start: Start) -> None:
    ordered = time.monotonic()
    run = at(start(config_of(num_steps=50_000), speed=100), 120)
    step = run.step
    allowed = 100 * (time.monotonic() - ordered + 0.5)
    assert step <= allowed + 1, "never faster, but half a second may be caught up"
    assert run.speed == 100


def test_a_new_speed_acts_at_once(start: Start) -> None:
    run = at(start(config_of(num_steps=50_000), speed=0.01), 1)
    run.command("speed", 200)
    until(lambda: run.step > 20)  # the wait for the next slow step is over


def test_a_speed_near_zero_is_only_slow(start: Start) -> None:
    run = at(start(config_of(), speed=1e-200), 1)
    run.command("speed", 1e-300)
    until(lambda: run.speed == 1e-300)
    run.command("speed", 0)
    assert over(run).status == "finished"


def test_play_after_a_pause_catches_up_nothing(start: Start) -> None:
    run = at(start(config_of(num_steps=50_000), speed=20), 3)
    run.command("pause")
    until(lambda: run.status == "paused")
    paused, step = time.monotonic(), run.step
    until(lambda: time.monotonic() - paused > 0.7)
    ordered = time.monotonic()
    run.command("play")
    at(run, step + 1)
    assert run.step - step <= 5 + 20 * (time.monotonic() - ordered), "not the steps of half a second at once"


def test_stop_keeps_the_last_step(start: Start, manager: Manager) -> None:
    run = at(start(config_of(num_steps=50_000), speed=500), 10)
    manager.stop(run)
    assert run.status == "stopped" and run.message == {"code": "stopped", "step": run.step}
    assert run.kept[-1] == run.step == run.folder.kept()[-1]
    assert len(run.folder.rows("run")) == run.step
    until(lambda: (entry := manager.store.find(run.id)) is not None and entry.step == run.step)


def test_ctrl_c_in_the_terminal_is_the_servers_affair(start: Start) -> None:
    run = at(start(config_of(), paused=True, steps=1), 1)
    os.kill(pid_of(run), signal.SIGINT)
    run.command("play")
    assert over(run).status == "finished"


def test_a_command_to_a_run_of_the_past_does_nothing(start: Start) -> None:
    run = over(start(config_of(num_steps=1)))
    run.command("play")
    assert run.status == "finished"


def test_a_pipe_is_not_closed_while_a_command_is_on_its_way_into_it(tmp_path: Path) -> None:
    """Its worker has died: to close the pipe below the command would be an error on the page that sent it."""
    begun, allowed = threading.Event(), threading.Event()
    reading, writing = os.pipe()

    class Pipe:
        closed_while_sending = closed = sending = False

        def fileno(self) -> int:
            return writing

        def send_bytes(self, _data: bytes) -> None:
            self.sending = True
            begun.set()
            assert allowed.wait(PATIENCE)
            self.sending = False

        def close(self) -> None:
            self.closed, self.closed_while_sending = True, self.sending

    run, pipe = Run("0" * 16, "anne", config_of(), Folder(tmp_path)), Pipe()
    run.connection = pipe  # type: ignore[assignment]
    sending = threading.Thread(target=run.command, args=("play",))
    ending = threading.Thread(target=run.hang_up)
    sending.start()
    assert begun.wait(PATIENCE)
    ending.start()
    ending.join(0.2)  # without a lock it would be through
    allowed.set()
    sending.join(PATIENCE)
    ending.join(PATIENCE)
    os.close(reading)
    os.close(writing)
    assert pipe.closed and not pipe.closed_while_sending and run.connection is None


# What watchers see


def test_a_watcher_is_told_and_gets_the_newest_frame(start: Start) -> None:
    run = start(config_of(), paused=True)
    new_frame = threading.Event()
    run.watch(new_frame.set)
    run.command("step")
    assert new_frame.wait(PATIENCE)
    until(lambda: run.frame is not None and decode(run.frame)[0]["step"] == 1)
    run.unwatch(new_frame.set)
    assert not run.watched


def test_frames_are_made_only_while_someone_watches(start: Start) -> None:
    run = start(config_of(num_steps=50_000), paused=True)
    run.unwatch(lambda: None)
    run.command("step")
    at(run, 1)
    run.command("speed", 7)
    until(lambda: run.speed == 7)
    assert run.frame is not None and decode(run.frame)[0]["step"] == 0
    run.watch(lambda: None)
    until(lambda: run.frame is not None and decode(run.frame)[0]["step"] == 1)


def test_the_last_frame_is_the_last_step(start: Start) -> None:
    run = over(start(config_of(num_steps=333)))
    assert run.frame is not None and decode(run.frame)[0]["step"] == 333


def test_a_picture_at_rest_is_drawn_finely_whatever_was_drawn_while_it_moved(start: Start) -> None:
    run = start(config_of(num_steps=50_000, hidden_sizes=(40, 40, 40)), speed=200)
    run.watch(lambda: None)
    until(lambda: run.frame is not None and decode(run.frame)[0]["step"] not in (0, 1))
    run.command("pause")
    until(lambda: run.status == "paused" and run.step in run.kept)
    until(lambda: run.frame == run.folder.frame(run.step, {}))


def test_the_first_picture_is_the_one_that_is_kept(start: Start) -> None:
    run = start(config_of(), paused=True)
    until(lambda: run.frame is not None and run.kept == [0])
    assert run.folder.frame(0, {}) == run.frame


def test_a_watcher_whose_page_is_gone_hurts_nobody(start: Start) -> None:
    def broken() -> None:
        raise RuntimeError("Event loop is closed")

    new_frame = threading.Event()
    run = start(config_of(), paused=True)
    run.watch(broken)
    run.watch(new_frame.set)
    run.command("play")
    assert over(run).status == "finished" and new_frame.is_set()


def test_no_point_is_lost_between_hello_and_the_news(start: Start, recorded: Losses) -> None:
    run = start(config_of(num_steps=1000, evaluate_every=10))
    seen: list[Any] = []
    while True:
        ended = not run.alive and run.connection is None
        hello = run.hello()
        known = hello["history"].get("run", {"loss/train": {"step": []}})["loss/train"]["step"]
        seen.append(len(known))
        values, lengths = run.since(hello["known"])
        news = values.get("run", {"loss/train": {"step": []}})["loss/train"]["step"]
        end = lengths.get("run", {"loss/train": 0})["loss/train"]
        assert [*known, *news] == list(range(1, end + 1))
        if ended:
            break
    assert seen[-1] == 1000 and json.loads(json.dumps(run.hello()))["status"] == "finished"


def test_a_hello_is_a_copy(start: Start) -> None:
    run = at(start(config_of(num_steps=5000), paused=True, steps=1), 1)
    hello = run.hello()
    before = json.dumps(hello)
    run.command("step")
    at(run, 2)
    assert json.dumps(hello) == before


# Bugs, each beside the correct run


@pytest.mark.one_in(3)
@pytest.mark.parametrize("bugs", [("softmax",), ("no_zero_grad",), ("no_activation",), ("softmax", "no_zero_grad")])
def test_a_bug_and_its_twin_equal_their_solo_runs(
    bugs: tuple[str, ...], start: Start, losses: Losses, recorded: Callable[..., list[float]]
) -> None:
    config = config_of(bugs=bugs, dropout=0.3, batch_norm=True, batch_size=30, optimizer="Adam", lr=0.01)
    run = over(start(config))
    assert recorded(run, "run") == losses(config)
    assert recorded(run, "correct") == losses(config.changed(bugs=()))
    assert run.hello()["lanes"] == ["run", "correct"]


def test_a_bug_and_its_twin_go_on_bit_for_bit(
    start: Start, manager: Manager, losses: Losses, recorded: Callable[..., list[float]]
) -> None:
    config = config_of(bugs=("no_zero_grad",), dropout=0.3, batch_size=30, momentum=0.5)
    run = over(start(config, speed=FAST))
    again = over(manager.resume(run.owner, run.id, 17))
    assert recorded(again, "run") == recorded(run, "run") == losses(config)
    assert recorded(again, "correct") == recorded(run, "correct")


# Divergence


def finite_and_equal(run: Run, step: int, lane: str, config: ClassifierConfig, taken: int) -> bool:
    """Whether the weights kept at `step` are finite and those after `taken` steps of the plain loop."""
    from core.experiments.classifier import train

    snapshot = next(s for s in train(config.changed(device="cpu"), {}) if s.step == taken)
    weights = weights_at(run, step, lane)
    same = all(torch.equal(weights[name], value) for name, value in snapshot.net.state_dict().items())
    return same and checkpoints.all_finite(snapshot.net)


DIVERGING: list[dict[str, Any]] = [
    {"lr": 50, "dropout": 0.3, "batch_size": 30},
    {"lr": 100, "loss": "MSELoss", "dropout": 0.3, "batch_size": 30, "batch_norm": True},
    {"lr": 100, "loss": "MSELoss", "batch_norm": True, "activation": "Identity", "hidden_sizes": (10, 10), "spread": 4},
    {"lr": 50, "optimizer": "Adam", "loss": "MSELoss", "hidden_sizes": (64,) * 6},
]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("num_steps", [40, 4000])
@pytest.mark.parametrize("values", DIVERGING)
def test_divergence_is_told_and_the_last_finite_weights_are_kept(
    values: dict[str, Any], num_steps: int, start: Start, losses: Losses, recorded: Losses
) -> None:
    config = config_of(**values, num_steps=num_steps)
    expected = losses(config)
    run = over(start(config))
    assert recorded(run) == [*expected[:-1], None]
    assert run.status == "diverged" and run.message is not None
    assert run.message["code"] == "diverged"
    assert run.message["step"] == len(expected)
    assert run.message["lr"] == values["lr"]
    finite, kept = run.message["finite_step"], run.message["kept_step"]
    assert finite == kept == run.step == run.kept[-1] < len(expected)
    assert finite_and_equal(run, kept, "run", config, finite)
    assert run.folder.facts()["message"] == run.message


@pytest.mark.parametrize("values", DIVERGING[:2])
def test_a_diverged_run_goes_on_bit_for_bit(
    values: dict[str, Any], start: Start, manager: Manager, losses: Losses, recorded: Losses
) -> None:
    config = config_of(**values)
    run = over(start(config, speed=FAST))
    late = over(manager.resume(run.owner, run.id, run.kept[-1], change={"lr": 1e-4}))
    assert recorded(late) == recorded(run), "the weights were already too large"
    assert (late.status, late.message and late.message["step"]) == ("diverged", run.message and run.message["step"])
    early = over(manager.resume(run.owner, run.id, 1, change={"lr": 1e-4}))
    assert early.status == "finished" and early.changes == {2: {"lr": 1e-4}}
    assert recorded(early) == losses(config, {2: {"lr": 1e-4}})


def test_the_high_rate_diverges_beside_its_twin(
    start: Start, manager: Manager, losses: Losses, recorded: Callable[..., list[float]]
) -> None:
    config = config_of(bugs=("high_lr",), batch_size=30, dropout=0.2)
    run = over(start(config, speed=FAST))
    assert run.status == "diverged" and run.step == 40
    diverged = run.message["step"] if run.message else 0
    assert recorded(run, "run") == [*losses(config)[:-1], None] and len(recorded(run, "run")) == diverged
    assert recorded(run, "correct") == losses(config.changed(bugs=()))
    assert finite_and_equal(run, 40, "run", config, diverged - 1)

    again = over(manager.resume(run.owner, run.id, 30))
    assert again.status == "diverged" and again.message is not None
    assert (again.message["step"], again.message["finite_step"]) == (diverged, diverged - 1)
    assert recorded(again, "run") == recorded(run, "run"), "what had ended stays ended"
    assert recorded(again, "correct") == recorded(run, "correct")


def test_no_step_is_kept_whose_weights_are_not_finite(start: Start) -> None:
    run = over(start(config_of(**DIVERGING[2]), speed=FAST))
    for step in run.folder.kept():
        assert all(torch.isfinite(tensor).all() for tensor in weights_at(run, step).values())


# Continuing from a kept step


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"momentum": 0.9, "nesterov": True, "batch_size": 30, "dropout": 0.2},
        {"optimizer": "Adam", "batch_size": 64, "batch_norm": True},
        {"optimizer": "RMSprop", "batch_size": 1, "dropout": 0.5, "hidden_sizes": (5, 5)},
        {"bugs": ("no_zero_grad",), "batch_size": 30, "lr": 0.001},
    ],
)
@pytest.mark.parametrize("step", [0, 18, 40])
def test_a_run_goes_on_bit_for_bit(
    values: dict[str, Any], step: int, start: Start, manager: Manager, losses: Losses, recorded: Losses
) -> None:
    run = over(start(config_of(**values), speed=FAST))
    assert run.kept == list(range(41))
    again = over(manager.resume(run.owner, run.id, step, num_steps=60))
    assert again.id != run.id and again.config.num_steps == 60
    resumed_losses = recorded(again)
    expected = losses(config_of(**values, num_steps=60))
    assert resumed_losses == expected
    assert again.history["run"]["loss/train"]["step"] == list(range(1, 61))
    assert len(recorded(run)) == 40, "the old run keeps its own record"


def test_going_on_shows_the_kept_step_first(start: Start, manager: Manager) -> None:
    run = over(start(config_of(), speed=FAST))
    again = manager.resume(run.owner, run.id, 11, paused=True)
    assert again.frame == run.folder.frame_file(11).read_bytes()
    assert (again.step, again.status, again.kept) == (11, "paused", list(range(12)))
    again.command("step")
    at(again, 12)


def test_going_on_keeps_the_rates_of_the_past(start: Start, manager: Manager, losses: Losses, recorded: Losses) -> None:
    run = start(config_of(), paused=True)
    for step in range(1, 13):
        run.command("step")
        at(run, step)
        if step in (4, 8, 11):
            run.command("change", {"lr": step / 10})
            until(lambda: run.changes.get(run.step + 1) == {"lr": run.value_now("lr")})
    again = over(manager.resume(run.owner, run.id, 10, change={"lr": 0.7}))
    assert again.changes == {5: {"lr": 0.4}, 9: {"lr": 0.8}, 11: {"lr": 0.7}}
    assert recorded(again) == losses(config_of(), again.changes)
    same = over(manager.resume(run.owner, run.id, 10, change={"lr": 0.8}))
    assert same.changes == {5: {"lr": 0.4}, 9: {"lr": 0.8}}, "the rate it had is no change"


def test_a_step_that_was_not_kept_or_too_many_steps_are_refused(start: Start, manager: Manager) -> None:
    run = over(start(config_of(), speed=FAST))
    with pytest.raises(Refused, match="Step 41 of that run was not kept"):
        manager.resume(run.owner, run.id, 41)
    with pytest.raises(Refused, match="A number from 1 to 50000"):
        manager.resume(run.owner, run.id, 40, num_steps=50_001)


# Whose runs they are, and how many


def test_another_person_cannot_get_a_run(start: Start, manager: Manager) -> None:
    run = over(start(config_of(), owner="ann", speed=FAST))
    assert manager.run("ann", run.id) is run
    assert manager.run("bob", run.id) is None
    with pytest.raises(Refused):
        manager.resume("bob", run.id, 0)
    with manager._lock:
        del manager._runs[run.id]
    assert manager.run("bob", run.id) is None
    again = manager.run("ann", run.id)
    assert again is not None and again is not run and again.history == run.history
    assert manager.run("ann", "../../etc") is manager.run("ann", "") is None


def test_a_person_has_three_runs_at_once_however_fast_they_click(start: Start, manager: Manager) -> None:
    runs: list[Run] = []
    threads = [
        threading.Thread(target=lambda: runs.append(start(config_of(), owner="ann", paused=True))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alive = [run for run in runs if run.alive]
    assert len(runs) == 6 and len(alive) == limits.RUNS_PER_OWNER == 3
    assert {run.status for run in runs if not run.alive} == {"stopped"}
    assert {(run.message or {}).get("cause") for run in runs if not run.alive} == {"another"}


def test_a_full_server_refuses_strangers_but_not_a_replacement(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RUNS_AT_ONCE", 2)
    monkeypatch.setattr(limits, "RUNS_PER_OWNER", 1)
    first, second = start(config_of(), owner="ann", paused=True), start(config_of(), owner="bob", paused=True)
    with pytest.raises(Refused, match="This server has 2 runs already, its limit: wait"):
        start(config_of(), owner="eve")
    assert first.alive and second.alive
    third = start(config_of(), owner="ann", paused=True)
    assert third.alive and second.alive and not first.alive


@pytest.fixture
def slow_start(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """The disk takes Ann's new runs only when the second event is set; the first says that one waits for it."""
    waits, goes_on = threading.Event(), threading.Event()
    make_run = manager._make_run

    def make_slowly(owner: str, beginning: Any) -> Run:
        if owner == "ann":
            waits.set()
            assert goes_on.wait(3 * PATIENCE)
        return make_run(owner, beginning)

    monkeypatch.setattr(manager, "_make_run", make_slowly)
    yield waits, goes_on
    goes_on.set()


def test_nobody_waits_for_another_ones_start_but_its_place_is_taken(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch, slow_start: tuple[threading.Event, threading.Event]
) -> None:
    waits, goes_on = slow_start
    monkeypatch.setattr(limits, "RUNS_AT_ONCE", 2)
    runs: dict[str, Run] = {}

    def begin(owner: str) -> threading.Thread:
        thread = threading.Thread(target=lambda: runs.update({owner: start(config_of(), owner=owner, paused=True)}))
        thread.start()
        return thread

    ann = begin("ann")
    assert waits.wait(PATIENCE)
    bob = begin("bob")
    until(lambda: "bob" in runs)
    with pytest.raises(Refused, match="This server has 2 runs already, its limit: wait"):
        start(config_of(), owner="eve")
    with manager._alone("bob"):
        assert not manager._alone("ann").acquire(blocking=False), "none of hers is removed meanwhile"
    goes_on.set()
    for thread in (ann, bob):
        thread.join()
    assert runs["ann"].alive and runs["bob"].alive and not manager._places


def test_the_oldest_run_can_still_be_gone_on_from(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = over(start(config_of(), speed=FAST))
    until(lambda: (entry := manager.store.find(run.id)) is not None and entry.status == "finished")
    monkeypatch.setattr(limits, "KEPT_RUNS", 0)
    again = over(manager.resume(run.owner, run.id, 20))
    assert again.status == "finished" and len(again.history["run"]["loss/train"]["step"]) == 40
    assert manager.store.find(run.id) is None and not run.folder.path.exists()


def test_a_step_removed_while_its_run_waits_for_its_turn_is_refused_truly(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = over(start(config_of(), speed=FAST))
    refusals: list[Refused] = []

    def resume() -> None:
        try:
            manager.resume(run.owner, run.id, 20)
        except Refused as refused:
            refusals.append(refused)

    place, waits = manager._place, threading.Event()

    def place_told(owner: str, id: str) -> Any:
        waits.set()
        return place(owner, id)

    monkeypatch.setattr(manager, "_place", place_told)
    with manager._alone(run.owner):
        resuming = threading.Thread(target=resume)
        resuming.start()
        until(lambda: manager._beginning != set())
        assert not waits.is_set()
        run.folder.drop(20)
    resuming.join(PATIENCE)
    assert [str(refused) for refused in refusals] == ["Step 20 of that run was not kept."]
    assert len(manager.store.ids(run.owner)) == 1, "no run was begun for it"


# Troubles


def test_a_killed_worker_is_told_and_others_go_on(
    start: Start, manager: Manager, losses: Losses, recorded: Losses
) -> None:
    config = config_of(num_steps=400, batch_size=30, dropout=0.2)
    victim = start(config, speed=50)
    other = start(config.changed(num_steps=50_000), owner="bob", speed=100)  # it can't end by itself
    at(victim, 25)
    os.kill(pid_of(victim), signal.SIGKILL)
    until(lambda: victim.status == "crashed")
    assert victim.message == {"code": "crashed", "step": victim.step, "kept_step": victim.kept[-1]}
    until(lambda: (entry := manager.store.find(victim.id)) is not None and entry.status == "crashed")
    until(lambda: victim.folder.facts()["status"] == "crashed")
    assert other.status == "running"
    at(other, other.step + 10)
    again = over(manager.resume(victim.owner, victim.id, victim.kept[-1]))
    assert recorded(again) == losses(config)


def test_nobody_waits_for_the_disk_when_a_worker_was_killed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = at(start(config_of(), paused=True, steps=1), 1)
    answered: list[bool] = []
    update = victim.folder.update_facts

    def update_slowly(**changes: Any) -> None:
        watcher = threading.Thread(target=victim.state)
        watcher.start()
        watcher.join(10)
        answered.append(not watcher.is_alive())
        update(**changes)

    monkeypatch.setattr(victim.folder, "update_facts", update_slowly)
    os.kill(pid_of(victim), signal.SIGKILL)
    until(lambda: victim.status == "crashed")
    until(lambda: victim.folder.facts()["status"] == "crashed")
    assert answered and all(answered), "what a page asks for is answered meanwhile"


def test_nobody_is_heard_later_because_the_index_is_slow(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, update = threading.Event(), manager.store.update

    def update_slowly(*values: Any) -> None:
        assert goes_on.wait(3 * PATIENCE)
        update(*values)

    monkeypatch.setattr(manager.store, "update", update_slowly)
    first = over(start(config_of()))
    assert over(start(config_of(), owner="bob")).status == "finished"
    listed = {entry.id: (entry.status, entry.step) for entry in manager.entries(first.owner, "classifier")}
    assert listed[first.id] == ("finished", 40), "the list knows it before the index does"
    goes_on.set()
    until(lambda: (entry := manager.store.find(first.id)) is not None and entry.status == "finished")


def test_a_worker_killed_with_its_folder_gone_hurts_nobody(start: Start, manager: Manager) -> None:
    victim = at(start(config_of(), paused=True, steps=1), 1)
    victim.folder.path.rename(victim.folder.path.with_name("moved"))
    os.kill(pid_of(victim), signal.SIGKILL)
    until(lambda: victim.status == "crashed")
    assert over(start(config_of(), owner="bob")).status == "finished"


def test_a_run_nobody_attends_ends_after_its_grace_and_keeps_its_record(tmp_path: Path, manager: Manager) -> None:
    short = Manager(Store(tmp_path), grace=0.3)
    try:
        config = config_of(num_steps=50_000)
        with short.presence.attended("ann"), short.presence.attended("ann"):
            attended = short.start("ann", config, speed=20)
            left = short.start("bob", config, speed=20)
            until(lambda: not left.alive)
            assert left.status == "stopped" and left.message == {"code": "stopped", "step": left.step, "cause": "left"}
            assert left.kept[-1] == left.step == len(left.folder.rows("run"))
            short.presence.arrive("ann")
            short.presence.depart("ann")
            at(attended, attended.step + 10)
            assert attended.alive
        until(lambda: not attended.alive)
        assert attended.status == "stopped" and attended.folder.facts()["status"] == "stopped"
    finally:
        short.close()


def test_runs_of_those_who_have_left_are_held_no_longer_but_found_again(tmp_path: Path, manager: Manager) -> None:
    short = Manager(Store(tmp_path), grace=0.3)
    try:
        with short.presence.attended("ann"):
            kept = over(short.start("ann", config_of(num_steps=2)))
            left = over(short.start("bob", config_of(num_steps=2)))
            watched = short.start("carl", config_of(num_steps=2))
            watched.watch(lambda: None)
            over(watched)
            until(lambda: left.id not in short._runs)
            assert kept.id in short._runs and watched.id in short._runs
            again = short.run("bob", left.id)
            assert again is not None and again is not left and again.history == left.history
            until(lambda: left.id not in short._runs)
        until(lambda: list(short._runs) == [watched.id])
    finally:
        short.close()


def test_a_closing_server_ends_all_runs_and_keeps_their_records(tmp_path: Path, manager: Manager) -> None:
    closing = Manager(Store(tmp_path), grace=3600)
    runs = [closing.start(owner, config_of(num_steps=50_000), speed=50) for owner in ("ann", "bob")]
    processes = [pid_of(run) for run in runs]
    for run in runs:
        at(run, 3)
    closing.close()
    until_gone(processes)
    for run in runs:
        entry = closing.store.find(run.id)
        assert entry is not None and (entry.status, entry.step) == ("stopped", run.step) and run.step >= 3


def test_ended_runs_hold_no_process_and_no_descriptor(start: Start, manager: Manager) -> None:
    over(start(config_of(num_steps=1)))
    before = len(list(Path("/proc/self/fd").iterdir()))
    runs = [over(start(config_of(num_steps=1))) for _ in range(5)]
    until(lambda: all(run.process is None for run in runs))
    until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= before)


def test_runs_of_the_past_are_forgotten_but_not_lost(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RUNS_IN_MEMORY", 1)
    first = over(start(config_of(num_steps=1)))
    second = start(config_of(), paused=True)
    assert first.id not in manager._runs and second.id in manager._runs
    again = manager.run(first.owner, first.id)
    assert again is not None and again.history == first.history


def test_a_run_the_index_takes_for_alive_but_nobody_has_is_crashed(start: Start, manager: Manager) -> None:
    run = over(start(config_of(num_steps=3)))
    until(lambda: (entry := manager.store.find(run.id)) is not None and entry.status == "finished")
    with manager._lock:
        del manager._runs[run.id]
    manager.store.update(run.id, "running", 0, {})
    again = manager.run(run.owner, run.id)
    assert again is not None and again.status == "crashed" and not again.alive


def test_nobody_waits_for_another_ones_run_of_the_past(
    start: Start, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = over(start(config_of(num_steps=2))), over(start(config_of(num_steps=2), owner="bob"))
    for run in (large, small):
        until(lambda run=run: (entry := manager.store.find(run.id)) is not None and entry.status == "finished")  # type: ignore[misc]
        with manager._lock:
            del manager._runs[run.id]
    reading, goes_on = threading.Event(), threading.Event()
    set_aside = Folder.set_damaged_aside
    read: list[str] = []

    def read_slowly(folder: Folder) -> list[str]:
        read.append(folder.path.name)
        if folder.path.name == large.id:
            reading.set()
            assert goes_on.wait(PATIENCE)
        return set_aside(folder)

    monkeypatch.setattr(Folder, "set_damaged_aside", read_slowly)
    readers = [threading.Thread(target=manager.run, args=(large.owner, large.id)) for _ in range(2)]
    for reader in readers:
        reader.start()
    assert reading.wait(PATIENCE)
    other = threading.Thread(target=manager.run, args=("bob", small.id))
    other.start()
    other.join(10)
    late = other.is_alive()
    goes_on.set()
    for thread in (*readers, other):
        thread.join()
    assert not late
    assert sorted(read) == sorted([large.id, small.id]), "each is read once"


# A server of its own

SERVER = """
import sys, time
from pathlib import Path
from core.engine.manager import Manager
from core.engine.store import Store, new_id
from core.experiments.classifier import ClassifierConfig
manager = Manager(Store(Path(sys.argv[1])))
manager.warm()
configs = [ClassifierConfig(num_steps=50_000, **v) for v in ({}, dict(hidden_sizes=(64,) * 6, optimizer="Adam"))]
how = [(configs[0], dict(speed=50)), (configs[1], dict(speed=1000)), (configs[0], dict(paused=True))]
runs = [manager.start("ann", config, **more) for config, more in how]
while runs[0].step < 3 or runs[1].step < 50:
    time.sleep(0.01)
print(*(run.process.pid for run in runs), flush=True)
time.sleep(600)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A server process with three runs: a slow one, a fast one with a large network, a paused one."""
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process, [int(pid) for pid in process.stdout.readline().split()]
    process.kill()
    process.wait()
    process.stdout.close()


def private_megabytes(process: int) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1])


@pytest.mark.one_in(2)
@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_a_dead_server_leaves_no_worker(
    death: signal.Signals, server: tuple[subprocess.Popen[str], list[int]], tmp_path: Path
) -> None:
    process, workers = server
    assert len(workers) == 3 and not any(map(gone, workers))
    warm_server = private_megabytes(parent_of(workers[0]))
    memory = {worker: private_megabytes(worker) for worker in workers}
    assert max(memory.values()) <= warm_server + 20, f"{memory} MB private to each worker, {warm_server} to the server"
    process.send_signal(death)
    process.wait()
    until_gone(workers)
    store = Store(tmp_path)
    entries = store.of("ann", "classifier")
    assert [entry.status for entry in entries] == ["crashed"] * 3
    assert sorted(entry.step > 0 for entry in entries) == [False, True, True]
    for entry in entries:
        assert store.folder(entry.id).kept()[-1] >= entry.step - 1250


def test_the_first_weights_are_those_of_the_config(start: Start) -> None:
    run = over(start(config_of(seed=5), speed=FAST))
    expected = build_net(config_of(seed=5, device="cpu")).state_dict()
    assert all(torch.equal(expected[name], tensor) for name, tensor in weights_at(run, 0).items())


def test_a_run_that_begins_while_the_server_ends_is_ended_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closing = Manager(Store(tmp_path), grace=3600)
    waits, goes_on, make_run = threading.Event(), threading.Event(), closing._make_run
    runs: list[Run] = []

    def make_slowly(owner: str, beginning: Any) -> Run:
        waits.set()
        assert goes_on.wait(PATIENCE)
        return make_run(owner, beginning)

    monkeypatch.setattr(closing, "_make_run", make_slowly)
    threads = [
        threading.Thread(target=lambda: runs.append(closing.start("ann", config_of(num_steps=50_000), speed=5))),
        threading.Thread(target=closing.close),
    ]
    threads[0].start()
    assert waits.wait(PATIENCE)
    threads[1].start()
    until(lambda: closing._ending)
    with pytest.raises(Refused, match="shutting down"):
        closing.start("bob", config_of())
    goes_on.set()
    for thread in threads:
        thread.join()
    [run] = runs
    assert run.process is None or not run.process.is_alive()
