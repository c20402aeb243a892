"""Which files of tests a change concerns: those that import what was changed, the nearest first."""

from __future__ import annotations

import ast
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

TEXTS = "tests/pages/test_language.py"
"""What is concerned by a change of a lesson or a catalogue."""
CHOSEN_BY_NAME = {"core.experiments": "core/experiments", "streamlit_app": "pages"}
"""Modules that find others in a folder, without an import that could be read."""


def git(root: Path, *arguments: str) -> list[str]:
    """The lines that git prints; none if it fails."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else []


def base(root: Path) -> str:
    """The commit from which this branch left `main`; on `main` the last one that is published, or the last."""
    for branch in ("origin/main", "main"):
        if commits := git(root, "merge-base", "HEAD", branch):
            return commits[0]
    return "HEAD"


def changed_files(root: Path) -> list[str]:
    """The files that differ from where this branch left `main`; new ones included."""
    new = git(root, "ls-files", "--others", "--exclude-standard")
    return sorted({*git(root, "diff", "--name-only", base(root)), *new})


def module_of(path: str) -> str:
    """The module in a file, named by its path in the project."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(path: Path, known: set[str]) -> set[str]:
    """The project's modules that a file imports, wherever in it."""
    wanted: set[str] = set()
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError:
        return wanted
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            wanted |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            wanted |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return wanted & known


@cache
def importers(root: Path) -> dict[str, set[str]]:
    """Module -> the modules that depend on it."""
    files = {
        module_of(str(path.relative_to(root))): path
        for folder in ("core", "pages", "scripts", "tests")
        for path in (root / folder).rglob("*.py")
    }
    files["streamlit_app"] = root / "streamlit_app.py"
    by: dict[str, set[str]] = defaultdict(set)
    for module, path in files.items():
        for imported in imports(path, set(files)):
            by[imported].add(module)
        if module.startswith("tests."):
            for folder in path.parents:
                if (folder / "conftest.py").exists() and folder != root:
                    by[module_of(str((folder / "conftest.py").relative_to(root)))].add(module)
    for finder, folder_name in CHOSEN_BY_NAME.items():
        for module in files:
            if module.startswith(folder_name.replace("/", ".") + "."):
                by[module].add(finder)
    by["streamlit_app"].add("tests.pages.tabs")
    return by


def concerned_by(changed: Iterable[str], root: Path) -> list[str]:
    """The files of tests, but for those that drive a browser, that a change concerns, the nearest first.

    A test that bears the name of what was changed comes before all that import it.
    """
    changed = list(changed)
    tests = {
        str(path.relative_to(root))
        for path in (root / "tests").rglob("test_*.py")
        if not {"browser", "browsers"} & set(path.relative_to(root).parts)
    }
    by_module = {module_of(path): path for path in tests}
    by = importers(root)
    distances: dict[str, int] = {}
    for path in changed:
        names = {Path(path).stem, Path(path).parent.name} - {"page", "__init__", "js", "shared"}
        for test in tests:
            named = Path(test).stem.removeprefix("test_").removesuffix("_page") in names
            if test == path or (named and test.startswith(f"tests/{Path(path).parts[0]}/")):
                distances[test] = 0
        if Path(path).suffix in (".md", ".po") and path.startswith("pages/"):
            distances[TEXTS] = 0
        if Path(path).suffix in (".txt", ".lock"):
            distances["tests/test_requirements.py"] = 0
    reached = {module_of(path) for path in changed if path.endswith(".py")}
    seen, distance = set(reached), 0
    while reached:
        for module in reached & by_module.keys():
            distances.setdefault(by_module[module], distance)
        reached = {above for module in reached for above in by[module]} - seen
        seen |= reached
        distance += 1
    return sorted(distances.keys() & tests, key=lambda test: (distances[test], test))
