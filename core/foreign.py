"""What strangers wrote: JSON that is read within bounds, texts that are quoted in a sentence, zips that are broken."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

LONGEST_QUOTE = 40
"""Characters of someone's text that a sentence quotes."""
DEEPEST = 40
"""Lists and objects, one in the other, in JSON that is read."""
LONGEST_JSON = 2_000_000
"""Characters of JSON that is read."""
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What `zipfile` raises at a broken zip: NotImplementedError for a compression it does not know, RuntimeError for a
password."""


def quoted(value: Any) -> str:
    """A value as a sentence quotes it: on one line, cut where it is long."""
    try:
        text = str(value)
    except (RecursionError, ValueError):  # a list in a list in a list ...; a number of thousands of digits
        text = type(value).__name__
    line = " ".join(written(text[: 4 * LONGEST_QUOTE]).split())
    return line if len(line) <= LONGEST_QUOTE else f"{line[:LONGEST_QUOTE]}…"


def written(text: str) -> str:
    """A text as it can be sent and stored: halves of characters, which JSON and pickles may hold, become "?"."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def read_json(
    text: str | bytes,
    longest: int = LONGEST_JSON,
    deepest: int = DEEPEST,
    pairs: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Any:
    """What a JSON text says.

    Args:
        longest: characters that it may have.
        deepest: how many lists and objects may be one in the other.
        pairs: makes something of an object's names and values; a dict by default.

    Raises:
        ValueError: it is no JSON, too long or too deep, or has half a character in it.
    """
    if len(text) > longest:
        raise ValueError("too long")
    try:
        value = json.loads(text, object_pairs_hook=pairs)
    except RecursionError:
        raise ValueError("too deep") from None
    if _is_deeper(value, deepest):
        raise ValueError("too deep")
    json.dumps(value, ensure_ascii=False).encode("utf-8")  # raises where it holds half a character
    return value


def _is_deeper(value: Any, deepest: int) -> bool:
    """Whether lists and dicts lie deeper than that in a value."""
    level = [value]
    for _ in range(deepest):
        level = [
            item
            for part in level
            if isinstance(part, list | dict)
            for item in (part.values() if isinstance(part, dict) else part)
        ]
        if not level:
            return False
    return any(isinstance(part, list | dict) for part in level)
