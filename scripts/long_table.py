"""The table that `sh scripts/check --long` leaves behind, from pytest's report."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

HEADING = """# What trains for long

Made by `sh scripts/check --long`, and committed as it came out last. A test is here (marked `long`) if it takes
longer than 20 seconds, trains over five seeds, or drives Firefox or WebKitGTK.

| Test | Seconds | Outcome | Numbers |
| --- | ---: | --- | --- |
"""


def write_table(report: Path, target: Path) -> str:
    """Write the table and return it; of a run that wrote no report there is none."""
    if not report.exists():
        return ""
    table = HEADING + "".join(sorted(map(row, ElementTree.parse(report).getroot().iter("testcase"))))
    target.parent.mkdir(exist_ok=True)
    target.write_text(table, encoding="utf-8")
    return table


def row(case: ElementTree.Element) -> str:
    """A test's row: its name in words, its time, its outcome, and the numbers that it recorded."""
    name = case.get("name", "").removeprefix("test_").replace("_", " ").replace("|", "\\|")
    outcomes = [kind for kind in ("failure", "error", "skipped") if case.find(kind) is not None]
    outcome = {"failure": "failed", "error": "failed", "skipped": "skipped"}.get("".join(outcomes[:1]), "passed")
    numbers = ", ".join(f"{known.get('name')} {known.get('value')}" for known in case.iter("property"))
    return f"| {name} | {float(case.get('time', 0)):.0f} | {outcome} | {numbers} |\n"
