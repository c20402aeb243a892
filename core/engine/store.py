"""Where everything is kept: a folder for each run, and an SQLite index of runs and of each person's desk."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import disk, limits
from core.config import TrainingConfig
from core.disk import DiskError
from core.engine.index import Index
from core.engine.record import Folder
from core.experiments import experiment, experiments
from core.processes import scratch
from core.tensorboard.config import LogConfig

INDEX = "index.sqlite"


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


@dataclass(frozen=True)
class Damage:
    """Something that was damaged and set aside.

    Attributes:
        run: the run that it belonged to; "" if none.
        file: its name, or what a person knows it as.
        seen: when it was noticed, in seconds since 1970.
    """

    run: str
    file: str
    seen: float


def data_folder() -> Path:
    """``TORCH_PLAYGROUND_DATA``, in which ~ is the user's home as in a shell, else the user's own data folder."""
    chosen = os.environ.get("TORCH_PLAYGROUND_DATA")
    if chosen:
        with suppress(RuntimeError):  # nobody of that name: the folder is taken as it is
            return Path(chosen).expanduser()
        return Path(chosen)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "torch-playground"


class Store:
    """The index of runs, beside their folders.

    Attributes:
        index: see `Index`.
    """

    def __init__(self, root: Path):
        """Open the index of a data folder, or make it.

        Raises:
            DiskError: the folder can't be read or written.
        """
        self.root = root
        disk.check_writable(root / "runs")
        with disk.refusals():
            anew = not (root / INDEX).exists() or (root / INDEX).stat().st_size == 0
            lost = anew and any((root / "runs").iterdir())
        self.index = Index(root / INDEX, self._made_again)
        if self.index.made_again or lost:
            self.note("", "", [INDEX])
        self._enter_unknown()
        self._settle()

    def _made_again(self) -> None:
        """What there is to do when the index was found damaged while the server runs."""
        self.note("", "", [INDEX])
        try:
            self._enter_unknown()
        except DiskError as error:
            logging.warning("Runs can't be entered into the index: %s.", error.reason)

    def _enter_unknown(self) -> None:
        """Enter runs that have a folder but no place in the index, as far as their records say whose they are."""
        known = {row["id"] for row in self.index.read("SELECT id FROM runs")}
        if self.index.unreadable:
            return
        nobodys = 0
        with disk.refusals():
            paths = list((self.root / "runs").iterdir())
        for path in paths:
            if path.name in known or not path.is_dir():
                continue
            try:
                facts, folder = self.folder(path.name).facts(), self.folder(path.name)
                owner = facts.get("owner")
                if owner:
                    self._enter(path.name, owner, facts, folder)
                else:
                    nobodys += 1
            except (ValueError, OSError, KeyError, TypeError) as error:
                logging.warning("The run in %s can't be entered into the index: %s.", path, error)
        if nobodys:
            logging.warning("%d runs in %s are in no index and don't say whose they are.", nobodys, self.root / "runs")

    def _enter(self, run: str, owner: str, facts: dict[str, Any], folder: Folder) -> None:
        step, metrics = _last(folder)
        status = facts.get("status")
        self.index.write(
            "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            run,
            owner,
            facts["experiment"],
            json.dumps(facts["config"]),
            float(facts.get("created") or (folder.path / "run.json").stat().st_mtime),
            "crashed" if status in ("running", "paused", None) else str(status),
            step,
            json.dumps(metrics),
        )

    def _settle(self) -> None:
        """Mark runs whose server died while they trained: they can be resumed from their last kept step."""
        for row in self.index.read("SELECT id, owner, server FROM runs WHERE status IN ('running', 'paused')"):
            try:
                if _alive(row["server"]):
                    continue
                folder = self.folder(row["id"])
                self.note(row["owner"], row["id"], folder.set_damaged_aside())
                self.update(row["id"], "crashed", *_last(folder))
            except Exception as error:  # one run's trouble must not stop a start
                logging.warning("The run in %s can't be looked through: %s.", self.root / "runs" / row["id"], error)

    def look_through(self, owner: str, experiment_name: str) -> None:
        """Note which of a person's runs that are over have a run.json that can't be read, and set it aside."""
        known = {damage.run for damage in self.damage(owner) if damage.file == "run.json"}
        order = "SELECT id FROM runs WHERE owner = ? AND experiment = ? AND status NOT IN ('running', 'paused')"
        for row in self.index.read(order, owner, experiment_name):
            try:
                if row["id"] not in known:
                    self.folder(row["id"]).facts()
            except disk.Damaged:
                self.note(owner, row["id"], self.folder(row["id"]).set_damaged_aside())
            except DiskError as error:
                logging.warning("The run in %s can't be read: %s.", self.root / "runs" / row["id"], error.reason)

    def note(self, owner: str, run: str, files: Iterable[str]) -> None:
        """Remember that files of a person's were damaged; "" for everybody's, or for those of no run."""
        for file in files:
            with suppress(DiskError):
                order = "INSERT OR REPLACE INTO damage VALUES (?, ?, ?, ?)"
                self.index.write(order, owner, run, file, time.time(), later=("damage", owner, run, file))

    def damage(self, owner: str) -> list[Damage]:
        """What of a person's, and of everybody's, was damaged, the newest first."""
        order = "SELECT run, file, seen FROM damage WHERE owner IN (?, '') ORDER BY seen DESC, file"
        return [Damage(row["run"], row["file"], float(row["seen"])) for row in self.index.read(order, owner)]

    def folder(self, run: str) -> Folder:
        """A run's folder. Only ids made by `add` lead anywhere."""
        return Folder(self.root / "runs" / run)

    def add(self, owner: str, config: TrainingConfig, id: str | None = None) -> str:
        """Enter a new run, as soon as the disk takes it, and return its id: the one given, else a new one."""
        run = id or new_id()
        with suppress(DiskError):
            self.index.write(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, 'running', 0, '{}', ?)",
                run,
                owner,
                config.experiment,
                config.model_dump_json(),
                time.time(),
                os.getpid(),
                later=("run", run),
            )
        return run

    def logs(self, owner: str) -> Path:
        """The folder of a person's logs, TensorBoard's ``--logdir``. The name does not give the owner's id away."""
        return self.root / "logs" / hashlib.sha256(owner.encode()).hexdigest()[:32]

    def picture(self, owner: str) -> Path:
        """Where the image is kept that a person uploaded for the cards of the layers."""
        return self.root / "pictures" / f"{hashlib.sha256(owner.encode()).hexdigest()[:32]}.png"

    def log_config(self, owner: str) -> LogConfig:
        """What a person wants to be logged of the runs to come."""
        return LogConfig.forgive(self.preferences(owner, "log"))[0]

    def choose_log(self, owner: str, log: LogConfig) -> None:
        """Store what a person wants to be logged of the runs to come (raises DiskError, see `prefer`)."""
        self.prefer(owner, "log", json.dumps(log.to_query()))

    def update(self, run: str, status: str, step: int, metrics: dict[str, float | None]) -> None:
        """Note how far a run has come, as soon as the disk takes it."""
        order = "UPDATE runs SET status = ?, step = ?, metrics = ? WHERE id = ?"
        values = (status, step, json.dumps(metrics), run)
        with suppress(DiskError):
            self.index.write(order, *values, later=("update", run), after=("run", run))

    def find(self, run: str) -> Entry | None:
        """One run, whoever owns it."""
        rows = self.index.read("SELECT * FROM runs WHERE id = ?", run)
        return self._entry(rows[0]) if rows else None

    def of(self, owner: str, experiment_name: str) -> list[Entry]:
        """A person's runs of an experiment, the newest first."""
        order = "SELECT * FROM runs WHERE owner = ? AND experiment = ? ORDER BY created DESC"
        entries = [self._entry(row) for row in self.index.read(order, owner, experiment_name)]
        return [entry for entry in entries if entry is not None and entry.experiment in experiments()]

    def _entry(self, row: sqlite3.Row) -> Entry | None:
        """A run as its row says; where that is damaged, as its folder says; None if neither does."""
        entry = _entry(row)
        if entry is not None:
            return entry
        run, owner = str(row["id"]), str(row["owner"])
        self.note(owner, run, [INDEX])
        try:
            folder = self.folder(run)
            self._enter(run, owner, folder.facts(), folder)
        except (ValueError, OSError, KeyError, TypeError) as error:
            logging.warning("The run %s is damaged in the index and in its folder: %s.", run, error)
            return None
        rows = self.index.read("SELECT * FROM runs WHERE id = ?", run)
        return _entry(rows[0]) if rows else None

    def ids(self, owner: str) -> list[str]:
        """All of a person's runs, the newest first."""
        rows = self.index.read("SELECT id FROM runs WHERE owner = ? ORDER BY created DESC", owner)
        return [row["id"] for row in rows]

    def alive(self, owner: str) -> set[str]:
        """Those of a person's runs that train, as far as is known here; another server may have the same folder."""
        alive = "SELECT id FROM runs WHERE owner = ? AND status IN ('running', 'paused')"
        return {row["id"] for row in self.index.read(alive, owner)}

    def prune(self, owner: str) -> None:
        """Remove a person's oldest runs beyond `limits.KEPT_RUNS`, with their folders."""
        rows = self.index.read(
            "SELECT id FROM runs WHERE owner = ? AND status NOT IN ('running', 'paused') ORDER BY created DESC", owner
        )
        for row in rows[limits.KEPT_RUNS :]:
            self.remove(owner, row["id"])

    def remove(self, owner: str, run: str) -> None:
        """Remove a run with its folder and its logs."""
        log = None
        with suppress(OSError, ValueError):
            log = self.folder(run).facts().get("log")
        with suppress(DiskError):  # to remove the folder may be what makes space for it
            self.index.write("DELETE FROM runs WHERE id = ?", run, later=("remove", run))
        self.index.forget(("run", run), ("update", run))
        self._remove_log(owner, log)
        shutil.rmtree(self.root / "runs" / run, ignore_errors=True)

    def _remove_log(self, owner: str, name: str | None) -> None:
        """Remove a run's log, and those of the lanes beside it."""
        if name:
            log = self.logs(owner) / name
            for folder in (log, *log.parent.glob(f"{log.name}-*")):
                shutil.rmtree(folder, ignore_errors=True)

    def desk(self, owner: str, experiment_name: str) -> Desk | None:
        """The form and the run that a person left on the page of an experiment; None before the first visit."""
        waiting = self.index.waiting(("desk", owner, experiment_name))
        if waiting is not None:
            return Desk(json.loads(waiting[2]), waiting[3])
        order = "SELECT config, run FROM desks WHERE owner = ? AND experiment = ?"
        for row in self.index.read(order, owner, experiment_name):
            config = self._object(row["config"])
            if config is not None:
                return Desk(config, row["run"] if isinstance(row["run"], str) else None)
            self._set_row_aside("desks", "experiment", owner, experiment_name)
        return None

    def leave(self, owner: str, config: TrainingConfig, run: str | None) -> None:
        """Store the form's config and the run that is shown, for the next visit.

        Raises:
            DiskError: the disk does not take it now; it is found nevertheless as long as the server runs.
        """
        self.index.write(
            "INSERT OR REPLACE INTO desks VALUES (?, ?, ?, ?, ?)",
            owner,
            config.experiment,
            config.model_dump_json(),
            run,
            time.time(),
            later=("desk", owner, config.experiment),
        )

    def is_waiting(self, owner: str, experiment_name: str) -> bool:
        """Whether what a person left on the page of an experiment waits for the disk."""
        return self.index.waiting(("desk", owner, experiment_name)) is not None

    def preference(self, owner: str, name: str) -> str | None:
        """A person's choice that holds on all pages, such as the language."""
        waiting = self.index.waiting(("preference", owner, name))
        if waiting is not None:
            return str(waiting[2])
        rows = self.index.read("SELECT value FROM preferences WHERE owner = ? AND name = ?", owner, name)
        return str(rows[0]["value"]) if rows else None

    def preferences(self, owner: str, name: str) -> dict[str, Any]:
        """A person's choices that are stored together, as JSON; empty if there are none."""
        text = self.preference(owner, name)
        if text is None:
            return {}
        choices = self._object(text)
        if choices is None:
            self._set_row_aside("preferences", "name", owner, name)
        return choices or {}

    def prefer(self, owner: str, name: str, value: str) -> None:
        """Store a person's choice that holds on all pages.

        Raises:
            DiskError: the disk does not take it now; it holds nevertheless as long as the server runs.
        """
        order = "INSERT OR REPLACE INTO preferences VALUES (?, ?, ?)"
        self.index.write(order, owner, name, value, later=("preference", owner, name))

    def everyones(self, name: str) -> dict[str, str]:
        """What each person chose who chose anything under that name: their id to their choice."""
        rows = self.index.read("SELECT owner, value FROM preferences WHERE name = ?", name)
        return {str(row["owner"]): str(row["value"]) for row in rows}

    def networks(self, owner: str) -> list[Network]:
        """The networks that a person saved, the last one first."""
        order = "SELECT name, blocks, dataset FROM networks WHERE owner = ? ORDER BY changed DESC"
        rows = self.index.read(order, owner)
        return [Network(str(row["name"]), str(row["blocks"]), str(row["dataset"])) for row in rows]

    def save_network(self, owner: str, network: Network) -> None:
        """Save a network, in the place of one of the same name (raises DiskError)."""
        self.index.write(
            "INSERT OR REPLACE INTO networks VALUES (?, ?, ?, ?, ?)",
            owner,
            network.name,
            network.blocks,
            network.dataset,
            time.time(),
        )

    def delete_network(self, owner: str, name: str) -> None:
        """Delete one of a person's networks (raises DiskError)."""
        self.index.write("DELETE FROM networks WHERE owner = ? AND name = ?", owner, name)

    def _object(self, text: Any) -> dict[str, Any] | None:
        """The JSON object in a text; None if there is none."""
        try:
            value = json.loads(text)
        except (ValueError, TypeError, RecursionError):
            return None
        return value if isinstance(value, dict) else None

    def _set_row_aside(self, table: str, column: str, owner: str, name: str) -> None:
        """Give another name to a damaged row of a person's."""
        logging.warning("%s of %s in the index is damaged: it was set aside.", name, table)
        with suppress(DiskError):
            order = f"UPDATE OR REPLACE {table} SET {column} = ? WHERE owner = ? AND {column} = ?"
            self.index.write(order, f"{name}{disk.ASIDE}", owner, name)
        self.note(owner, "", [name])


def _entry(row: sqlite3.Row) -> Entry | None:
    try:
        entry = Entry(
            row["id"],
            row["owner"],
            row["experiment"],
            json.loads(row["config"]),
            float(row["created"]),
            row["status"],
            int(row["step"]),
            json.loads(row["metrics"]),
        )
    except (ValueError, TypeError, RecursionError):
        return None
    return entry if isinstance(entry.config, dict) and isinstance(entry.metrics, dict) else None


def _last(folder: Folder) -> tuple[int, dict[str, float | None]]:
    """The last step in a run's record, and the last value of each metric."""
    history = folder.history().get("run", {})
    step = max((column["step"][-1] for column in history.values()), default=0)
    return step, {name: column["value"][-1] for name, column in history.items()}


def _alive(process: int) -> bool:
    if process == os.getpid() or sys.platform == "win32":
        return False
    return scratch.is_alive(process)
    return True
