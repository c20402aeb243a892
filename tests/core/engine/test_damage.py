"""After a power cut any file of the data folder may be cut, empty, full of zeros or gone: all else still works.

A real data folder of two people is damaged file by file. Ann's run was alive when the power went, Bob's had ended.
"""

import json
import logging
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import torch

from core.data.own_images import own_problem, save_own
from core.engine.manager import Manager
from core.engine.run import Run
from core.engine.store import INDEX, Network, Store
from core.experiments.classifier import ClassifierConfig
from core.refused import Refused
from core.tensorboard import reading
from tests.waiting import until

PEOPLE = ("ann", "bob")
STEPS = 2
OF_A_RUN = (
    "run.json",
    "metrics.jsonl",
    "metrics.correct.jsonl",
    *(f"kept/{step:06d}.{ending}" for step in range(STEPS + 1) for ending in ("pt", "frame")),
    *(f"log{what}{lane}" for what in ("", " of settings") for lane in ("", " of correct")),
)
"""The files of a run, by what they are."""
FILES = (*(f"{owner}: {file}" for owner in PEOPLE for file in OF_A_RUN), INDEX, f"{INDEX}-wal", f"{INDEX}-shm", "own")
WAYS: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "removed": lambda path: path.unlink(),
}


class World:
    """A data folder as a power cut leaves it.

    Attributes:
        root: the folder.
        runs: each person's run.
        own: the key of somebody's images.
    """

    def __init__(self, root: Path, runs: dict[str, str], own: str):
        self.root, self.runs, self.own = root, runs, own

    def path(self, file: str) -> Path:
        """Where one of `FILES` is."""
        owner, _, name = file.rpartition(": ")
        if not owner:
            return self.root / "own" / f"{self.own}.npz" if file == "own" else self.root / file
        folder = self.root / "runs" / self.runs[owner]
        if not name.startswith("log"):
            return folder / name
        log = self._log(owner)
        events = log.with_name(log.name + ("-correct" if name.endswith("correct") else "")).iterdir()
        (path,) = [path for path in events if ("torch-playground" in path.name) != ("settings" in name)]
        return path

    def _log(self, owner: str) -> Path:
        facts = json.loads((self.root / "runs" / self.runs[owner] / "run.json").read_text())
        (logs,) = [path for path in (self.root / "logs").iterdir() if (path / facts["log"]).exists()]
        return logs / str(facts["log"])

    def copy(self, target: Path) -> "World":
        """The same in another place."""
        shutil.copytree(self.root, target)
        return World(target, self.runs, self.own)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """What a server had on disk when the power went."""
    root, copy = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("cut") / "data"
    server = Manager(Store(root), grace=3600)
    try:
        runs = {}
        for owner in PEOPLE:
            run = server.start(owner, ClassifierConfig(num_steps=STEPS, bugs=("softmax",)), speed=10_000)
            until(lambda run=run: not run.alive and run.connection is None, state=run.state)  # type: ignore[misc]
            until(lambda run=run: server.store.find(run.id).status == "finished")  # type: ignore[misc, union-attr]
            assert run.kept == list(range(STEPS + 1))
            runs[owner] = run.id
            server.store.prefer(owner, "language", "zh")
            server.store.leave(owner, run.config, run.id)
            server.store.save_network(owner, Network("net", "Linear(2,2)", "moons"))
        images = torch.randint(0, 255, (20, 28, 28), dtype=torch.uint8)
        own = save_own(images, torch.arange(20) % 2, ["a", "b"], root / "own")
        dead = subprocess.Popen(["true"])
        dead.wait()
        with closing(sqlite3.connect(root / INDEX)) as database, database:
            database.execute("UPDATE runs SET status = 'running', server = ? WHERE owner = 'ann'", (dead.pid,))
        shutil.copytree(root, copy)  # SQLite's files beside the index are there: the server is still alive
    finally:
        server.close()
    facts = copy / "runs" / runs["ann"] / "run.json"
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "status": "running", "message": None}))
    return World(copy, runs, own)


