"""Protocol buffers, as ONNX is written in: a message's fields one by one, nothing built and nothing believed."""

from __future__ import annotations

from collections.abc import Iterator

from core.config import Problem
from core.files.uploads.pickles import damaged
from core.processes.confined import Unable

MOST_FIELDS = 200_000
"""Of one message: a field may be two bytes short, and each costs time."""
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Each field's number, and its value: a number from 0 to 2**64 - 1, or the bytes of a text or of a message in it.

    Raises:
        Unable: it is cut off, or no message at all.
    """
    at, count = 0, 0
    while at < len(message):
        count += 1
        if count > MOST_FIELDS:
            raise Unable(Problem("", "This file is nested too deeply or has too many parts."))
        tag, at = varint(message, at)
        number, kind = tag >> 3, tag & 7
        value: int | memoryview
        if kind == VARINT:
            value, at = varint(message, at)
        elif kind == BYTES:
            length, at = varint(message, at)
            value, at = message[at : at + length], at + length
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
            value, at = int.from_bytes(message[at : at + length], "little"), at + length
        else:
            raise Unable(damaged())
        if at > len(message) or not 0 < number < 2**29:
            raise Unable(damaged())
        yield number, value


def varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number of one to ten bytes, and where the next thing begins."""
    value = 0
    for place in range(10):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 127) << 7 * place
        if byte < 128:
            if value >= 2**64:
                break
            return value, at
    raise Unable(damaged())


def numbers(value: int | memoryview) -> Iterator[int]:
    """The int64 numbers of a repeated field, which may be packed together."""
    if isinstance(value, int):
        yield signed(value)
        return
    at = 0
    while at < len(value):
        number, at = varint(value, at)
        yield signed(number)


def signed(number: int) -> int:
    """An int64 that was read as if it had no sign."""
    return number - 2**64 if number >= 2**63 else number
