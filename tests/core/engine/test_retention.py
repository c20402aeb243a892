"""What belongs to people who were not there for long is deleted, and nothing else."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from core import limits
from core.engine.presence import Presence
from core.engine.retention import DAY, LOOK_INTERVAL, SETTLED, Retention, images_file, keep_images
from core.engine.store import Network, Store
from core.experiments.classifier import ClassifierConfig
from core.experiments.cnn import CNNConfig

KEPT = 30


class Clocks:
    """A clock and a calendar, set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.ahead = 1_700_000_000.0

    def pass_by(self, days: float) -> None:
        self.seconds += days * DAY


class Server:
    """A server's retention over a data folder; a second one is the server after a restart."""

    def __init__(self, folder: Path, clocks: Clocks):
        self.store = Store(folder)
        self.presence = Presence()
        self.training: set[str] = set()
        self.retention = Retention(
            self.store,
            self.presence,
            self.training.__contains__,
            lambda owner: nullcontext(),
            lambda: clocks.seconds,
            lambda: clocks.ahead + clocks.seconds,
        )

    def visit(self, owner: str) -> None:
        with self.presence.attended(owner):
            pass


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture(autouse=True)
def thirty_days(monkeypatch: pytest.MonkeyPatch, clocks: Clocks) -> None:
    monkeypatch.setattr(limits, "KEEP_DAYS", KEPT)
    monkeypatch.setattr("core.engine.store.time.time", lambda: clocks.ahead + clocks.seconds)


def leave_all(store: Store, owner: str) -> list[Path]:
    """Leave something of every kind, as a person does; returns the files."""
    run = store.add(owner, ClassifierConfig())
    store.folder(run).create({"run": ClassifierConfig()})
    store.update(run, "finished", 3, {})
    store.leave(owner, ClassifierConfig(), run)
    store.prefer(owner, "language", "zh")
    store.save_network(owner, Network("mine", "Flatten", "digits"))
    log, picture, images = store.logs(owner) / "x" / "events", store.picture(owner), images_file(store, f"{owner}-1-2")
    for path in (log, picture, images):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 100)
    keep_images(store, owner, f"{owner}-1-2")
    return [store.folder(run).path / "run.json", log, picture, images]


def rows(store: Store, owner: str) -> int:
    tables = ("runs", "desks", "preferences", "networks", "images", "people")
    return sum(len(store.index.read(f"SELECT owner FROM {table} WHERE owner = ?", owner)) for table in tables)


def test_all_of_one_who_left_long_ago_goes_and_nothing_of_others(tmp_path: Path, clocks: Clocks) -> None:
    before = Server(tmp_path, clocks)
    files = {owner: leave_all(before.store, owner) for owner in ("ann", "bob", "eve")}
    for owner in files:
        before.visit(owner)
    before.retention.look()
    clocks.pass_by(KEPT - 1)
    before.visit("bob")
    before.retention.note()
    after = Server(tmp_path, clocks)
    clocks.pass_by(2)
    after.visit("eve")
    assert after.retention.look().people == 0, "the first look deletes nothing"
    clocks.pass_by(LOOK_INTERVAL / DAY)
    deleted = after.retention.look()
    assert (deleted.people, deleted.runs) == (1, 1)
    assert not any(path.exists() for path in files["ann"]) and rows(after.store, "ann") == 0
    for owner in ("bob", "eve"):
        assert all(path.exists() for path in files[owner]) and rows(after.store, owner) == 6


def test_nothing_is_deleted_where_no_days_are_set(
    tmp_path: Path, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KEEP_DAYS", 0)
    server = Server(tmp_path, clocks)
    files = leave_all(server.store, "ann")
    server.retention.look()
    clocks.pass_by(10_000)
    assert server.retention.look().people == 0 and all(path.exists() for path in files)


def test_who_is_there_or_trains_or_was_there_since_the_start_stays(tmp_path: Path, clocks: Clocks) -> None:
    server = Server(tmp_path, clocks)
    for owner in ("there", "trains", "was there", "gone"):
        leave_all(server.store, owner)
    server.training.add("trains")
    server.presence.arrive("there")
    server.visit("was there")
    server.retention.look()
    clocks.pass_by(KEPT + 1)
    assert server.retention.look().people == 1
    assert {owner for owner in ("there", "trains", "was there", "gone") if rows(server.store, owner) == 0} == {"gone"}


def test_a_clock_that_is_set_forward_deletes_nothing_for_a_day(tmp_path: Path, clocks: Clocks) -> None:
    server = Server(tmp_path, clocks)
    leave_all(server.store, "ann")
    server.retention.look()
    clocks.ahead += 1000 * DAY
    assert server.retention.look().people == 0
    clocks.ahead -= 1000 * DAY
    clocks.pass_by(LOOK_INTERVAL / DAY)
    assert server.retention.look().people == 0, "it was set right again"
    clocks.pass_by(SETTLED / DAY + 1)
    assert server.retention.look().people == 0 and rows(server.store, "ann") > 0
    clocks.pass_by(KEPT)
    assert server.retention.look().people == 1


def test_of_one_who_left_no_date_the_days_begin_now(tmp_path: Path, clocks: Clocks) -> None:
    server = Server(tmp_path, clocks)
    server.store.prefer("ann", "language", "zh")
    server.retention.look()
    clocks.pass_by(1)
    assert server.retention.look().people == 0
    clocks.pass_by(KEPT + 1)
    assert server.retention.look().people == 1 and server.store.preference("ann", "language") is None


def test_it_looks_once_an_hour(tmp_path: Path, clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(tmp_path, clocks)
    looks: list[float] = []
    look = server.retention.look

    def noting() -> None:
        looks.append(clocks.seconds)
        look()

    monkeypatch.setattr(server.retention, "look", noting)
    for _minute in range(150):
        server.retention.look_if_due()
        clocks.pass_by(60 / DAY)
    assert looks == [0, 3600, 7200]


def test_images_on_which_someone_else_has_trained_stay(tmp_path: Path, clocks: Clocks) -> None:
    server = Server(tmp_path, clocks)
    leave_all(server.store, "ann")
    key = "0123456789abcdef-4-2"
    images_file(server.store, key).write_bytes(b"x")
    keep_images(server.store, "ann", key)
    clocks.pass_by(KEPT)
    server.store.leave("bob", CNNConfig.create({"dataset": "own", "own_images": key}), None)
    server.retention.look()
    clocks.pass_by(1)
    assert server.retention.look().people == 1
    assert images_file(server.store, key).exists() and not images_file(server.store, "ann-1-2").exists()


def test_the_oldest_images_of_a_person_go_first(
    tmp_path: Path, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    (tmp_path / "own").mkdir()
    monkeypatch.setattr(limits, "IMAGES_BYTES", 250)
    for owner in ("bob", "ann"):
        for number in range(1, 5):
            clocks.pass_by(1)
            if owner == "ann" or number == 1:
                images_file(store, f"key-{number}").write_bytes(b"x" * 100)
                keep_images(store, owner, f"key-{number}")
    assert sorted(path.name for path in (tmp_path / "own").iterdir()) == ["key-1.npz", "key-3.npz", "key-4.npz"]
    assert [row["key"] for row in store.index.read("SELECT key FROM images WHERE owner = 'bob'")] == ["key-1"]
