"""torchvision's image sets: whether they are here, and how they are fetched so that nothing half done is ever used.

python -m core.data.downloads MNIST folder      fetch one set into a folder
"""

from __future__ import annotations

import errno
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import torchvision

from core import disk
from core.config import Problem
from core.data.digits import IMAGE_SETS

FETCHED = {**IMAGE_SETS, "cifar10": "CIFAR10"}
"""The sets that are fetched: name in a config -> torchvision's class."""
BYTES = {"MNIST": 11_594_722, "FashionMNIST": 30_878_645, "KMNIST": 21_240_888, "CIFAR10": 170_498_071}
"""What has to be fetched of each set."""
FILES = {
    "train-images-idx3-ubyte": 16 + 60_000 * 784,
    "train-labels-idx1-ubyte": 8 + 60_000,
    "t10k-images-idx3-ubyte": 16 + 10_000 * 784,
    "t10k-labels-idx1-ubyte": 8 + 10_000,
}
"""The unpacked files of each set and their sizes in bytes: a header, then a byte a pixel or label."""
FOLDERS = {"CIFAR10": torchvision.datasets.CIFAR10.base_folder}
"""Where torchvision puts a set, if not into a folder of the set's name."""
STARTING = 60.0
"""Seconds that the process which fetches may take to begin; it imports torch first."""
BEGUN = ".begun"
"""A file by which it says so."""
STALLED = 60.0
"""Seconds without a byte after which a download is given up."""
REASONS = {
    "network": Problem("dataset", "{name} can't be fetched: the servers that have it can't be reached from here."),
    "corrupt": Problem(
        "dataset", "{name} can't be fetched: the downloaded file is incomplete or wrong (its checksum differs)."
    ),
    "disk": Problem("dataset", "{name} can't be stored: {reason}."),
}


def folder() -> Path:
    """Where the sets are looked for and put."""
    return Path(os.environ.get("TORCH_PLAYGROUND_DATA", "data"))


def present(name: str) -> bool:
    """Whether a set such as "MNIST" is here, whole: its unpacked files, or the archives that torchvision unpacks."""
    return _present(folder() / FOLDERS.get(name, name), name)


def _present(here: Path, name: str) -> bool:
    if name == "CIFAR10":
        return _all_whole([(here / file, md5) for file, md5 in _cifar_files()])
    raw = here / "raw"
    if all((raw / file).is_file() and (raw / file).stat().st_size == size for file, size in FILES.items()):
        return True
    archives = [(raw / file, md5) for file, md5 in getattr(torchvision.datasets, name).resources]
    return not any((raw / file).exists() for file in FILES) and _all_whole(archives)


def files(name: str) -> list[Path]:
    """The files that torchvision reads of a set which is present: the unpacked ones, or the archives."""
    here = folder() / FOLDERS.get(name, name)
    if name == "CIFAR10":
        return [here / file for file, _ in _cifar_files()]
    unpacked = [here / "raw" / file for file in FILES]
    if all(file.is_file() for file in unpacked):
        return unpacked
    return [here / "raw" / file for file, _ in getattr(torchvision.datasets, name).resources]


def _cifar_files() -> list[tuple[str, str]]:
    """The unpacked files of CIFAR-10 and their checksums, as torchvision has them."""
    known = torchvision.datasets.CIFAR10
    files = [*known.train_list, *known.test_list, [known.meta["filename"], known.meta["md5"]]]
    return [(name, md5) for name, md5 in files]


def _all_whole(files: Sequence[tuple[Path, str]]) -> bool:
    if not all(path.is_file() for path, _ in files):
        return False
    return all(_whole(path, path.stat().st_mtime, md5) for path, md5 in files)


@cache
def _whole(path: Path, changed: float, md5: str) -> bool:
    intact: bool = torchvision.datasets.utils.check_integrity(str(path), md5)
    return intact


def missing(dataset: str) -> Problem | None:
    """Why a data set of the settings, such as "mnist", can't be used yet."""
    name = FETCHED[dataset]
    if present(name):
        return None
    return Problem("dataset", "{name} is not on this machine yet: fetch it first.", {"name": name})


