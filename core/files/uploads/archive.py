"""The zip that torch.save or torch.export writes, looked through entry by entry."""

from __future__ import annotations

import io
import re
import zipfile

from core.config import Problem
from core.files.uploads.pickles import damaged, own_code, too_many_parts
from core.files.uploads.programs import pickled_weights
from core.foreign import BROKEN_ZIP
from core.processes.confined import Unable

MOST_ENTRIES = 3000
ENTRY = re.compile(
    r"(data\.pkl|data/[0-9]{1,5}|version|byteorder|\.format_version|\.storage_alignment|\.data/serialization_id)"
)
"""What torch.save puts into it."""
EXPORTED = re.compile(
    r"archive_format|archive_version|version|byteorder|\.data/(version|serialization_id)|models/\w{1,40}\.json"
    r"|data/(weights/(weight_[0-9]{1,5}|\w{1,40}_weights_config\.json)|sample_inputs/\w{1,40}\.pt"
    r"|constants/(tensor_[0-9]{1,5}|\w{1,40}_constants_config\.json))|extra/[\w.]{1,80}"
)
"""What torch.export puts into it."""
ENDINGS = (".pt", ".pth", ".pt2", ".ckpt", ".bin", ".safetensors", ".onnx")
"""How the names of files end that are read here by themselves."""
PICKLED = re.compile(r"serialized_(state_dict|exported_program)\.\w+|data/weights/\w{1,40}\.pt")
"""What torch.export put into it before it kept weights as bare numbers."""


def entries(data: bytes) -> tuple[str, dict[str, bytes]]:
    """Who wrote a zip, "save" or "export", and its entries without the folder that all of them are in.

    Raises:
        Unable: it is another zip, compressed, larger than it says, or damaged.
    """
    if data.count(b"PK\x01\x02") > MOST_ENTRIES:
        raise Unable(too_many_parts())
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _entries(archive, len(data))
    except (*BROKEN_ZIP, OSError, ValueError):
        raise Unable(damaged()) from None
    except (UnicodeDecodeError, IndexError, KeyError, OverflowError):
        raise Unable(damaged()) from None


def _entries(archive: zipfile.ZipFile, size: int) -> tuple[str, dict[str, bytes]]:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if any("/code/" in name or name.endswith("constants.pkl") for name in names):
        raise Unable(
            Problem("", "This is TorchScript, a program in a deprecated format: save net.state_dict() instead.")
        )
    if min((info.header_offset for info in infos), default=0):
        raise Unable(damaged())  # a damaged end: what is read is a zip inside the zip
    writer, folder = _writer(names)
    contents: dict[str, bytes] = {}
    if any(info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size for info in infos):
        raise Unable(
            Problem(
                "", "This zip is compressed; torch.{writer} never does that: it was not opened.", {"writer": writer}
            )
        )
    if sum(info.file_size for info in infos) > size:
        raise Unable(Problem("", "This zip claims to hold more than its own size: it was not opened."))
    for info in infos:
        name = info.filename.removeprefix(folder)
        if not info.filename.startswith(folder) or not (ENTRY if writer == "save" else EXPORTED).fullmatch(name):
            raise Unable(_foreign(writer, name))
        contents[name] = archive.read(info)  # raises BadZipFile where the checksum does not fit
    if contents.get("byteorder", b"little") != b"little":
        raise Unable(Problem("", "This file comes from a machine with another byte order: it can't be read here."))
    return writer, contents


def _writer(names: list[str]) -> tuple[str, str]:
    """Who wrote it, and the folder that all of it is in."""
    if len(set(names)) == len(names):
        formats = [name for name in names if name.endswith("archive_format")]
        if len(formats) == 1:
            return "export", formats[0].removesuffix("archive_format")
        if any(PICKLED.fullmatch(name) for name in names):
            raise Unable(pickled_weights())
        pickles = [name for name in names if name.endswith("data.pkl")]
        if len(pickles) == 1:
            return "save", pickles[0].removesuffix("data.pkl")
        inside = next((name for name in names if name.endswith(ENDINGS) and name.isprintable()), None)
        if inside is not None:
            raise Unable(
                Problem("", "This zip holds another file, {name}: unpack it and upload that.", {"name": inside[:80]})
            )
    raise Unable(Problem("", "This zip was written neither by torch.save nor by torch.export: it was not opened."))


def _foreign(writer: str, name: str) -> Problem:
    """Why an entry may not be there."""
    if writer == "export" and PICKLED.fullmatch(name):
        return pickled_weights()
    if writer == "export" and re.match(r"data/(aotinductor|executorch|mtia)/|data/constants/\w+_obj_", name):
        return own_code(name)
    return Problem("", "This zip was not written by torch.{writer}: it was not opened.", {"writer": writer})


def rebuilt(contents: dict[str, bytes]) -> io.BytesIO:
    """The same entries in a zip of our own making: what PyTorch reads is exactly what was checked."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in ("data.pkl", "version", "byteorder", *(n for n in contents if n.startswith("data/"))):
            content = contents.get(name, {"version": b"3\n", "byteorder": b"little"}.get(name, b""))
            archive.writestr(f"archive/{name}", content)
    file.seek(0)
    return file
