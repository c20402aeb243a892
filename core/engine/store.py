"""Where everything is kept: a folder for each run, and an SQLite index of runs and of each person's desk."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import limits
from core.config import TrainingConfig
from core.engine.record import Folder
from core.experiments import experiment, experiments
from core.tensorboard.config import LogConfig

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, experiment TEXT NOT NULL, config TEXT NOT NULL,
    created REAL NOT NULL, status TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL, server INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS runs_by_owner ON runs (owner, experiment, created);
CREATE TABLE IF NOT EXISTS desks (
    owner TEXT NOT NULL, experiment TEXT NOT NULL, config TEXT NOT NULL, run TEXT, changed REAL NOT NULL,
    PRIMARY KEY (owner, experiment)
);
CREATE TABLE IF NOT EXISTS preferences (
    owner TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (owner, name)
);
CREATE TABLE IF NOT EXISTS networks (
    owner TEXT NOT NULL, name TEXT NOT NULL, blocks TEXT NOT NULL, dataset TEXT NOT NULL, changed REAL NOT NULL,
    PRIMARY KEY (owner, name)
);
"""


@dataclass(frozen=True)
class Entry:
    """One run in the index. `metrics` holds the last value of each metric."""

    id: str
    owner: str
    experiment: str
    config: dict[str, Any]
    created: float
    status: str
    step: int
    metrics: dict[str, float | None]

    def read_config(self) -> TrainingConfig:
        """Its config (raises ConfigError where an older version wrote another one)."""
        return experiment(self.experiment).config.create(self.config)


@dataclass(frozen=True)
class Network:
    """A network that a person saved: its blocks as a text, and the data set it was made for."""

    name: str
    blocks: str
    dataset: str


@dataclass(frozen=True)
class Desk:
    """What a person left on the page of an experiment: the form's config, and the run being shown."""

    config: dict[str, Any]
    run: str | None


def new_id() -> str:
    """A random id for a run, which is the name of its folder too."""
    return secrets.token_hex(8)


def data_folder() -> Path:
    """``TORCH_PLAYGROUND_DATA``, else the user's own data folder."""
    chosen = os.environ.get("TORCH_PLAYGROUND_DATA")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "torch-playground"


