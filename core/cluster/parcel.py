"""What a run needs on the machine that trains it: its folder as far as it goes there, and its images."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from multiprocessing.reduction import ForkingPickler
from pathlib import Path, PurePosixPath

from core import disk
from core.config import TrainingConfig
from core.data import downloads
from core.data.own_images import own_file
from core.engine.assignment import Assignment
from core.engine.record import Folder, first_facts


@dataclass
class Parcel:
    """Files for a place, by their names there.

    Attributes:
        assignment: what the worker is to do, pickled, with the folders that it has there.
        small: files that go with one message.
        large: the others.
        empty: kept steps whose size is all that is needed: the server has them.
    """

    assignment: bytes
    small: dict[str, bytes] = field(default_factory=dict)
    large: dict[str, Path] = field(default_factory=dict)
    empty: dict[str, int] = field(default_factory=dict)


def parcel(assignment: Assignment, run: str, root: PurePosixPath) -> Parcel:
    """All that a worker needs to train what it is assigned.

    Args:
        run: the run's folder in the place's.
        root: the place's folder.
    """
    folder, log = assignment.folder, assignment.log
    there = root / run
    if log is not None:
        log = replace(log, folder=Path(there / "logs" / log.folder.name))
    sent = replace(assignment, folder=Path(there / "run"), log=log)
    packed = Parcel(bytes(ForkingPickler.dumps(sent)))
    _add_record(packed, assignment, Folder(folder), f"{run}/run")
    for path in images(assignment.lanes.values()):
        packed.large[f"data/{path.relative_to(downloads.folder()).as_posix()}"] = path
    return packed


def _add_record(packed: Parcel, assignment: Assignment, folder: Folder, there: str) -> None:
    try:
        facts = folder.facts()
    except (disk.Damaged, disk.DiskError):  # the disk has not taken it yet
        facts = first_facts(assignment.lanes, assignment.changes)
    packed.small[f"{there}/run.json"] = json.dumps(facts, indent=1).encode()
    step = assignment.resume_step
    if step is None:
        return
    for lane in folder.measured():
        lines = (json.dumps(row) + "\n" for row in folder.rows(lane) if row["step"] <= step)
        packed.small[f"{there}/metrics{'' if lane == 'run' else f'.{lane}'}.jsonl"] = "".join(lines).encode()
    for kept in folder.kept():
        for path in (folder.checkpoint_file(kept), folder.frame_file(kept)):
            if kept == step:
                packed.large[f"{there}/kept/{path.name}"] = path
            elif kept < step:
                packed.empty[f"{there}/kept/{path.name}"] = path.stat().st_size


def images(lanes: Iterable[TrainingConfig]) -> list[Path]:
    """The files of the sets of images that configs choose, as far as they are none of the app's own."""
    found: dict[Path, None] = {}
    for config in lanes:
        dataset = str(getattr(config, "dataset", ""))
        own = str(getattr(config, "own_images", ""))
        if dataset == "own" and own:
            found[own_file(own, downloads.folder() / "own")] = None
        elif dataset in downloads.FETCHED:
            found |= dict.fromkeys(downloads.files(downloads.FETCHED[dataset]))
    return [path for path in found if path.is_file()]
