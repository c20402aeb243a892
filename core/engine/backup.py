"""A data folder in one archive, also while its server runs, and a folder made again of it.

In the archive are the index, all runs, logs and uploaded images, and at its end a manifest with a checksum of each.
Data sets that can be downloaded again are left out.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any

from core import disk
from core.engine.index import TABLES
from core.engine.store import INDEX, Store

FOLDERS = ("runs", "logs", "own", "pictures")
"""What of a data folder is taken beside the index."""
MANIFEST = "manifest.json"
VERSION = 1
LONGEST_MANIFEST = 500_000_000
"""Bytes of a manifest that are read; a million files take a fifth of that."""
BLOCK = 2**20
"""Bytes that are read at once."""
ALWAYS_FREE = 50_000_000
"""Bytes that a restored folder leaves free."""


class BackupError(Exception):
    """What was asked can't be done; one sentence says why."""


def backup(root: Path, file: Path) -> tuple[int, int]:
    """Write all that a data folder holds into an archive; the server may run meanwhile.

    Returns:
        how many files it stands for, and how many bytes: a file with several names is in it once.

    Raises:
        BackupError: there is nothing to take, or the archive is there already.
        disk.DiskError: the disk does not take it; then nothing of it is left.
    """
    if not (root / INDEX).is_file():
        raise BackupError(f"{root} is no data folder: it has no {INDEX}.")
    if os.path.lexists(file):
        raise BackupError(f"{file} is there already.")
    with tempfile.TemporaryDirectory(prefix="torch-playground-backup-") as place, disk.written(file) as raw:
        index = Path(place) / INDEX
        copy_index(root / INDEX, index)
        with tarfile.open(fileobj=raw, mode="w:gz", format=tarfile.PAX_FORMAT, compresslevel=4) as archive:
            taken = Taken(archive)
            for path in files_of(root):
                taken.add(path, path.relative_to(root).as_posix())
            forget_what_is_gone(index, taken)
            taken.add(index, INDEX)
            taken.write_manifest()
    with suppress(OSError):
        file.chmod(0o600)  # it holds the ids of all people
    return len(taken.sums) + len(taken.same), taken.bytes


class Taken:
    """What is in the archive so far.

    Attributes:
        sums: the checksum of each file by its name.
        same: name -> the name under which the same file is in the archive already.
    """

    def __init__(self, archive: tarfile.TarFile):
        self.archive = archive
        self.sums: dict[str, str] = {}
        self.same: dict[str, str] = {}
        self.bytes = 0
        self._names: dict[tuple[int, int], str] = {}

    def add(self, path: Path, name: str) -> None:
        """Take a file; of a record that is just being written what is whole; nothing where it has just been removed."""
        with suppress(FileNotFoundError), path.open("rb") as source:
            about = os.fstat(source.fileno())
            identity = about.st_dev, about.st_ino
            if about.st_nlink > 1 and identity in self._names:
                self.same[name] = self._names[identity]
                return
            size = whole_lines(source, about.st_size) if path.suffix == ".jsonl" else about.st_size
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = size, int(about.st_mtime), 0o600
            summing = Summing(source, size)
            self.archive.addfile(entry, summing)
            self.sums[name], self._names[identity] = summing.digest(), name
            self.bytes += size

    def write_manifest(self) -> None:
        """Write at the end what is in it."""
        facts = {"version": VERSION, "made": time.time(), "files": self.sums, "same": self.same}
        text = json.dumps(facts).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size, entry.mtime, entry.mode = len(text), int(time.time()), 0o600
        self.archive.addfile(entry, BytesIO(text))


class Summing:
    """A file of which so many bytes are read, and their checksum; what was cut off meanwhile is read as zeros."""

    def __init__(self, source: IO[bytes], size: int):
        self._source = source
        self._left = size
        self._sum = hashlib.sha256()

    def read(self, count: int = -1) -> bytes:
        """The next bytes."""
        count = self._left if count < 0 else min(count, self._left)
        data = self._source.read(count)
        data += bytes(count - len(data))
        self._left -= len(data)
        self._sum.update(data)
        return data

    def digest(self) -> str:
        """The checksum of what was read."""
        return self._sum.hexdigest()


def files_of(root: Path) -> Iterator[Path]:
    """The files of a data folder that are whole, without the index."""
    for name in FOLDERS:
        for folder, below, names in os.walk(root / name):
            below.sort()
            for file in sorted(names):
                path = Path(folder) / file
                if not file.endswith(disk.PART) and not path.is_symlink():
                    yield path


def whole_lines(source: IO[bytes], size: int) -> int:
    """How many of the first bytes of a file are whole lines."""
    end = size
    while end > 0:
        start = max(0, end - BLOCK)
        source.seek(start)
        found = source.read(end - start).rfind(b"\n")
        if found >= 0:
            end = start + found + 1
            break
        end = start
    source.seek(0)
    return end


def copy_index(source: Path, target: Path) -> None:
    """Copy an index that may be in use (raises DiskError)."""
    with (
        disk.refusals(),
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as database,
        closing(sqlite3.connect(target)) as copy,
    ):
        database.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def forget_what_is_gone(index: Path, taken: Taken) -> None:
    """Take runs out of a copy of the index whose folders were removed while the archive was written."""
    there = {PurePosixPath(name).parts[1] for name in (*taken.sums, *taken.same) if name.startswith("runs/")}
    with closing(sqlite3.connect(index)) as database, database:
        gone = [(run,) for (run,) in database.execute("SELECT id FROM runs") if run not in there]
        database.executemany("DELETE FROM runs WHERE id = ?", gone)