class Store:
    """The index of runs, beside their folders."""

    def __init__(self, root: Path):
        self.root = root
        (root / "runs").mkdir(parents=True, exist_ok=True)
        with self._open() as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.executescript(SCHEMA)
        self._settle()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self.root / "index.sqlite", timeout=10)
        database.row_factory = sqlite3.Row
        try:
            with database:
                yield database
        finally:
            database.close()

    def _settle(self) -> None:
        """Mark runs whose server died while they trained: they can be resumed from their last kept step."""
        with self._open() as database:
            rows = database.execute("SELECT id, server FROM runs WHERE status IN ('running', 'paused')").fetchall()
        for run in [row["id"] for row in rows if not _alive(row["server"])]:
            history = self.folder(run).history().get("run", {})
            step = max((column["step"][-1] for column in history.values()), default=0)
            self.update(run, "crashed", step, {name: column["value"][-1] for name, column in history.items()})

    def folder(self, run: str) -> Folder:
        """A run's folder. Only ids made by `add` lead anywhere."""
        return Folder(self.root / "runs" / run)

    def add(self, owner: str, config: TrainingConfig, id: str | None = None) -> str:
        """Enter a new run and return its id: the one given, else a new one."""
        run = id or new_id()
        with self._open() as database:
            database.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, 'running', 0, '{}', ?)",
                (run, owner, config.experiment, config.model_dump_json(), time.time(), os.getpid()),
            )
        return run

    def logs(self, owner: str) -> Path:
        """The folder of a person's logs, TensorBoard's ``--logdir``. The name does not give the owner's id away."""
        return self.root / "logs" / hashlib.sha256(owner.encode()).hexdigest()[:32]

    def log_config(self, owner: str) -> LogConfig:
        """What a person wants to be logged of the runs to come."""
        chosen = self.preference(owner, "log")
        return LogConfig.forgive(json.loads(chosen))[0] if chosen else LogConfig()

    def choose_log(self, owner: str, log: LogConfig) -> None:
        """Store what a person wants to be logged of the runs to come."""
        self.prefer(owner, "log", json.dumps(log.to_query()))

    def update(self, run: str, status: str, step: int, metrics: dict[str, float | None]) -> None:
        """Note how far a run has come."""
        with self._open() as database:
            database.execute(
                "UPDATE runs SET status = ?, step = ?, metrics = ? WHERE id = ?",
                (status, step, json.dumps(metrics), run),
            )

    def find(self, run: str) -> Entry | None:
        """One run, whosever it is."""
        with self._open() as database:
            row = database.execute("SELECT * FROM runs WHERE id = ?", (run,)).fetchone()
        return _entry(row) if row else None

    def of(self, owner: str, experiment_name: str) -> list[Entry]:
        """A person's runs of an experiment, the newest first."""
        with self._open() as database:
            rows = database.execute(
                "SELECT * FROM runs WHERE owner = ? AND experiment = ? ORDER BY created DESC", (owner, experiment_name)
            ).fetchall()
        return [_entry(row) for row in rows if row["experiment"] in experiments()]

    def prune(self, owner: str) -> None:
        """Remove a person's oldest runs beyond `limits.KEPT_RUNS`, with their folders."""
        with self._open() as database:
            rows = database.execute(
                "SELECT id FROM runs WHERE owner = ? AND status NOT IN ('running', 'paused') ORDER BY created DESC",
                (owner,),
            ).fetchall()
            for row in rows[limits.KEPT_RUNS :]:
                database.execute("DELETE FROM runs WHERE id = ?", (row["id"],))
                with suppress(OSError, ValueError):
                    self._remove_log(owner, self.folder(row["id"]).facts().get("log"))
                shutil.rmtree(self.root / "runs" / row["id"], ignore_errors=True)

    def _remove_log(self, owner: str, name: str | None) -> None:
        """Remove a run's log, and those of the lanes beside it."""
        if name:
            log = self.logs(owner) / name
            for folder in (log, *log.parent.glob(f"{log.name}-*")):
                shutil.rmtree(folder, ignore_errors=True)

    def desk(self, owner: str, experiment_name: str) -> Desk | None:
        """The form and the run that a person left on the page of an experiment; None before the first visit."""
        with self._open() as database:
            row = database.execute(
                "SELECT config, run FROM desks WHERE owner = ? AND experiment = ?", (owner, experiment_name)
            ).fetchone()
        return Desk(json.loads(row["config"]), row["run"]) if row else None

    def leave(self, owner: str, config: TrainingConfig, run: str | None) -> None:
        """Store the form's config and the run that is shown, for the next visit."""
        with self._open() as database:
            database.execute(
                "INSERT OR REPLACE INTO desks VALUES (?, ?, ?, ?, ?)",
                (owner, config.experiment, config.model_dump_json(), run, time.time()),
            )

    def preference(self, owner: str, name: str) -> str | None:
        """A person's choice that holds on all pages, such as the language."""
        with self._open() as database:
            row = database.execute(
                "SELECT value FROM preferences WHERE owner = ? AND name = ?", (owner, name)
            ).fetchone()
        return row["value"] if row else None

    def prefer(self, owner: str, name: str, value: str) -> None:
        """Store a person's choice that holds on all pages."""
        with self._open() as database:
            database.execute("INSERT OR REPLACE INTO preferences VALUES (?, ?, ?)", (owner, name, value))

    def networks(self, owner: str) -> list[Network]:
        """The networks that a person saved, the last one first."""
        with self._open() as database:
            rows = database.execute(
                "SELECT name, blocks, dataset FROM networks WHERE owner = ? ORDER BY changed DESC", (owner,)
            ).fetchall()
        return [Network(row["name"], row["blocks"], row["dataset"]) for row in rows]

    def save_network(self, owner: str, network: Network) -> None:
        """Save a network, in the place of one of the same name."""
        with self._open() as database:
            database.execute(
                "INSERT OR REPLACE INTO networks VALUES (?, ?, ?, ?, ?)",
                (owner, network.name, network.blocks, network.dataset, time.time()),
            )

    def delete_network(self, owner: str, name: str) -> None:
        """Delete one of a person's networks."""
        with self._open() as database:
            database.execute("DELETE FROM networks WHERE owner = ? AND name = ?", (owner, name))


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        row["id"],
        row["owner"],
        row["experiment"],
        json.loads(row["config"]),
        row["created"],
        row["status"],
        row["step"],
        json.loads(row["metrics"]),
    )


def _alive(process: int) -> bool:
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