@pytest.fixture
def serve() -> Iterator[Callable[[Path], Manager]]:
    """Starts servers, and ends them."""
    servers: list[Manager] = []

    def start(root: Path) -> Manager:
        servers.append(Manager(Store(root), grace=3600))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def continues(server: Manager, run: Run) -> None:
    """See that a run can be continued from its last kept step."""
    longer = server.resume(run.owner, run.id, run.kept[-1], num_steps=STEPS + 1)
    until(lambda: not longer.alive, state=longer.state)
    assert longer.status == "finished" and len(longer.folder.rows("run")) == STEPS + 1


def test_every_file_is_damaged_in_turn(world: World) -> None:
    files = {path for path in world.root.rglob("*") if path.is_file()}
    assert files == {world.path(file) for file in FILES}


@pytest.mark.one_in(5)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("file", FILES)
def test_all_else_works(
    file: str,
    way: str,
    world: World,
    serve: Callable[[Path], Manager],
    tmp_path: Path,
    manager: Manager,
    caplog: pytest.LogCaptureFixture,
) -> None:
    here = world.copy(tmp_path / "data")
    WAYS[way](here.path(file))
    victim, _, name = file.rpartition(": ")
    server = serve(here.root)
    for owner in PEOPLE:
        (entry,) = server.store.of(owner, "classifier")
        assert (entry.id, entry.step) == (here.runs[owner], STEPS) or (owner, name) == (victim, "metrics.jsonl")
        if not file.endswith("-wal"):  # what was written last may be lost with it
            assert entry.status == ("crashed" if owner == "ann" else "finished")
        run = server.run(owner, entry.id)
        damage = [damage.file for damage in server.store.damage(owner)]
        if owner != victim:
            assert run is not None and run.kept == list(range(STEPS + 1)) and len(run.folder.rows("run")) == STEPS
            assert set(damage) <= {INDEX}
        elif name == "run.json":
            assert run is None and damage == ["run.json"]
        else:
            assert run is not None
            checked_victim(run, name, way, damage)
        if run is not None and way in ("cut", "removed"):
            continues(server, run)
        desk = server.store.desk(owner, "classifier")
        if not file.startswith(INDEX):
            assert server.store.preference(owner, "language") == "zh" and desk is not None and desk.run == entry.id
            assert [network.name for network in server.store.networks(owner)] == ["net"]
        logs = server.store.logs(owner)
        for log in reading.runs(logs):
            reading.read(logs / log)
    assert (own_problem(here.own, here.root / "own") is None) == (file != "own")
    if file == INDEX:
        assert {damage.file for owner in PEOPLE for damage in server.store.damage(owner)} == {INDEX}
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info]
    aside = [path.name for path in here.root.rglob("*.damaged*")]
    if way == "zeros" and "log" not in name and not file.endswith(("-wal", "-shm", "own")):
        assert [path for path in aside if path.startswith(here.path(file).name)], "it is kept under another name"


def checked_victim(run: Run, name: str, way: str, damage: list[str]) -> None:
    """What is known of a run whose file was damaged."""
    steps = list(range(STEPS + 1))
    if name.startswith("metrics"):
        lane = "correct" if "correct" in name else "run"
        losses = [row["loss/train"] for row in run.folder.rows(lane)]
        assert damage == [name] and run.kept == steps
        assert len(losses) == STEPS and all(loss > 0 for loss in losses), "they come from the last kept step"
    elif name.endswith(".pt"):
        step = int(Path(name).stem)
        assert run.kept == [kept for kept in steps if kept != step]
        assert set(damage) <= {Path(name).name, Path(name).with_suffix(".frame").name} and damage
    elif name.endswith(".frame"):
        assert run.kept == steps, "the picture is drawn again"
        assert damage == ([] if way == "removed" else [Path(name).name])
        assert run.folder.frame(int(Path(name).stem), {})
    else:
        assert run.kept == steps and damage == []


