"""Run the checks one after another, all of them whatever fails, and say at the end what failed in each.

python -m scripts.checks [--fast | --long | arguments of pytest]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.affected import changed_files, concerned_by
from scripts.long_table import write_table
from scripts.subjects import problems

ROOT = Path(__file__).parents[1]
MOST_FILES = 12
"""Files of tests in --fast: to read hundreds would take the minute."""
FAST = 50.0
"""Seconds that --fast may take; no test is begun after that."""
NODE_CHECKS = ("lint", "types", "test")
"""The scripts in package.json that check something."""
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Outcome:
    """How a check ended.

    Attributes:
        failures: what failed, a line each; empty if all is well.
        passed: how many tests passed.
        skipped: why it did not run; empty if it ran.
    """

    name: str
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)
    skipped: str = ""
    passed: int | None = None


def command(name: str, *commands: Sequence[str]) -> Outcome:
    """A check that is a few commands, each of which returns 0 if all is well."""
    heading(name)
    start = time.monotonic()
    failures = [" ".join(words) for words in commands if subprocess.run(words, cwd=ROOT).returncode]
    return Outcome(name, time.monotonic() - start, failures)


def heading(name: str) -> None:
    """Print the name of the check that begins."""
    print(f"\n== {name} ==", flush=True)


def style() -> Outcome:
    """Ruff's rules and its format, and the subjects of new commits."""
    ruff = tool("ruff")
    outcome = command("style", [ruff, "check", "."], [ruff, "format", "--check", "."])
    outcome.failures += problems(ROOT)
    return outcome


def types() -> Outcome:
    """mypy over all of Python."""
    return command("types", [tool("mypy")])


def javascript() -> Outcome:
    """What package.json names, where Node is. In CI a machine without Node fails."""
    name = "JavaScript"
    if not (shutil.which("node") and shutil.which("npm")):
        outcome = Outcome(name, skipped="no Node here; on Debian: sudo apt install nodejs npm")
        if os.environ.get("CI"):
            outcome.failures.append(outcome.skipped)
        return outcome
    lock, installed = ROOT / "package-lock.json", ROOT / "node_modules" / ".package-lock.json"
    fresh = installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime
    install = [] if fresh else [["npm", "ci"]]
    return command(name, *install, *(["npm", "run", "--silent", script] for script in NODE_CHECKS))


def tests(name: str, *arguments: str) -> Outcome:
    """A part of the tests; what failed is read from pytest's report."""
    heading(name)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        words = [sys.executable, "-m", "pytest", f"--junit-xml={report}", *SLOWEST, *arguments]
        code = subprocess.run(words, cwd=ROOT).returncode
        failures, passed = failed_tests(report), passed_tests(report)
    if code and not failures and code != NO_TESTS:
        failures = [f"pytest ended with {code}"]
    return Outcome(name, time.monotonic() - start, failures, passed=passed)


SLOWEST = ("--durations=12", "--durations-min=10")
"""Has pytest name the slowest tests: whoever wants a quicker check begins there."""
NO_TESTS = 5
"""pytest's exit code if its arguments select no test."""


def failed_tests(report: Path) -> list[str]:
    """The tests that failed according to a report; none if it was never written."""
    if not report.exists():
        return []
    cases = ElementTree.parse(report).getroot().iter("testcase")
    bad = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    return [f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}" for case in bad]


def passed_tests(report: Path) -> int:
    """How many tests passed according to a report."""
    if not report.exists():
        return 0
    cases = ElementTree.parse(report).getroot().iter("testcase")
    return sum(all(case.find(kind) is None for kind in ("failure", "error", "skipped")) for case in cases)


def cores() -> int:
    """The machine's cores."""
    return os.cpu_count() or 1


def without_browser() -> Outcome:
    """The tests that need no browser, two processes a core: many wait for processes of their own."""
    others = ("--ignore", "tests/browser", "--ignore", "tests/faults")
    return tests("tests without a browser", "-n", str(2 * cores()), "--dist", "worksteal", *others)


def faults() -> Outcome:
    """What breaks the app, done to two servers at a time: more would wait for each other."""
    return tests("tests of faults", "-n", "2", "--dist", "worksteal", "tests/faults")


def with_browser() -> Outcome:
    """The tests that drive a browser, with two servers and two browsers: more would wait for each other."""
    name = "tests with a browser"
    if not any(map(shutil.which, CHROMIUMS)):
        outcome = Outcome(name, skipped="no Chromium here; on Debian: sudo apt install chromium fonts-noto-cjk")
        if os.environ.get("CI"):
            outcome.failures.append(outcome.skipped)
        return outcome
    return tests(name, "-n", "2", "--dist", "worksteal", "tests/browser")


def fast_tests(start: float) -> Outcome:
    """The tests nearest to what was changed, as many as there is time for."""
    name = "tests near the change"
    files = changed_files(ROOT)
    near = concerned_by(files, ROOT)
    if not near:
        return Outcome(name, skipped="no test is concerned")
    count = min(MOST_FILES, len(near))
    print(
        f"\n{len(files)} files are changed, {len(near)} files of tests concerned: here the nearest {count}.", flush=True
    )
    last = f"--begin-before={time.time() + FAST - (time.monotonic() - start):.0f}"
    return tests(name, "-n", "auto", "--maxschedchunk", "1", "-q", last, *near[:count])


def long_tests() -> Outcome:
    """What trains for long, a process for each core; writes its table."""
    heading("long tests")
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        words = [sys.executable, "-m", "pytest", f"--junit-xml={report}", "-m", "long", "-n", "auto", "tests"]
        code = subprocess.run(words, cwd=ROOT).returncode
        failures = failed_tests(report) or ([f"pytest ended with {code}"] if code else [])
        print(write_table(report, ROOT / "docs" / "long.md"))
    return Outcome("long tests", time.monotonic() - start, failures)


def tool(name: str) -> str:
    """A program of the environment that runs this."""
    return str(Path(sys.executable).parent / name)


def summary(outcomes: Sequence[Outcome]) -> str:
    """What was checked, how long it took, and what failed."""
    lines = [""]
    for outcome in outcomes:
        verdict = "failed" if outcome.failures else "skipped" if outcome.skipped else "passed"
        note = f": {outcome.skipped}" if outcome.skipped else ""
        note += f", {outcome.passed} tests passed" if outcome.passed is not None else ""
        lines.append(f"{outcome.name:<26}{verdict:<8}{outcome.seconds:7.1f} s{note}")
        lines += [f"    {failure}" for failure in outcome.failures if failure != outcome.skipped]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; returns the exit code."""
    start = time.monotonic()
    if list(arguments) == ["--long"]:
        outcomes = [long_tests()]
    else:
        outcomes = [style(), types(), javascript()]
        if list(arguments) == ["--fast"]:
            outcomes.append(fast_tests(start))
        elif arguments:
            outcomes.append(tests("tests", *arguments))
        else:
            outcomes += [without_browser(), faults(), with_browser()]
    print(summary(outcomes), flush=True)
    return int(any(outcome.failures for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
