"""What is written to disk and read from it: files complete before they take their name, and one error for all refusals.

A full disk speaks in many tongues: OSError, a RuntimeError of torch's zip writer, sqlite3.OperationalError. Whoever
writes through this module hears `DiskError` alone. What can't be read for what is in it is `Damaged`; it is set aside
under another name, never removed.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, Any

PART = ".part"
"""How the name of a file ends that is not complete yet; one that is found was left by a process that died."""
ASIDE = ".damaged"
"""What is added to the name of a file that is set aside."""
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} if hasattr(errno, "EDQUOT") else {errno.ENOSPC, errno.EFBIG}
"""The errors of a disk, or of one's share of it, that takes no more."""


NO_SPACE = "no space is left"


class DiskError(OSError):
    """The disk does not take something, or does not give it back; `strerror` says why."""

    def __init__(self, number: int | None, reason: str):
        super().__init__(number, reason)

    @property
    def full(self) -> bool:
        """Whether there is no space left: it may come back."""
        return self.errno in FULL

    @property
    def reason(self) -> str:
        """Why, in words that the pages can say in two languages, or as the system says it."""
        return NO_SPACE if self.full else self.strerror or ""

    def alone(self) -> DiskError:
        """The same without what led to it, which else would be held in memory with it."""
        return DiskError(self.errno, self.strerror or "")


class Damaged(ValueError):
    """A file, named by `file`, does not hold what it should."""

    def __init__(self, file: str):
        super().__init__(f"{file} is damaged")
        self.file = file


def as_disk_error(error: BaseException) -> DiskError | None:
    """An error of the system or of SQLite as a DiskError; None for all others."""
    if isinstance(error, DiskError):
        return error
    if isinstance(error, shutil.Error):  # of many files at once
        return DiskError(None, str(error.args[0][0][2]) if error.args and error.args[0] else "")
    if isinstance(error, OSError):
        return DiskError(error.errno, error.strerror or str(error))
    return from_sqlite(error) if isinstance(error, sqlite3.Error) else None


def from_sqlite(error: sqlite3.Error) -> DiskError:
    """An error of SQLite as a DiskError."""
    full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return DiskError(errno.ENOSPC if full else None, str(error))


@contextmanager
def refusals() -> Iterator[None]:
    """While inside, what the disk refuses is a DiskError."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        refused = as_disk_error(error)
        assert refused is not None
        raise refused from error


class DiskFile(io.FileIO):
    """A file that remembers what the disk refused: who writes through a library may hear something else of it."""

    refusal: OSError | None = None

    def write(self, data: Any) -> int:
        """Write some of the bytes, and tell how many."""
        try:
            return super().write(data)
        except OSError as error:
            self.refusal = error
            raise


@contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """A file to be written whole or not at all: it takes its name once the disk has all of it.

    Its folder is not synchronised, see `sync_folder`.

    Raises:
        DiskError: the disk does not take it; what had the name before still has it.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")
    with refusals():
        raw = DiskFile(part, "w")
    try:
        with io.BufferedWriter(raw) as file:
            yield file
            file.flush()
            os.fsync(raw.fileno())
        os.replace(part, path)
    except BaseException as error:
        with suppress(OSError):
            part.unlink()
        refused = as_disk_error(raw.refusal or error)
        if refused is None:
            raise
        raise refused from error


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and have the disk keep its name (raises DiskError)."""
    with written(path) as file:
        file.write(data)
    sync_folder(path.parent)


def append(path: Path, data: bytes) -> None:
    """Add bytes to a file, all of them or none (raises DiskError)."""
    with refusals(), DiskFile(path, "a") as file:
        _add(file, data)


def append_lines(path: Path, lines: bytes) -> None:
    """Add whole lines to a file, all of them or none; what follows a line that was cut off begins a new one.

    Raises:
        DiskError: the disk does not take them.
    """
    with refusals(), DiskFile(path, "a+") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 1))
        _add(file, b"\n" + lines if end and file.read(1) != b"\n" else lines)


def _add(file: DiskFile, data: bytes) -> None:
    start = file.seek(0, os.SEEK_END)
    left = memoryview(data)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError:
        with suppress(OSError):
            file.truncate(start)
        raise


def sync(path: Path) -> None:
    """Have the disk keep what was added to a file (raises DiskError)."""
    with refusals(), path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Have the disk keep the names in a folder, where the system can (raises DiskError)."""
    if os.name == "nt":
        return
    with refusals():
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that has no such thing
                raise
        finally:
            os.close(folder)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, unless they are there (raises DiskError)."""
    with refusals():
        path.mkdir(parents=True, exist_ok=True)


def share(source: Path, target: Path) -> None:
    """Give a finished file a second name; where the file system has no links, copy it.

    Neither name may be written to any more: `written` and `set_aside` leave the other name alone.

    Raises:
        DiskError: the disk does not take it.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except (OSError, NotImplementedError, AttributeError):
        with refusals():
            original = source.open("rb")
        with original, written(target) as copy:
            shutil.copyfileobj(original, copy)


def set_aside(path: Path) -> Path | None:
    """Rename what is damaged, so that it is neither read again nor lost; None if there is nothing, or it can't be."""
    for number in count(1):
        aside = path.with_name(f"{path.name}{ASIDE}" + (f"-{number}" if number > 1 else ""))
        if not os.path.lexists(aside):
            break
    try:
        os.replace(path, aside)
    except FileNotFoundError:
        return None
    except OSError as error:
        logging.warning("%s is damaged and can't be set aside: %s.", path, error.strerror)
        return None
    with suppress(DiskError):
        sync_folder(path.parent)
    logging.warning("%s is damaged: it was set aside as %s.", path, aside.name)
    return aside


def remove_parts(folder: Path) -> None:
    """Remove what processes that died left half written in a folder, where no other process writes."""
    for part in folder.glob(f"*{PART}"):
        with suppress(OSError):
            part.unlink()


def check_writable(folder: Path) -> None:
    """See that a folder can be made, and files in it (raises DiskError)."""
    make_folder(folder)
    trial = folder / f"trial.{secrets.token_hex(4)}{PART}"
    try:
        with refusals(), DiskFile(trial, "w") as file:
            file.write(b"x")
            os.fsync(file.fileno())
    finally:
        with suppress(OSError):
            trial.unlink()
