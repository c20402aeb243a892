"""Every address of the app is made here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode


def address(*parts: str | int, query: Mapping[str, str] | None = None, site: str = "") -> str:
    """The address of something that the app serves.

    Args:
        parts: its path, piece by piece: ("live", run_id, "history"); an empty last piece ends the path with a slash.
        query: what follows the question mark, unescaped; commas stay as they are.
        site: scheme and host for an address to hand on, such as "http://192.168.1.5:8501"; a path alone without.
    """
    path = "/".join(["", *map(str, parts)])
    return site + path + (f"?{urlencode(query, safe=',')}" if query else "")
