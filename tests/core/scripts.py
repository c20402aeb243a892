"""Exported scripts, run where nothing of the app can be imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE

Records = list[dict[str, Any]]

DRIVER = """
import contextlib, importlib.abc, io, json, os, runpy, sys

class OnlyTorch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("core", "pages", "pydantic", "libcst", "streamlit"):
            raise ImportError(name)

sys.meta_path.insert(0, OnlyTorch())
for line in sys.stdin:
    path, folder, data = json.loads(line)
    os.chdir(folder)
    os.environ["TORCH_PLAYGROUND_DATA"] = data
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(path, run_name="__main__")
    print(json.dumps(printed.getvalue()), flush=True)
"""


class Scripts:
    """Runs scripts, one after another, in a process that knows torch alone."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "empty").mkdir()
        self.driver = subprocess.Popen(
            [sys.executable, "-I", "-c", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, text: str, place: Path | None = None) -> Records:
        """The records that a script prints.

        Args:
            place: the folder in which it runs; by default an empty one.
        """
        return read(self.printed(text, place or self.folder / "empty"))

    def printed(self, text: str, place: Path) -> str:
        """What a script prints that runs in this folder."""
        assert self.driver.stdin is not None and self.driver.stdout is not None
        path = self.folder / "script.py"
        path.write_text(text, encoding="utf-8")
        order = [str(path), str(place), os.environ.get("TORCH_PLAYGROUND_DATA", "")]
        print(json.dumps(order), file=self.driver.stdin, flush=True)
        printed: str = json.loads(self.driver.stdout.readline())
        return printed

    def close(self) -> None:
        """End the process."""
        assert self.driver.stdin is not None and self.driver.stdout is not None
        self.driver.stdin.close()
        self.driver.stdout.close()
        assert self.driver.wait(PATIENCE) == 0


def read(printed: str) -> Records:
    """The records in what a script printed; strict JSON, so no NaN."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in printed.splitlines()]
