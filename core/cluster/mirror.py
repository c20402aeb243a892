"""What a worker writes into its folders on a machine of a cluster, as changes that the server can repeat."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

PART = ".part"
"""How the name of a file ends that is not complete yet, see `core.disk`."""
MOST_BYTES = 4_000_000
"""Bytes of a change at most; a large file comes in several."""


class Change(NamedTuple):
    """What is new in a file.

    Attributes:
        kind: "append", bytes were added at `start`; "write", this is the part at `start` of a new file, "last" if it is
            the last part; "gone", it was removed.
        name: the file, in the mirrored folder.
        start: where the bytes belong.
        data: the bytes.
        stamp: which version of a file that is written as a whole it is.
    """

    kind: Literal["append", "write", "last", "gone"]
    name: str
    start: int = 0
    data: bytes = b""
    stamp: int = 0


def grows(name: str) -> bool:
    """Whether a file is only ever added to: a record, or a log's events. All others are replaced as a whole."""
    file = name.rpartition("/")[2]
    return file.endswith(".jsonl") or "tfevents" in file


class Mirror:
    """Compares a folder with what was told of it.

    A worker writes first and reports then, so whoever has heard a report and asks for the changes next has all that the
    report speaks of.
    """

    def __init__(self, folder: Path):
        """What is there now counts as told."""
        self.folder = folder
        self._told = {name: self._state(name, about) for name, about in self._files()}

    def restart(self, known: Mapping[str, int]) -> None:
        """Tell everything again but what is known.

        Args:
            known: name -> how many bytes of a file that grows, or which version of another one.
        """
        self._told = dict(known)

    def changes(self) -> Iterator[Change]:
        """What has changed since it was asked last."""
        seen = set()
        for name, about in self._files():
            seen.add(name)
            state, told = self._state(name, about), self._told.get(name)
            if state == told:
                continue
            if grows(name):
                yield from self._added(name, min(told or 0, about.st_size), about.st_size)
            else:
                yield from self._written(name)
        for name in sorted(self._told.keys() - seen):
            del self._told[name]
            yield Change("gone", name)

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        """The complete files, in the order of their names: a checkpoint before its picture could matter to nobody."""
        found = []
        for folder, _, names in os.walk(self.folder):
            for name in names:
                if not name.endswith(PART):
                    path = os.path.join(folder, name)  # noqa: PTH118 - ten times a second
                    try:
                        found.append((os.path.relpath(path, self.folder).replace(os.sep, "/"), os.stat(path)))  # noqa: PTH116
                    except FileNotFoundError:
                        continue
        return iter(sorted(found, key=lambda file: file[0]))

    def _state(self, name: str, about: os.stat_result) -> int:
        return about.st_size if grows(name) else about.st_mtime_ns

    def _added(self, name: str, start: int, end: int) -> Iterator[Change]:
        with (self.folder / name).open("rb") as file:
            file.seek(start)
            data = file.read(end - start)
        if name.endswith(".jsonl"):  # a line that is being written is told when it is whole
            data = data[: data.rfind(b"\n") + 1]
        self._told[name] = start + len(data)
        for at in range(0, len(data), MOST_BYTES):
            yield Change("append", name, start + at, data[at : at + MOST_BYTES])

    def _written(self, name: str) -> Iterator[Change]:
        try:
            file = (self.folder / name).open("rb")
        except FileNotFoundError:
            return
        with file:
            about = os.fstat(file.fileno())
            self._told[name] = about.st_mtime_ns
            at = 0
            while True:
                data = file.read(MOST_BYTES)
                done = at + len(data) >= about.st_size
                yield Change("last" if done else "write", name, at, data, about.st_mtime_ns)
                if done:
                    return
                at += len(data)
