"""The index of runs: whose they are, how far they came, and which are pruned."""

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from core import limits
from core.disk import DiskError
from core.engine import store as module
from core.engine.index import MOST_OPEN
from core.engine.store import Store
from core.experiments.classifier import ClassifierConfig


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def add(store: Store, owner: str, status: str = "finished") -> str:
    run = store.add(owner, ClassifierConfig())
    store.folder(run).create({"run": ClassifierConfig()}, {})
    store.update(run, status, 10, {"loss/train": 0.5})
    return run


def test_the_data_folder_is_the_chosen_one(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.data_folder() == data_folder
    monkeypatch.delenv("TORCH_PLAYGROUND_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert module.data_folder() == Path("/somewhere/torch-playground")
    monkeypatch.setenv("TORCH_PLAYGROUND_DATA", "~/records")
    assert module.data_folder() == Path.home() / "records"
    monkeypatch.setenv("TORCH_PLAYGROUND_DATA", "~nobody-has-this-name/records")
    assert module.data_folder() == Path("~nobody-has-this-name/records")


def test_a_run_is_found_with_all_that_is_known(store: Store) -> None:
    config = ClassifierConfig(lr=0.7, points=((1.25, 2, 0),), hidden_sizes=())
    run = store.add("ann", config)
    entry = store.find(run)
    assert entry is not None
    assert (entry.owner, entry.status, entry.step, entry.metrics) == ("ann", "running", 0, {})
    assert entry.read_config() == config
    store.update(run, "diverged", 7, {"loss/train": None})
    entry = store.find(run)
    assert entry is not None and (entry.status, entry.step, entry.metrics) == ("diverged", 7, {"loss/train": None})
    assert store.find("no such run") is None


def test_a_person_sees_only_their_own_runs_newest_first(store: Store) -> None:
    first, _, second = add(store, "ann"), add(store, "bob"), add(store, "ann")
    assert [entry.id for entry in store.of("ann", "classifier")] == [second, first]
    assert store.of("ann", "cnn") == store.of("eve' OR 1=1 --", "classifier") == []


def test_the_oldest_runs_go_first_with_their_folders(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEPT_RUNS", 2)
    alive, *runs = add(store, "ann", "paused"), *(add(store, "ann") for _ in range(4))
    other = add(store, "bob")
    store.prune("ann")
    assert [entry.id for entry in store.of("ann", "classifier")] == [runs[3], runs[2], alive]
    there = {run for run in [alive, *runs, other] if store.folder(run).path.exists()}
    assert there == {alive, runs[2], runs[3], other}


def test_a_desk_and_a_preference_are_remembered(store: Store) -> None:
    assert store.desk("ann", "classifier") is None and store.preference("ann", "language") is None
    store.leave("ann", ClassifierConfig(lr=0.1), None)
    store.leave("ann", ClassifierConfig(lr=0.2), "abc")
    store.prefer("ann", "language", "en")
    store.prefer("ann", "language", "zh")
    desk = Store(store.root).desk("ann", "classifier")
    assert desk is not None and desk.run == "abc"
    assert ClassifierConfig.create(desk.config) == ClassifierConfig(lr=0.2)
    assert store.preference("ann", "language") == "zh"
    assert store.desk("bob", "classifier") is None and store.preference("bob", "language") is None


def test_runs_of_a_dead_server_are_crashed_and_keep_their_record(store: Store) -> None:
    run = add(store, "ann", "running")
    store.folder(run).append("run", [(1, 1, {"loss/train": 0.7}), (2, 1, {"loss/train": 0.6, "accuracy/test": 0.9})])
    done = add(store, "ann", "finished")
    child = subprocess.Popen(["true"])
    child.wait()
    with sqlite3.connect(store.root / "index.sqlite") as database:
        database.execute("UPDATE runs SET server = ?", (child.pid,))
    database.close()
    again = Store(store.root)
    entry = again.find(run)
    assert entry is not None
    assert (entry.status, entry.step) == ("crashed", 2)
    assert entry.metrics == {"loss/train": 0.6, "accuracy/test": 0.9}
    finished = again.find(done)
    assert finished is not None and finished.status == "finished"


def test_runs_of_another_living_server_are_left_alone(store: Store) -> None:
    run = add(store, "ann", "running")
    with sqlite3.connect(store.root / "index.sqlite") as database:
        database.execute("UPDATE runs SET server = 1")
    database.close()
    entry = Store(store.root).find(run)
    assert entry is not None and entry.status == "running"


def test_many_threads_write_at_once(store: Store) -> None:
    threads = [threading.Thread(target=lambda: [add(store, "ann") for _ in range(5)]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = store.of("ann", "classifier")
    assert len(entries) == len({entry.id for entry in entries}) == 30
    assert {entry.status for entry in entries} == {"finished"}


@pytest.mark.skipif(sys.platform != "linux", reason="counts handles by /proc")
def test_many_readers_at_once_leave_few_handles(tmp_path: Path) -> None:
    store = Store(tmp_path)
    together = threading.Barrier(40)

    def read() -> None:
        together.wait()
        for number in range(5):
            store.prefer("anne", "language", str(number))
            assert store.preference("anne", "language") is not None

    threads = [threading.Thread(target=read) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handles = [str(handle.readlink()) for handle in Path("/proc/self/fd").iterdir() if handle.is_symlink()]
    assert 1 <= handles.count(str(tmp_path / "index.sqlite")) <= MOST_OPEN + 1


def test_what_has_waited_for_the_disk_never_comes_after_what_replaces_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, change = store.index, store.index._change
    newer = threading.Thread(target=store.prefer, args=("ann", "language", "en"))

    def refuse(order: str, values: tuple[Any, ...]) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    def overtaken(order: str, values: tuple[Any, ...]) -> None:
        if newer.ident is None:
            newer.start()
            newer.join(0.3)  # as long as it has to wait its turn
        change(order, values)

    monkeypatch.setattr(index, "_change", refuse)
    with pytest.raises(DiskError):
        store.prefer("ann", "language", "zh")
    monkeypatch.setattr(index, "_change", overtaken)
    index.write_later()
    newer.join()
    assert store.preference("ann", "language") == "en"
    assert index.waiting(("preference", "ann", "language")) is None


def test_an_index_that_was_taken_away_is_begun_again_as_the_first(store: Store) -> None:
    for path in store.root.glob("index.sqlite*"):
        path.unlink()
    assert store.of("ann", "classifier") == []
    store.prefer("ann", "language", "en")
    assert store.preference("ann", "language") == "en"
    assert [damage.file for damage in store.damage("ann")] == ["index.sqlite"]
    assert store.index.read("PRAGMA journal_mode")[0][0] == "wal"
    assert (store.root / "index.sqlite-wal").exists(), "it is held open: to read it takes no space on the disk"


def test_an_index_begun_again_is_used_though_the_runs_are_gone(store: Store) -> None:
    for path in store.root.glob("index.sqlite*"):
        path.unlink()
    (store.root / "runs").rmdir()
    assert store.of("ann", "classifier") == []
    store.prefer("ann", "language", "en")
    assert store.preference("ann", "language") == "en"


def test_on_windows_no_process_is_asked_whether_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "kill", lambda process, signal: asked.append(process))
    assert not module._alive(4711) and asked == []
