"""A run's folder: its config, every step's metrics, and the steps that were kept to go back to."""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import torch

from core import checkpoints, disk, frames
from core.changes import Changes, as_pairs, recorded
from core.config import TrainingConfig
from core.experiments import experiment
from core.snapshot import Row, undisturbed

KEPT = re.compile(r"\d{6,12}\.(frame|pt)")
"""Names of the two files of a kept step."""


def line(step: int, epoch: int, metrics: Mapping[str, float]) -> dict[str, Any]:
    """One step as the record and the command line write it; a number that is not finite becomes null."""
    clean = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
    return {"step": step, "epoch": epoch, **clean}


def as_lines(rows: Iterable[Row]) -> bytes:
    """Steps as the record writes them, a line each."""
    return "".join(json.dumps(line(*row)) + "\n" for row in rows).encode()


def read_line(text: bytes) -> dict[str, Any] | None:
    """The step in a line of the record; None if there is none."""
    try:
        row = json.loads(text)
        step, epoch = row["step"], row["epoch"]
        numbers = all(value is None or type(value) in (int, float) for value in row.values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return row if type(step) is int and type(epoch) is int and 0 < step < 10**12 and numbers else None


def first_facts(
    lanes: Mapping[str, TrainingConfig],
    changes: Changes | None = None,
    resumed: tuple[str, int] | None = None,
    log: str | None = None,
    owner: str | None = None,
) -> dict[str, Any]:
    """What run.json says when a run begins.

    Args:
        lanes: "run", the run itself, and what is trained beside it.
        changes: what was changed before the step that it continues from.
        resumed: the run that this one continues from, and its step.
        log: its log's name among its owner's logs.
        owner: whose run it is, so that the index can be made from the folders; None if it is in none.
    """
    config = lanes["run"]
    return {
        "owner": owner,
        "created": time.time(),
        "experiment": config.experiment,
        "config": config.model_dump(mode="json"),
        "lanes": {name: lane.model_dump(mode="json") for name, lane in lanes.items()},
        "changes": as_pairs(changes or {}),
        "resumed": resumed,
        "log": log,
        "torch": torch.__version__,
        "status": "running",
        "message": None,
    }


def check_facts(facts: Any) -> dict[str, Any]:
    """What run.json says, if it has the shape that this app or an older version gave it (raises Damaged)."""
    try:
        known = (
            isinstance(facts["experiment"], str)
            and isinstance(facts["config"], dict)
            and isinstance(facts.get("message"), dict | None)
            and isinstance(facts.get("log"), str | None)
            and isinstance(facts.get("logged"), dict | None)
            and isinstance(facts.get("owner"), str | None)
            and all(isinstance(lane, dict) for lane in facts.get("lanes", {}).values())
            and (facts.get("resumed") is None or int(facts["resumed"][1]) >= 0)
        )
        recorded(facts)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        known = False
    if not known:
        raise disk.Damaged("run.json")
    return dict(facts)


def rows_of(state: Mapping[str, Any], config: TrainingConfig) -> list[Row]:
    """The steps before a checkpoint, as far as it knows them: their losses."""
    epochs = [(step - 1) // config.steps_per_epoch + 1 for step in range(1, state["step"] + 1)]
    losses = state["losses"].tolist()
    return [
        (step, epoch, {"loss/train": loss}) for step, (epoch, loss) in enumerate(zip(epochs, losses, strict=True), 1)
    ]


class Folder:
    """The files of one run.

    ``run.json`` (whose it is, config, the lanes with theirs, what was changed while it trained, how it ended),
    ``metrics.jsonl`` (a line a step; a lane beside the run, such as a bug's correct twin, has
    ``metrics.correct.jsonl``), ``kept/000040.pt`` and ``.frame``: checkpoint and picture of step 40. What was damaged
    is beside them under a name that ends in ``.damaged``.
    """

    def __init__(self, path: Path):
        self.path = path

    def create(self, lanes: Mapping[str, TrainingConfig], changes: Changes | None = None) -> None:
        """Make the folder of a run that is in no index, see `first_facts` (raises DiskError)."""
        self.make(first_facts(lanes, changes))

    def make(self, facts: Mapping[str, Any]) -> None:
        """Make the folder, with what `first_facts` gave (raises DiskError)."""
        disk.make_folder(self.path / "kept")
        self.write_facts(facts)
        disk.sync_folder(self.path.parent)

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Write run.json, whole or not at all (raises DiskError)."""
        disk.write(self.path / "run.json", json.dumps(facts, indent=1).encode())

    def facts(self) -> dict[str, Any]:
        """What run.json says.

        Raises:
            disk.Damaged: it is gone, or does not have the shape that it should.
            disk.DiskError: it can't be read.
        """
        try:
            with disk.refusals():
                text = (self.path / "run.json").read_bytes()
            facts = json.loads(text)
        except disk.DiskError as error:
            if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
                raise disk.Damaged("run.json") from None
            raise
        except (ValueError, RecursionError):
            raise disk.Damaged("run.json") from None
        return check_facts(facts)

    def update_facts(self, **changes: Any) -> None:
        """Change some of what run.json says (raises Damaged, DiskError)."""
        self.write_facts({**self.facts(), **changes})

    def config(self) -> TrainingConfig:
        """The run's config."""
        facts = self.facts()
        return experiment(facts["experiment"]).config.create(facts["config"])

    def lanes(self) -> dict[str, TrainingConfig]:
        """The run and what is trained beside it, with their configs; in older records, what its experiment proposes."""
        facts = self.facts()
        known = experiment(facts["experiment"])
        if "lanes" not in facts:
            return dict(known.lanes(self.config()))
        return {name: known.config.create(values) for name, values in facts["lanes"].items()}

    def metrics_file(self, lane: str) -> Path:
        """Where a lane's steps are written."""
        return self.path / ("metrics.jsonl" if lane == "run" else f"metrics.{lane}.jsonl")

    def append(self, lane: str, rows: Iterable[Row]) -> None:
        """Add steps to a lane's record, all of them or none (raises DiskError)."""
        self.append_lines(lane, as_lines(rows))

    def append_lines(self, lane: str, lines: bytes) -> None:
        """Add steps that `as_lines` wrote (raises DiskError)."""
        disk.append_lines(self.metrics_file(lane), lines)

    def rows(self, lane: str) -> list[dict[str, Any]]:
        """A lane's steps in order; what is no step, such as a line cut off by a crash, is left out."""
        return self._read(lane)[0]

    def _read(self, lane: str) -> tuple[list[dict[str, Any]], bool]:
        """A lane's steps, and whether every line is one; the last may be cut off."""
        try:
            with disk.refusals():
                *lines, last = self.metrics_file(lane).read_bytes().split(b"\n")
        except disk.DiskError as error:
            return [], isinstance(error.__cause__, FileNotFoundError | NotADirectoryError)
        found = [read_line(text) for text in lines]
        rows: list[dict[str, Any]] = []
        for row in [*found, read_line(last)]:
            if row is not None and (not rows or row["step"] > rows[-1]["step"]):
                rows.append(row)
        return rows, None not in found

    def past(self, lane: str) -> Iterator[Row]:
        """The steps as they were measured: what is null in the record was no finite number."""
        for row in self.rows(lane):
            step, epoch = row.pop("step"), row.pop("epoch")
            yield step, epoch, {name: math.nan if value is None else value for name, value in row.items()}

    def measured(self) -> list[str]:
        """The lanes of which steps are recorded."""
        names = sorted(path.name for path in self.path.glob("metrics*.jsonl"))
        return [name.removeprefix("metrics").removesuffix(".jsonl").removeprefix(".") or "run" for name in names]

    def history(self) -> dict[str, dict[str, dict[str, list[Any]]]]:
        """lane -> metric -> {"step": [...], "value": [...]}."""
        history: dict[str, dict[str, dict[str, list[Any]]]] = {}
        for lane in self.measured():
            for row in self.rows(lane):
                extend(history.setdefault(lane, {}), row)
        return history

    def keep(self, step: int, states: Mapping[str, Any], frame: bytes) -> None:
        """Keep a step: the checkpoint of every lane, and the picture. The record up to it is on the disk before it is.

        Raises:
            disk.DiskError: the disk does not take it; it is not kept.
        """
        disk.make_folder(self.path / "kept")
        for lane in self.measured():
            disk.sync(self.metrics_file(lane))
        again = self.frame_file(step).exists()
        checkpoints.save(states, self.checkpoint_file(step))
        try:
            with disk.written(self.frame_file(step)) as file:
                file.write(frame)
        except disk.DiskError:
            if not again:
                self.drop(step)
            raise
        disk.sync_folder(self.path / "kept")

    def drop(self, step: int) -> None:
        """Remove a kept step, if the disk lets it; no run may need it."""
        with suppress(OSError):
            for file in (self.frame_file(step), self.checkpoint_file(step)):
                file.unlink(missing_ok=True)

    def checkpoint_file(self, step: int) -> Path:
        """The checkpoint of a kept step."""
        return self.path / "kept" / f"{step:06d}.pt"

    def frame_file(self, step: int) -> Path:
        """The picture of a kept step."""
        return self.path / "kept" / f"{step:06d}.frame"

    def frame(self, step: int, focus: Mapping[str, Any]) -> bytes:
        """The picture of a kept step: the one that was kept, or for a focus another one, made from the checkpoint.

        Raises:
            disk.Damaged: it can't be had, since one of the step's files is damaged or gone.
        """
        if not focus:
            try:
                data = self.frame_file(step).read_bytes()
            except OSError:
                data = b""
            if not frames.whole(data):
                raise disk.Damaged(self.frame_file(step).name)
            return data
        return self._drawn(step, focus)

    def _drawn(self, step: int, focus: Mapping[str, Any]) -> bytes:
        lanes, states = self.lanes(), self.states(step)
        trained = experiment(lanes["run"].experiment)
        with undisturbed():
            snapshots = {
                name: checkpoints.recall(states[name], trained.untrained(lane)) for name, lane in lanes.items()
            }
        return frames.encode(trained.frames(lanes, snapshots, focus))

    def states(self, step: int) -> dict[str, Any]:
        """The checkpoint of a kept step: lane -> its state (raises Damaged)."""
        file = self.checkpoint_file(step)
        if not checkpoints.whole(file):
            raise disk.Damaged(file.name)
        return checkpoints.load(file)

    def kept(self) -> list[int]:
        """The kept steps, in order: those of which both files are there."""
        names = {path.name for path in (self.path / "kept").glob("*") if KEPT.fullmatch(path.name)}
        steps = {int(name.partition(".")[0]) for name in names}
        return sorted(step for step in steps if {self.frame_file(step).name, self.checkpoint_file(step).name} <= names)

    def set_damaged_aside(self) -> list[str]:
        """Rename damaged files; only while no process trains in the folder.

        What is whole of a lane's record stays, and the losses that are missing come from the last kept step. Of a
        checkpoint only the end is looked at; `states` looks at all of it.

        Returns:
            the names of the files that were damaged, cut or gone; run.json alone if it is one of them.
        """
        for folder in (self.path, self.path / "kept"):
            disk.remove_parts(folder)
        try:
            lanes = list(self.facts().get("lanes", {})) or self.measured()
        except disk.Damaged:
            disk.set_aside(self.path / "run.json")
            return ["run.json"]
        except disk.DiskError:
            return []
        damaged = []
        for step in sorted({int(path.stem) for path in (self.path / "kept").glob("*") if KEPT.fullmatch(path.name)}):
            damaged += self._set_step_aside(step)
        for lane in lanes:
            damaged += self._set_record_aside(lane)
        return damaged

    def _set_record_aside(self, lane: str) -> list[str]:
        """Set a lane's record aside if it is damaged, or ends before the last kept step; write what is known of it."""
        rows, whole = self._read(lane)
        last = rows[-1]["step"] if rows else 0
        kept = self.kept()
        if whole and (not kept or last >= kept[-1]):
            return []
        known = {row["step"]: row for row in rows}
        for step in kept[-1:]:
            with suppress(Exception):  # whatever stands in the checkpoint or the config, it is not to be had
                state = self.states(step)[lane]
                if whole and last >= state["step"]:  # it ended before the other lanes did
                    return []
                for row in rows_of(state, self.lanes()[lane]):
                    known.setdefault(row[0], line(*row))
        file = self.metrics_file(lane)
        aside = disk.set_aside(file)
        try:
            disk.write(file, "".join(json.dumps(known[step]) + "\n" for step in sorted(known)).encode())
        except disk.DiskError:
            if aside is not None:
                with suppress(OSError):
                    os.replace(aside, file)
        return [file.name]

    def _set_step_aside(self, step: int) -> list[str]:
        """Set aside what is damaged of a kept step; a picture that is missing is drawn again from the checkpoint."""
        checkpoint, picture = self.checkpoint_file(step), self.frame_file(step)
        if not (checkpoint.is_file() and is_zipfile(checkpoint)):
            return [file.name for file in (checkpoint, picture) if disk.set_aside(file) is not None]
        try:
            self.frame(step, {})
        except disk.Damaged:
            damaged = [picture.name] if disk.set_aside(picture) is not None else []
            try:
                data = self._drawn(step, {})
                with disk.written(picture) as file:
                    file.write(data)
            except disk.DiskError:
                return damaged
            except Exception:  # whatever the checkpoint holds, it is none of this run
                damaged += [checkpoint.name] if disk.set_aside(checkpoint) is not None else []
            return damaged
        return []

    def branch(self, target: Folder, step: int) -> None:
        """Give another run's folder the record up to a step; kept steps become hard links (raises DiskError)."""
        for lane in self.measured():
            rows = [row for row in self.rows(lane) if row["step"] <= step]
            disk.write(target.metrics_file(lane), "".join(json.dumps(row) + "\n" for row in rows).encode())
        for kept in self.kept():
            if kept <= step:
                disk.share(self.checkpoint_file(kept), target.checkpoint_file(kept))
                disk.share(self.frame_file(kept), target.frame_file(kept))
        disk.sync_folder(target.path / "kept")

    def files(self) -> Iterator[os.stat_result]:
        """What the system says of every file in it."""
        for folder in (self.path, self.path / "kept"):
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(OSError):
                        if entry.is_file(follow_symlinks=False):
                            yield entry.stat(follow_symlinks=False)


def extend(history: dict[str, dict[str, list[Any]]], row: Mapping[str, Any]) -> None:
    """Add one step's line to a lane's history."""
    for name, value in row.items():
        if name not in ("step", "epoch"):
            column = history.setdefault(name, {"step": [], "value": []})
            column["step"].append(row["step"])
            column["value"].append(value)
