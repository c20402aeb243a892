"""The records of an event file: what `SummaryWriter` writes, byte for byte, and what TensorBoard reads."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

HEADER = struct.Struct("<QI")
"""Length of the data and checksum of the length, as in TensorFlow's core/lib/io/record_writer.h."""
FOOTER = struct.Struct("<I")
"""Checksum of the data."""


@dataclass(frozen=True)
class Record:
    """One record of an event file.

    Attributes:
        offset: where it begins, in bytes.
        size: all its bytes: length, two checksums and the data.
        event: the Event in its data.
    """

    offset: int
    size: int
    event: Any


def records(path: Path, start: int = 0) -> Iterator[Record]:
    """The whole records of an event file; one that is still being written, or is damaged, ends them.

    Args:
        start: the offset to begin at, where a record begins.
    """
    with path.open("rb") as file:
        file.seek(start)
        data = file.read()
    at = 0
    while at + HEADER.size <= len(data):
        length, length_sum = HEADER.unpack_from(data, at)
        end = at + HEADER.size + length + FOOTER.size
        if masked_crc32c(data[at : at + 8]) != length_sum or end > len(data):
            return
        content = data[at + HEADER.size : end - FOOTER.size]
        if masked_crc32c(content) != FOOTER.unpack_from(data, end - FOOTER.size)[0]:
            return
        try:
            event = Event.FromString(content)
        except DecodeError:
            return
        yield Record(start + at, end - at, event)
        at = end


def scalars(path: Path) -> dict[str, list[tuple[int, float]]]:
    """Tag -> its (step, value) in the order of the file, of an event file's scalars."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for record in records(path):
        for value in record.event.summary.value:
            if value.WhichOneof("value") == "simple_value":
                lines.setdefault(value.tag, []).append((record.event.step, value.simple_value))
    return lines
