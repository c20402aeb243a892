"""A run's folder: its config, every step's metrics, and the steps that were kept to go back to."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from core import checkpoints
from core.changes import Changes, as_pairs
from core.config import TrainingConfig
from core.experiments import experiment
from core.frames import encode
from core.snapshot import Row, undisturbed


def line(step: int, epoch: int, metrics: Mapping[str, float]) -> dict[str, Any]:
    """One step as it stands in the record and on the command line; a number that is not finite becomes null."""
    clean = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
    return {"step": step, "epoch": epoch, **clean}


def rows_of(state: Mapping[str, Any], config: TrainingConfig) -> list[Row]:
    """The steps before a checkpoint, as far as it knows them: their losses."""
    epochs = [(step - 1) // config.steps_per_epoch + 1 for step in range(1, state["step"] + 1)]
    losses = state["losses"].tolist()
    return [
        (step, epoch, {"loss/train": loss}) for step, (epoch, loss) in enumerate(zip(epochs, losses, strict=True), 1)
    ]


class Folder:
    """The files of one run.

    ``run.json`` (config, the lanes with theirs, what was changed while it trained, how it ended), ``metrics.jsonl`` (a
    line a step; a lane beside the run, such as a bug's correct twin, has ``metrics.correct.jsonl``), ``kept/000040.pt``
    and ``.frame``: checkpoint and picture of step 40.
    """

    def __init__(self, path: Path):
        self.path = path

    def create(
        self,
        lanes: Mapping[str, TrainingConfig],
        changes: Changes,
        resumed: tuple[str, int] | None = None,
        log: str | None = None,
    ) -> None:
        """Make the folder.

        Args:
            lanes: "run", the run itself, and what is trained beside it.
            changes: what was changed before the step that it continues from.
            resumed: the run that this one continues from, and its step.
            log: its log's name among its owner's logs.
        """
        (self.path / "kept").mkdir(parents=True, exist_ok=True)
        config = lanes["run"]
        self.write_facts(
            {
                "experiment": config.experiment,
                "config": config.model_dump(mode="json"),
                "lanes": {name: lane.model_dump(mode="json") for name, lane in lanes.items()},
                "changes": as_pairs(changes),
                "resumed": resumed,
                "log": log,
                "torch": torch.__version__,
                "status": "running",
                "message": None,
            }
        )

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Write run.json, whole or not at all."""
        temporary = self.path / "run.json.part"
        temporary.write_text(json.dumps(facts, indent=1))
        os.replace(temporary, self.path / "run.json")

    def facts(self) -> dict[str, Any]:
        """What run.json says."""
        facts: dict[str, Any] = json.loads((self.path / "run.json").read_text())
        return facts

    def update_facts(self, **changes: Any) -> None:
        """Change some of what run.json says."""
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
        """Add steps to a lane's record."""
        text = "".join(json.dumps(line(*row)) + "\n" for row in rows)
        with self.metrics_file(lane).open("a") as file:
            file.write(text)

    def rows(self, lane: str) -> list[dict[str, Any]]:
        """A lane's steps; a line cut off by a crash or a full disk is left out."""
        rows = []
        if self.metrics_file(lane).exists():
            for text in self.metrics_file(lane).read_text().splitlines():
                with suppress(json.JSONDecodeError):
                    rows.append(json.loads(text))
        return rows

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
        """Keep a step: the checkpoint of every lane, and the picture."""
        checkpoints.save(states, self.checkpoint_file(step))
        temporary = self.frame_file(step).with_suffix(".part-frame")
        temporary.write_bytes(frame)
        os.replace(temporary, self.frame_file(step))

    def checkpoint_file(self, step: int) -> Path:
        """The checkpoint of a kept step."""
        return self.path / "kept" / f"{step:06d}.pt"

    def frame_file(self, step: int) -> Path:
        """The picture of a kept step."""
        return self.path / "kept" / f"{step:06d}.frame"

    def frame(self, step: int, focus: Mapping[str, Any]) -> bytes:
        """The picture of a kept step: the one that was kept, or for a focus another one, made from the checkpoint."""
        if not focus:
            return self.frame_file(step).read_bytes()
        lanes, states = self.lanes(), checkpoints.load(self.checkpoint_file(step))
        trained = experiment(lanes["run"].experiment)
        with undisturbed():
            snapshots = {
                name: checkpoints.recall(states[name], trained.untrained(lane)) for name, lane in lanes.items()
            }
        return encode(trained.frames(lanes, snapshots, focus))

    def kept(self) -> list[int]:
        """The kept steps, in order."""
        return sorted(int(path.stem) for path in (self.path / "kept").glob("*.frame"))

    def branch(self, target: Folder, step: int) -> None:
        """Copy what happened up to a step into another run's folder."""
        for lane in self.measured():
            kept_lines = [row for row in self.rows(lane) if row["step"] <= step]
            target.metrics_file(lane).write_text("".join(json.dumps(row) + "\n" for row in kept_lines))
        for kept in self.kept():
            if kept <= step:
                shutil.copy(self.checkpoint_file(kept), target.checkpoint_file(kept))
                shutil.copy(self.frame_file(kept), target.frame_file(kept))


def extend(history: dict[str, dict[str, list[Any]]], row: Mapping[str, Any]) -> None:
    """Add one step's line to a lane's history."""
    for name, value in row.items():
        if name not in ("step", "epoch"):
            column = history.setdefault(name, {"step": [], "value": []})
            column["step"].append(row["step"])
            column["value"].append(value)
