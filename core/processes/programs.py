"""Small programs of the app's own that people run and take home: their text, and a process to run them in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from core import disk
from core.processes.jobs import Tell

CORE = Path(__file__).parents[1]
QUIET = {"KINETO_LOG_LEVEL": "99"}
"""The profiler tells the terminal that there is no GPU, which is nobody's mistake."""
MOST_OUTPUT = 20_000
"""Characters of a program's output that are kept."""


@dataclass(frozen=True)
class Program:
    """A file that runs alone.

    Attributes:
        folder: where in core/ it is.
        name: its name without ".py".
        kept: where its folder runs, in which it logs, is put when it has ended; None to forget it.
    """

    folder: str
    name: str
    kept: Path | None = None

    @property
    def text(self) -> str:
        """What is in it, as one writes it for oneself."""
        text = (CORE / self.folder / f"{self.name}.py").read_text(encoding="utf-8")
        lines = [line.split("  # type: ignore")[0] for line in text.splitlines()]
        return "\n".join(lines) + "\n"


def run_program(tell: Tell, folder: Path, program: Program) -> None:
    """Run it in an empty folder with a Python of its own; tells "output" as it comes, then "exit" with its code."""
    path = folder / f"{program.name}.py"
    path.write_text(program.text, encoding="utf-8")
    running = subprocess.Popen(
        [sys.executable, "-u", path.name],
        cwd=folder,
        env={**os.environ, **QUIET, "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert running.stdout is not None
    written = 0
    for line in running.stdout:
        if written < MOST_OUTPUT:
            tell({"kind": "output", "text": shortened(line, folder)})
        written += len(line)
    code = running.wait()
    if program.kept is not None and (folder / "runs").is_dir():
        shutil.rmtree(program.kept, ignore_errors=True)
        with disk.refusals():
            shutil.copytree(folder / "runs", program.kept)
    tell({"kind": "exit", "code": code})


def shortened(line: str, folder: Path) -> str:
    """A line of output without the folders of this machine."""
    paths = sysconfig.get_paths()
    for path in (paths["purelib"], paths["platlib"], paths["stdlib"]):
        line = line.replace(path, "…")
    return line.replace(f"{folder}/", "")
