"""A copy of the project with a seventh experiment: one module, one folder, one row, and nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEW = Path(__file__).parent / "autoencoder"
ROW = '    Page("autoencoder", title="Autoencoder", heading="An autoencoder on digits", experiment="autoencoder"),\n'


NEEDED = {".streamlit", ".devcontainer", ".dockerignore"}
"""Hidden files and folders that the app or its tests read."""


def left_out(folder: str, names: list[str]) -> set[str]:
    """What of a folder is not copied: environments, caches, data, and these tests themselves."""
    hidden = {name for name in names if name.startswith(".") and name not in NEEDED}
    made = {"__pycache__", "node_modules", "data", "runs"} & set(names)
    own = {"data"} if Path(folder).name == "core" else set()
    return (hidden | made | ({"extension", "test_extension.py"} & set(names))) - own


def extended(folder: Path) -> Path:
    """Copy the project to a folder that does not exist yet, and put the experiment in."""
    shutil.copytree(ROOT, folder, ignore=left_out)
    shutil.copy(NEW / "autoencoder.py", folder / "core" / "experiments")
    shutil.copytree(NEW / "page", folder / "pages" / "autoencoder")
    index = folder / "pages" / "index.py"
    text, rows = re.subn(r"(?ms)(^PAGES = \($.*?)(^\)$)", rf"\1{ROW}\2", index.read_text(encoding="utf-8"))
    assert rows == 1
    index.write_text(text, encoding="utf-8")
    return folder
