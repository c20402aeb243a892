"""What the disk did not take is written later, for everybody, whatever happens to one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from core import limits
from core.engine.housekeeping import Housekeeping
from core.engine.run import Run
from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig
from tests.core.engine.test_quota import kept_run
from tests.waiting import PATIENCE, until


@pytest.fixture
def housekeeping(tmp_path: Path) -> Iterator[Housekeeping]:
    made = Housekeeping(Store(tmp_path), lambda: [], nullcontext)
    yield made
    made.close()


@pytest.fixture
def run_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], bool]], Run]:
    """Makes a run that owes something; the function writes it."""

    def make(id: str, write_rest: Callable[[], bool]) -> Run:
        config = ClassifierConfig(device="cpu")
        run = Run(id, "ann", config, Store(tmp_path).folder(id))
        monkeypatch.setattr(run, "write_rest", write_rest)
        return run

    return make


def test_one_whose_rest_can_not_be_written_keeps_nobody_else_waiting(
    housekeeping: Housekeeping, run_of: Callable[..., Run]
) -> None:
    def break_down() -> bool:
        raise TypeError("whatever it is")

    broken, whole = run_of("broken", break_down), run_of("whole", lambda: True)
    housekeeping.owe(broken)
    housekeeping.owe(whole)
    until(lambda: not housekeeping.owes(whole))
    assert housekeeping.owes(broken)


def test_what_a_run_owes_while_it_is_served_is_not_forgotten(
    housekeeping: Housekeeping, run_of: Callable[..., Run]
) -> None:
    written: list[bool] = []

    def owe_again() -> bool:
        assert housekeeping.owes(run)
        if not written:
            housekeeping.owe(run)
        written.append(True)
        return True

    run = run_of("run", owe_again)
    housekeeping.owe(run)
    until(lambda: not housekeeping.owes(run))
    assert len(written) == 2


def test_what_trains_in_another_server_on_the_same_folder_stays(
    housekeeping: Housekeeping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    folders = {}
    for status in ("finished", "running", "stopped"):
        run = store.add("ann", ClassifierConfig())
        store.update(run, status, 3, {})
        folders[status] = kept_run(store.folder(run).path, {0: 10, 1: 11, 2: 12, 3: 13})
    monkeypatch.setattr(limits, "KEPT_BYTES", 1)
    housekeeping.look_at("ann")
    until(lambda: not folders["finished"].path.exists())
    assert folders["running"].kept() == [0, 1, 2, 3]
    assert folders["stopped"].kept() == [0, 3]


@pytest.mark.parametrize("reason", ["watched", "owed"])
def test_a_run_that_is_looked_at_or_not_yet_whole_is_not_removed(
    reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    ids = [store.add("ann", ClassifierConfig()) for _ in range(3)]
    for id in ids:
        store.update(id, "finished", 3, {})
        kept_run(store.folder(id).path, {0: 10, 3: 13})
    run = Run(ids[0], "ann", ClassifierConfig(device="cpu"), store.folder(ids[0]))
    run.status = "finished"
    monkeypatch.setattr(run, "write_rest", lambda: False)
    monkeypatch.setattr(limits, "KEPT_BYTES", 1)
    housekeeping = Housekeeping(store, lambda: [run], nullcontext)
    if reason == "watched":
        run.watch(lambda: None)
    else:
        housekeeping.owe(run)
    housekeeping.look_at("ann")
    until(lambda: not store.folder(ids[1]).path.exists())
    housekeeping.close()
    assert store.folder(ids[0]).kept() == [0, 3] and store.find(ids[0]) is not None


def test_the_status_noted_last_wins_and_nobody_waits_for_the_index(
    housekeeping: Housekeeping, run_of: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, at_work, goes_on = housekeeping._store, threading.Event(), threading.Event()
    first, second = run_of("first", lambda: True), run_of("second", lambda: True)
    for run in (first, second):
        store.add("ann", run.config, run.id)
    update = store.update

    def update_slowly(*values: Any) -> None:
        at_work.set()
        assert goes_on.wait(PATIENCE)
        update(*values)

    monkeypatch.setattr(store, "update", update_slowly)
    housekeeping.note(first)
    assert at_work.wait(PATIENCE)
    for status, run in (("paused", second), ("paused", first), ("running", first), ("finished", first)):
        run.status = status
        housekeeping.note(run)
    assert housekeeping.owes(first) and housekeeping.owes(second)
    goes_on.set()
    until(lambda: not housekeeping.owes(first) and not housekeeping.owes(second))
    entries = {entry.id: entry.status for entry in store.of("ann", "classifier")}
    assert entries == {"first": "finished", "second": "paused"}


def test_all_that_was_noted_before_it_closes_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, at_work, goes_on = Store(tmp_path), threading.Event(), threading.Event()
    run = Run(store.add("ann", ClassifierConfig()), "ann", ClassifierConfig(device="cpu"), store.folder("run"))
    housekeeping = Housekeeping(store, lambda: [], nullcontext)

    def busy(_owner: str) -> list[str]:
        at_work.set()
        assert goes_on.wait(PATIENCE)
        return []

    monkeypatch.setattr(store, "ids", busy)
    housekeeping.look_at("ann")
    assert at_work.wait(PATIENCE)
    run.status = "stopped"
    housekeeping.note(run)
    closing = threading.Thread(target=housekeeping.close)
    closing.start()
    until(lambda: housekeeping._closed)
    goes_on.set()
    closing.join()
    entry = store.find(run.id)
    assert entry is not None and entry.status == "stopped"
