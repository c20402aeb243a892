"""The memory and the cores that this process may use: those of the machine, or less in a container or a service.

Linux keeps both in control groups. A group's limit holds for all groups below it, so the smallest on the way up counts.
Both versions of the interface are read. Elsewhere there are no groups, and the machine's own figures count.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OWN_GROUPS = Path("/proc/self/cgroup")
"""Where Linux lists the groups of this process, a line a hierarchy: number, controllers, path."""
GROUPS = Path("/sys/fs/cgroup")
"""Where the groups are files."""
MACHINE = Path("/proc/meminfo")
"""Where Linux says what memory the machine has."""
NO_LIMIT = 2**60
"""Bytes from which version 1 means that there is no limit: it writes the largest multiple of a page."""


@dataclass(frozen=True)
class Memory:
    """Memory in bytes.

    Attributes:
        whole: what there is for all that runs here together.
        free: what a new process could still take.
    """

    whole: int
    free: int


def memory() -> Memory | None:
    """The memory that this process may use; None where the system does not say."""
    found = [_of_machine(), *map(_of_group_2, _groups("")), *map(_of_group_1, _groups("memory"))]
    known = [one for one in found if one is not None]
    if not known:
        return None
    return Memory(min(one.whole for one in known), min(one.free for one in known))


def cores() -> int:
    """The cores that this process may use, at least one: of one and a half it is two."""
    try:
        own = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        own = os.cpu_count() or 1
    quotas = [_quota(_words(group / "cpu.max")) for group in _groups("")]
    for group in _groups("cpu"):
        quotas.append(_quota([*_words(group / "cpu.cfs_quota_us"), *_words(group / "cpu.cfs_period_us")]))
    return max(1, math.ceil(min([own, *filter(None, quotas)])))


def _groups(controller: str) -> Iterator[Path]:
    """The folders of this process's group and of those above it, of a controller of version 1, or "" for version 2.

    In a container the path may be that of the machine outside, and is not there: then only the top is.
    """
    try:
        lines = OWN_GROUPS.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controller not in controllers.split(","):
            continue
        top = GROUPS / controller if controller else GROUPS
        group = top / path.strip("/")
        while group != top:
            yield group
            group = group.parent
        yield top


def _of_machine() -> Memory | None:
    words = _words(MACHINE)
    kilobytes = {
        name: int(words[place + 1]) for place, name in enumerate(words) if name in ("MemTotal:", "MemAvailable:")
    }
    if len(kilobytes) < 2:
        return None
    return Memory(1024 * kilobytes["MemTotal:"], 1024 * kilobytes["MemAvailable:"])


def _of_group_2(group: Path) -> Memory | None:
    return _of_group(group, "memory.max", "memory.current", "inactive_file")


def _of_group_1(group: Path) -> Memory | None:
    return _of_group(group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def _of_group(group: Path, most: str, usage: str, cached: str) -> Memory | None:
    """A group's limit; files that the system has cached for it can be given up."""
    limit, used, facts = _words(group / most), _words(group / usage), _words(group / "memory.stat")
    if not limit or not used or not limit[0].isdigit() or int(limit[0]) >= NO_LIMIT:
        return None
    given_up = int(facts[facts.index(cached) + 1]) if cached in facts else 0
    return Memory(int(limit[0]), max(0, int(limit[0]) - int(used[0]) + given_up))


def _quota(words: list[str]) -> float | None:
    """Cores by a quota and the period in which it may be used, both in microseconds; None without a quota."""
    if len(words) != 2 or not words[0].isdigit():
        return None
    return int(words[0]) / int(words[1])


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []
