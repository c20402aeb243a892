"""The zip that torch.save writes: looked through entry by entry, and written anew before PyTorch sees it."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from core.config import Problem
from core.files.uploads.pickles import damaged
from core.processes.confined import Unable

MOST_ENTRIES = 3000
ENTRY = re.compile(
    r"(data\.pkl|data/[0-9]{1,5}|version|byteorder|\.format_version|\.storage_alignment|\.data/serialization_id)"
)


def entries(data: bytes) -> dict[str, bytes]:
    """The entries of a file of torch.save, without the folder that all of them are in.

    Raises:
        Unable: it is another zip, compressed, larger than it says, or damaged.
    """
    if data.count(b"PK\x01\x02") > MOST_ENTRIES:
        raise Unable(Problem("", "This file is nested too deeply or has too many parts."))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _entries(archive, len(data))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        raise Unable(damaged()) from None
    except (UnicodeDecodeError, IndexError, KeyError, OverflowError):
        raise Unable(damaged()) from None


def _entries(archive: zipfile.ZipFile, size: int) -> dict[str, bytes]:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if any("/code/" in name or name.endswith("constants.pkl") for name in names):
        raise Unable(Problem("", "This is a TorchScript file, a program: save net.state_dict() instead."))
    if any(name.endswith(("models/model.json", "archive_format")) for name in names):
        raise Unable(
            Problem("", "This is a program written by torch.export. Only weights are read: save net.state_dict().")
        )
    pickles = [name for name in names if name.endswith("data.pkl")]
    if len(pickles) != 1 or len(set(names)) != len(names):
        raise Unable(Problem("", "This zip was not written by torch.save: it was not opened."))
    folder = pickles[0].removesuffix("data.pkl")
    found: dict[str, bytes] = {}
    if sum(info.file_size for info in infos) > size:
        raise Unable(Problem("", "This zip claims to hold more than it is long: it was not opened."))
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise Unable(Problem("", "This zip is compressed; torch.save never compresses: it was not opened."))
        name = info.filename.removeprefix(folder)
        if not info.filename.startswith(folder) or not ENTRY.fullmatch(name):
            raise Unable(Problem("", "This zip was not written by torch.save: it was not opened."))
        found[name] = archive.read(info)  # raises BadZipFile where the checksum does not fit
    if found.get("byteorder", b"little") != b"little":
        raise Unable(Problem("", "This file comes from a machine with another order of bytes: it can't be read here."))
    return found


def rebuilt(found: dict[str, bytes]) -> io.BytesIO:
    """The same entries in a zip of our own making: what PyTorch reads is exactly what was checked."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in ("data.pkl", "version", "byteorder", *(n for n in found if n.startswith("data/"))):
            content = found.get(name, {"version": b"3\n", "byteorder": b"little"}.get(name, b""))
            archive.writestr(f"archive/{name}", content)
    file.seek(0)
    return file