BAD_LINES = {"not UTF-8": b"\xff\xfe\n", "null": b"null\n", "a list": b"[1, 2]\n", "deep": b"[" * 100_000 + b"\n"}


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_bad_line_in_the_record_of_a_run_that_was_alive(
    line: str, world: World, serve: Callable[[Path], Manager], tmp_path: Path, manager: Manager
) -> None:
    here = world.copy(tmp_path / "data")
    path = here.path("ann: metrics.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:1], BAD_LINES[line], *lines[1:]]))
    server = serve(here.root)
    run = server.run("ann", here.runs["ann"])
    assert run is not None and run.folder.metrics_file("run").read_bytes() == b"".join(lines), "nothing is lost"
    assert path.with_name("metrics.jsonl.damaged").exists()
    assert [(damage.run, damage.file) for damage in server.store.damage("ann")] == [(run.id, "metrics.jsonl")]
    assert server.store.damage("bob") == []
    continues(server, run)


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "facts", ["null", "[]", "{}", '"text"', '{"experiment": 1}', '{"experiment": "gone", "config": {}}']
)
def test_a_run_json_of_another_shape(
    facts: str, world: World, serve: Callable[[Path], Manager], tmp_path: Path, manager: Manager
) -> None:
    here = world.copy(tmp_path / "data")
    for owner in PEOPLE:
        here.path(f"{owner}: run.json").write_text(facts)
        server = serve(here.root)
        assert server.run(owner, here.runs[owner]) is None
        assert [entry.id for entry in server.store.of(owner, "classifier")] == [here.runs[owner]]
        run = server.start(owner, ClassifierConfig(num_steps=2))
        until(lambda run=run: not run.alive, state=run.state)  # type: ignore[misc]
        assert run.status == "finished"


def test_a_flipped_bit_in_a_checkpoint_is_refused_when_it_is_continued_from(
    world: World, serve: Callable[[Path], Manager], tmp_path: Path, manager: Manager
) -> None:
    here = world.copy(tmp_path / "data")
    path = here.path("bob: kept/000002.pt")
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    server = serve(here.root)
    run = server.run("bob", here.runs["bob"])
    assert run is not None and run.kept == [0, 1, 2]
    with pytest.raises(Refused, match="Step 2 of that run is damaged: continue from another one"):
        server.resume("bob", run.id, 2, num_steps=6)
    assert run.kept == run.folder.kept() == [0, 1]
    assert {damage.file for damage in server.store.damage("bob")} == {"000002.pt", "000002.frame"}
    continues(server, run)


def test_the_index_is_damaged_while_the_server_runs(
    world: World, serve: Callable[[Path], Manager], tmp_path: Path, manager: Manager
) -> None:
    here = world.copy(tmp_path / "data")
    server = serve(here.root)
    for path in (here.root / INDEX, here.root / f"{INDEX}-wal"):
        if path.exists():
            os.truncate(path, 0)
            path.write_bytes(b"no index at all" * 1000)
    for owner in PEOPLE:
        assert [entry.id for entry in server.store.of(owner, "classifier")] == [here.runs[owner]]
    server.store.prefer("ann", "language", "en")
    assert server.store.preference("ann", "language") == "en"
    assert INDEX in {damage.file for damage in server.store.damage("bob")}


def test_older_runs_that_name_no_owner_stay_readable(
    world: World, serve: Callable[[Path], Manager], tmp_path: Path, manager: Manager, caplog: pytest.LogCaptureFixture
) -> None:
    here = world.copy(tmp_path / "data")
    facts = json.loads(here.path("bob: run.json").read_text())
    del facts["owner"], facts["created"]
    here.path("bob: run.json").write_text(json.dumps(facts))
    server = serve(here.root)
    run = server.run("bob", here.runs["bob"])
    assert run is not None
    continues(server, run)
    server.close()
    for path in here.root.glob(f"{INDEX}*"):
        path.unlink()
    again = serve(here.root)
    assert here.runs["ann"] in again.store.ids("ann") and here.runs["bob"] not in again.store.ids("bob")
    assert "1 runs" in caplog.text and here.path("bob: run.json").exists()


@pytest.mark.parametrize("values", ["", "null", "{", "[1]", "\x00\x00"])
def test_a_damaged_choice_is_set_aside(values: str, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.prefer("ann", "log", values)
    with closing(sqlite3.connect(tmp_path / INDEX)) as database, database:
        database.execute("INSERT INTO desks VALUES ('ann', 'classifier', ?, NULL, 0)", (values,))
        database.execute("INSERT INTO preferences VALUES ('ann', 'language', ?)", (b"\xff\xfe",))
    assert store.desk("ann", "classifier") is None
    assert store.log_config("ann") == store.log_config("bob")
    assert store.preference("ann", "language") not in ("en", "zh")
    assert {damage.file for damage in store.damage("ann")} == {"classifier", "log"}
    assert store.damage("bob") == []
    store.prefer("ann", "log", "{}")
    assert store.preferences("ann", "log") == {}
