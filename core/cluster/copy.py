"""The server's side of a run's folder: takes the changes that a worker on another machine made, each step once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from core import disk
from core.cluster.mirror import Change
from core.engine.record import Folder, read_line

UPDATED = ("changes", "status", "message", "logged")
"""What a worker changes in run.json; the rest of it is the server's."""


class Copy:
    """Repeats changes in a run's folder and its log.

    What is here is never taken back: a worker that begins again at a kept step repeats steps that the record has
    already, and these are left out.

    Attributes:
        known: name -> how many bytes of a log's file, or which version of another file, is here.
    """

    def __init__(self, folder: Folder, log: Path | None):
        self.folder = folder
        self.log = log
        self.known: dict[str, int] = {}
        self._last = {name: self._last_step(name) for name in folder.measured()}
        self._parts: dict[str, Path] = {}

    def _last_step(self, lane: str) -> int:
        rows = self.folder.rows(lane)
        return int(rows[-1]["step"]) if rows else 0

    @property
    def furthest(self) -> int:
        """The last step of the record."""
        return max(self._last.values(), default=0)

    def last_step(self, lane: str) -> int:
        """The last step of a lane's record."""
        return self._last.get(lane, 0)

    def lanes(self) -> list[str]:
        """The lanes that have a record."""
        return list(self._last)

    def begin_again(self) -> None:
        """Forget what one worker sent, for the next one; its log begins anew."""
        for part in self._parts.values():
            with suppress(OSError):
                part.unlink()
        self._parts.clear()
        self.known.clear()
        if self.log is not None:
            for folder in [self.log, *self.log.parent.glob(f"{self.log.name}-*")]:
                shutil.rmtree(folder, ignore_errors=True)

    def take(self, changes: Iterable[Change]) -> None:
        """Repeat changes (raises DiskError; `known` says how far it came)."""
        for change in changes:
            self._take(change)

    def _take(self, change: Change) -> None:
        path = self._path(change.name)
        if path is None:
            return
        if change.kind == "gone":
            with suppress(OSError):
                path.unlink(missing_ok=True)
            self.known.pop(change.name, None)
        elif change.kind == "append":
            if path.suffix == ".jsonl":
                self._add_steps(path, change.data)
            else:
                self._add_events(path, change)
            self.known[change.name] = change.start + len(change.data)
        else:
            self._write(path, change)

    def _path(self, name: str) -> Path | None:
        """Where a file of the worker's belongs here; None for none of a run's files."""
        kind, *parts = name.split("/")
        if any(part in ("", ".", "..") for part in parts) or not parts:
            return None
        if kind == "run":
            return self.folder.path.joinpath(*parts)
        known = self.log is not None and (parts[0] == self.log.name or parts[0].startswith(f"{self.log.name}-"))
        return self.log.parent.joinpath(*parts) if known and self.log is not None else None

    def _add_steps(self, path: Path, lines: bytes) -> None:
        """Add the steps that the record does not have yet."""
        lane = path.name.removeprefix("metrics").removesuffix(".jsonl").removeprefix(".") or "run"
        last = self._last.get(lane, 0)
        new = []
        for text in lines.splitlines(keepends=True):
            row = read_line(text)
            if row is not None and row["step"] > last:
                last = row["step"]
                new.append(text)
        if new:
            self.folder.append_lines(lane, b"".join(new))
            self._last[lane] = last

    def _add_events(self, path: Path, change: Change) -> None:
        disk.make_folder(path.parent)
        with disk.refusals():
            here = path.stat().st_size if path.exists() else 0
            if here > change.start:
                os.truncate(path, change.start)
        disk.append(path, change.data)

    def _write(self, path: Path, change: Change) -> None:
        if change.kind == "last" and change.start == 0:
            data = change.data
        else:
            data = self._collected(path, change)
            if change.kind == "write":
                return
        if change.name == "run/run.json":
            self._update(json.loads(data))
        else:
            self._replace(path, data)
        self.known[change.name] = change.stamp

    def _collected(self, path: Path, change: Change) -> bytes:
        """What has come of a file that comes in several parts."""
        part = path.with_name(path.name + disk.PART)
        self._parts[change.name] = part
        disk.make_folder(path.parent)
        with disk.refusals():
            with part.open("r+b" if change.start and part.exists() else "wb") as file:
                file.seek(change.start)
                file.write(change.data)
            if change.kind == "write":
                return b""
            data = part.read_bytes()
            part.unlink()
        del self._parts[change.name]
        return data

    def _replace(self, path: Path, data: bytes) -> None:
        disk.make_folder(path.parent)
        if path.suffix == ".pt":  # the record up to a kept step is on the disk before the step is
            for lane in self.folder.measured():
                disk.sync(self.folder.metrics_file(lane))
        with disk.written(path) as file:
            file.write(data)
        disk.sync_folder(path.parent)

    def _update(self, facts: dict[str, Any]) -> None:
        """Take over what a worker has changed in run.json."""
        try:
            self.folder.update_facts(**{name: facts[name] for name in UPDATED if name in facts})
        except disk.Damaged as error:  # it is not there yet: the server makes it as soon as the disk lets it
            raise disk.DiskError(None, str(error)) from None