def restore(file: Path, root: Path) -> tuple[int, int]:
    """Make a data folder of an archive. Runs that were alive can be continued from their last kept step.

    Args:
        root: an empty folder, or one that is not there yet.

    Returns:
        how many files it holds, and their bytes; one with several names counts once for them.

    Raises:
        BackupError: the archive is none of ours or damaged, or the folder holds something; nothing is left of it.
        disk.DiskError: the disk does not take it; nothing is left of it.
    """
    with disk.refusals():
        if os.path.lexists(root) and (not root.is_dir() or any(root.iterdir())):
            raise BackupError(f"{root} is not an empty folder.")
        made = not root.is_dir()
        root.mkdir(mode=0o700, parents=True, exist_ok=True)  # it will hold the ids of all people
        place = Path(tempfile.mkdtemp(prefix="restore.", suffix=disk.PART, dir=root))  # root may be a mount point
    try:
        count, size = unpack(file, place)
        settle(place)
        with disk.refusals():
            for path in sorted(place.iterdir(), key=lambda path: path.name == INDEX):
                path.rename(root / path.name)
            place.rmdir()
            disk.sync_folder(root)
    except BaseException:
        for name in (place.name, *FOLDERS):
            shutil.rmtree(root / name, ignore_errors=True)
        with suppress(OSError):
            (root / INDEX).unlink(missing_ok=True)
            if made:
                root.rmdir()
        raise
    return count, size


def unpack(file: Path, place: Path) -> tuple[int, int]:
    """Write what is in an archive into a folder, each file checked; how many files and bytes."""
    sums: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    size = 0
    try:
        with gzip.open(file) as unzipped, tarfile.open(fileobj=unzipped, mode="r:") as archive:
            for entry in archive:
                source = archive.extractfile(entry) if entry.isreg() else None
                if source is None or manifest is not None:
                    raise BackupError(f"{file} is no backup of this app: “{entry.name[:80]}” does not belong into one.")
                if entry.name == MANIFEST:
                    manifest = read_manifest(source.read(LONGEST_MANIFEST))
                    continue
                target = place / checked_name(entry.name, file)
                leave_room(place, entry.size)
                sums[entry.name] = write_file(source, target)
                size += entry.size
            while unzipped.read(BLOCK):  # up to gzip's own checksum
                pass
    except (tarfile.TarError, EOFError, ValueError, UnicodeError) as error:
        raise BackupError(f"{file} is damaged, or no backup: {str(error) or type(error).__name__}.") from None
    except OSError as error:
        if error.errno is None:  # gzip's own: a checksum of it is wrong
            raise BackupError(f"{file} is damaged, or no backup: {error}.") from None
        refused = disk.as_disk_error(error)
        assert refused is not None
        raise refused from None
    except Exception as error:  # zlib.error has no better base
        if isinstance(error, BackupError):
            raise
        raise BackupError(f"{file} is damaged, or no backup: {error}.") from None
    if manifest is None:
        raise BackupError(f"{file} ends too soon: it has no manifest.")
    if manifest["files"] != sums or INDEX not in sums:
        raise BackupError(f"{file} is damaged: what is in it is not what its manifest says.")
    for name, other in manifest["same"].items():
        source_file = place / checked_name(str(other), file)
        if str(other) not in sums:
            raise BackupError(f"{file} is damaged: what is in it is not what its manifest says.")
        target = place / checked_name(str(name), file)
        if os.path.lexists(target):
            raise BackupError(f"{file} is damaged: it names {name[:80]} twice.")
        disk.make_folder(target.parent)
        disk.share(source_file, target)
    return len(sums) + len(manifest["same"]), size


def read_manifest(text: bytes) -> dict[str, Any]:
    """What a manifest says (raises ValueError)."""
    facts = json.loads(text)
    known = isinstance(facts, dict) and isinstance(facts.get("files"), dict) and isinstance(facts.get("same"), dict)
    if not known:
        raise ValueError("its manifest can't be read")
    if facts.get("version") != VERSION:
        raise ValueError("another version of this app has made it")
    return dict(facts)


def checked_name(name: str, file: Path) -> Path:
    """A name in an archive as a path that stays below the folder (raises BackupError)."""
    path = PurePosixPath(name)
    try:
        name.encode()
    except UnicodeError:
        raise BackupError(f"{file} is no backup of this app: it names a file in letters that do not exist.") from None
    known = path.parts[:1] and (path.parts[0] in FOLDERS or name == INDEX)
    if not known or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or ":" in name:
        raise BackupError(f"{file} is no backup of this app: “{name[:80]}” does not belong into one.")
    return Path(*path.parts)


def leave_room(place: Path, size: int) -> None:
    """See that a file fits on the disk before it is written (raises BackupError)."""
    free = shutil.disk_usage(place).free
    if size + ALWAYS_FREE > free:
        raise BackupError(f"There is not enough space: {size} more bytes are needed, and {free} are free.")


def write_file(source: IO[bytes], target: Path) -> str:
    """Write a file of an archive; its checksum."""
    disk.make_folder(target.parent)
    digest = hashlib.sha256()
    with target.open("xb") as file:
        while block := source.read(BLOCK):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def settle(root: Path) -> None:
    """See that the index can be read, and mark the runs that were alive as ended: their server is not this one."""
    try:
        with closing(sqlite3.connect(root / INDEX)) as database, database:
            if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                raise BackupError("The index in this backup is damaged.")
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not {"runs", "desks"} <= tables or tables - {*TABLES, "sqlite_sequence"}:
                raise BackupError("The index in this backup is not one of this app.")
            database.execute("UPDATE runs SET server = ? WHERE status IN ('running', 'paused')", (os.getpid(),))
    except sqlite3.Error as error:
        raise BackupError(f"The index in this backup can't be read: {error}.") from None
    Store(root).index.close()
