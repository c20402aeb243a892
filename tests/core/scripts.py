"""Exported scripts, run where nothing of the app can be imported."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Records = list[dict[str, Any]]

DRIVER = """
import contextlib, importlib.abc, io, json, runpy, sys

class OnlyTorch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("core", "pages", "pydantic", "libcst", "streamlit"):
            raise ImportError(name)

sys.meta_path.insert(0, OnlyTorch())
for line in sys.stdin:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(line.strip(), run_name="__main__")
    print(json.dumps(printed.getvalue()), flush=True)
"""


@contextmanager
def driven(scripts: Path, empty: Path) -> Iterator[Callable[[str], Records]]:
    """Runs scripts, one after another, in a process that knows torch alone and stands in an empty folder."""
    driver = subprocess.Popen(
        [sys.executable, "-I", "-c", DRIVER], cwd=empty, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert driver.stdin is not None and driver.stdout is not None

    def run(text: str) -> Records:
        assert driver.stdin is not None and driver.stdout is not None
        path = scripts / "script.py"
        path.write_text(text, encoding="utf-8")
        print(path, file=driver.stdin, flush=True)
        return read(json.loads(driver.stdout.readline()))

    yield run
    driver.stdin.close()
    driver.stdout.close()
    assert driver.wait(30) == 0


def read(printed: str) -> Records:
    """The records in what a script printed; strict JSON, so no NaN."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in printed.splitlines()]