def fetch(name: str, into: Path, mirrors: Sequence[str] = ()) -> None:
    """Fetch a set with torchvision, which tries its mirrors in turn and checks the checksums.

    Args:
        into: a folder of its own.
        mirrors: other addresses than torchvision's.

    Raises:
        ConnectionError: no mirror can be reached.
        ValueError: what came is not the right file.
        OSError: it can't be stored.
    """
    known = getattr(torchvision.datasets, name)
    if name == "CIFAR10":
        image_set = type(name, (known,), {"url": mirrors[0] if mirrors else known.url})
    else:
        image_set = type(name, (known,), {"mirrors": list(mirrors) or known.mirrors})
    try:
        image_set(str(into), download=True)
    except RuntimeError as error:  # torchvision's word for both: all mirrors failed, or sent something else
        raise (ValueError if "corrupted" in str(error) else ConnectionError)(name) from None
    except (http.client.HTTPException, EOFError) as error:
        raise ConnectionError(name) from error
    except OSError as error:
        if error.errno in (*disk.FULL, errno.EACCES, errno.EROFS, errno.EPERM):
            raise
        raise ConnectionError(name) from error


class Download:
    """One set on its way, in a process of its own; all who ask for it share it.

    Attributes:
        share: how much has come, from 0 to 1.
        problem: why it failed, in one sentence.
        done: whether it has ended, one way or the other.
    """

    def __init__(self, name: str, mirrors: Sequence[str] = (), stalled: float = STALLED):
        self.name = name
        self.share = 0.0
        self.problem: Problem | None = None
        self.done = False
        self._mirrors = mirrors
        self._stalled = stalled
        self._thread = threading.Thread(target=self._run, name=f"download {name}", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until it has ended."""
        self._thread.join()

    def _run(self) -> None:
        try:
            folder().mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".part-", dir=folder(), ignore_cleanup_errors=True) as part:
                self._fetch(Path(part))
        except OSError as error:
            refused = disk.as_disk_error(error)
            self._fail("disk", refused.reason if refused is not None else str(error))
        self.done = True

    def _fetch(self, part: Path) -> None:
        command = [sys.executable, "-m", "core.data.downloads", self.name, str(part), *self._mirrors]
        here = Path(__file__).parents[2]
        with subprocess.Popen(
            command, cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as child:
            try:
                self._watch(child, part)
            finally:
                child.kill()
            reason_line = child.stdout.read().strip() if child.stdout else ""
        own = FOLDERS.get(self.name, self.name)
        if child.returncode == 0 and _present(part / own, self.name):
            target = folder() / own
            for file in (part / own).rglob("*"):
                if file.is_file():
                    disk.sync(file)
            shutil.rmtree(target, ignore_errors=True)
            os.replace(part / own, target)
            disk.sync_folder(folder())
            self.share = 1.0
        else:
            reason, _, detail = reason_line.partition(" ")
            self._fail(reason if reason in REASONS else "network", detail)

    def _watch(self, child: subprocess.Popen[str], part: Path) -> None:
        last, moved, begun = 0, time.monotonic(), False
        while child.poll() is None and time.monotonic() - moved < (self._stalled if begun else STARTING):
            if not begun and (part / BEGUN).exists():
                moved, begun = time.monotonic(), True
            here = sum(path.stat().st_size for path in part.rglob("*.gz") if path.exists())
            if here != last:
                last, moved = here, time.monotonic()
                self.share = min(0.99, here / BYTES[self.name])
            time.sleep(0.1)

    def _fail(self, reason: str, detail: str) -> None:
        self.problem = replace(REASONS[reason], values={"name": self.name, "reason": detail})


_downloads: dict[str, Download] = {}
_lock = threading.Lock()


def download(name: str) -> Download:
    """Fetch a set, unless it is already on its way."""
    with _lock:
        known = _downloads.get(name)
        if known is None or known.done:
            _downloads[name] = Download(name)
        return _downloads[name]


def start(name: str) -> None:
    """Begin to fetch a set, unless it is already on its way."""
    download(name)


def under_way(name: str) -> Download | None:
    """The last download of a set since the server started."""
    return _downloads.get(name)


def _end_with_parent() -> None:
    """End this process when the one that started it ends: its pipe closes."""
    sys.stdin.read()
    os._exit(1)


def main(name: str, into: str, *mirrors: str) -> int:
    """Fetch, and say in a word what went wrong."""
    (Path(into) / BEGUN).touch()
    socket.setdefaulttimeout(20)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.stdout, answers = sys.stderr, sys.stdout
    try:
        fetch(name, Path(into), mirrors)
    except ValueError:
        print("corrupt", file=answers)
    except ConnectionError:
        print("network", file=answers)
    except OSError as error:
        print("disk", error.strerror or error, file=answers)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
