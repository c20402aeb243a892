"""A systemd unit, read: what it starts, and with which environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

Unit = Mapping[str, list[str]]
"""The settings of the unit's sections by their names; one that stands there twice has two values."""


def unit(path: Path) -> Unit:
    """Read a unit."""
    settings: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")):
            settings.setdefault(name.strip(), []).append(value.strip())
    return settings


def environment(settings: Unit) -> dict[str, str]:
    """What the unit's processes have in their environment."""
    words = [word for value in settings.get("Environment", []) for word in value.split()]
    return {name: value for name, _, value in (word.partition("=") for word in words)}
