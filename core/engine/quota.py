"""How much disk a person's runs take, and what goes first when it is too much."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from core.engine.record import Folder

Identity = tuple[int, int]
"""Identifies a file that may have several names: its device and its number there."""


class Usage:
    """The files of several runs; one with several names counts once.

    Attributes:
        bytes: what they take.
    """

    def __init__(self, folders: Iterable[Folder]):
        self.bytes = 0
        self._names: dict[Identity, int] = {}
        for folder in folders:
            for about in folder.files():
                key = _identity(about)
                if key not in self._names:
                    self.bytes += about.st_size
                self._names[key] = self._names.get(key, 0) + 1

    def remove_name(self, about: os.stat_result) -> None:
        """Count a name of a file that was removed."""
        key = _identity(about)
        self._names[key] = self._names.get(key, 1) - 1
        if self._names[key] == 0:
            self.bytes -= about.st_size


@dataclass(order=True)
class Step:
    """A kept step that may go.

    Attributes:
        time: when it was kept, in seconds since 1970.
        abouts: what the system says of its files.
    """

    time: float
    run: str
    step: int
    abouts: list[os.stat_result] = field(compare=False)


def thin(
    folders: Mapping[str, Folder], alive: Collection[str], most: int, spared: Collection[str] = ()
) -> tuple[dict[str, list[int]], list[str]]:
    """Drop kept steps of runs that are over until all of them take no more than they may, the oldest first.

    Never the first or the last step of a run; nor one whose files another run has as well, which would free nothing.

    Args:
        folders: a person's runs, the newest first.
        alive: those of them that train.
        most: bytes that they may take together.
        spared: runs that don't go as a whole.

    Returns:
        run -> the steps that were dropped, and the runs that have to go, the oldest first, if that is not enough: all
        that are over but the newest of them and those that are spared.
    """
    usage = Usage(folders.values())
    over = [run for run in folders if run not in alive]
    needed = {_identity(about) for run in alive if run in folders for about in folders[run].files()}
    steps: list[Step] = []
    for run in over:
        kept = folders[run].kept()
        for step in kept:
            abouts = _abouts(folders[run].checkpoint_file(step), folders[run].frame_file(step))
            if step in (kept[0], kept[-1]):
                needed |= {_identity(about) for about in abouts}
            else:
                steps.append(Step(max((about.st_mtime for about in abouts), default=0.0), run, step, abouts))
    dropped: dict[str, list[int]] = {}
    for one in sorted(steps):
        if usage.bytes <= most:
            break
        if {_identity(about) for about in one.abouts} <= needed:
            continue
        if not _drop(folders[one.run], one.step):
            continue
        dropped.setdefault(one.run, []).append(one.step)
        for about in one.abouts:
            usage.remove_name(about)
    condemned = []
    for run in over[:0:-1]:
        if usage.bytes <= most:
            break
        if run in spared:
            continue
        condemned.append(run)
        for about in folders[run].files():
            usage.remove_name(about)
    return dropped, condemned


def _drop(folder: Folder, step: int) -> bool:
    """Remove a kept step; whether the disk has let it go."""
    folder.drop(step)
    return not (folder.frame_file(step).exists() or folder.checkpoint_file(step).exists())


def _identity(about: os.stat_result) -> Identity:
    return about.st_dev, about.st_ino


def _abouts(*files: Path) -> list[os.stat_result]:
    abouts = []
    for file in files:
        with suppress(OSError):
            abouts.append(file.stat())
    return abouts
