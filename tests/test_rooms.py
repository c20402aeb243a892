"""Which room imports which: arrows run one way, no circle, and nothing that serves one page stands where all share.

Each failure names the file that stands in the wrong room, or the import that runs the wrong way.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.experiments import general

pytestmark = general

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "pages"
SHARED = PAGES / "shared"
DOOR = ROOT / "streamlit_app.py"

CORE_ORDER = (
    ("foreign", "resources"),
    ("config", "disk", "limits", "logs", "memory"),
    ("refused", "settings", "snapshot", "changes", "devices", "models", "shapes"),
    ("blocks", "data", "views", "checkpoints", "frames", "processes", "optimizers"),
    ("experiment", "layers"),
    ("images",),
    ("experiments",),
    ("step_by_step", "tensorboard"),
    ("export", "machine"),
    ("files", "loading"),
    ("engine",),
    ("cluster",),
    ("next", "__main__"),
)
"""The rooms of core, from the lowest: a room may import what stands in a row before its own."""
SHARED_ORDER = ("server", "person", "form", "live", "pictures", "panels", "page")
"""The rooms of pages/shared, from the lowest."""

Graph = Mapping[str, set[str]]
"""File -> the files that it imports, by their paths below the project's folder."""


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_file(name: str) -> str | None:
    """The file of a module of this project, or None."""
    path = ROOT.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return relative(file)
    return None


def python_imports(path: Path) -> Iterator[str]:
    """The project's own files that a Python file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                names.append(whole if module_file(whole) else node.module)
        yield from filter(None, map(module_file, names))


def scripts_named(path: Path) -> Iterator[str]:
    """The scripts and styles that a Python file names: by paths below pages/, beside itself, or its namesakes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "file_component":
            yield from (relative(path.with_suffix(suffix)) for suffix in (".js", ".css"))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith((".js", ".css")):
            for folder in (PAGES, path.parent):
                if (folder / node.value).is_file():
                    yield relative(folder / node.value)


REFERENCE = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*|new URL\(\s*|loadStyles\(\s*)["'](\.{1,2}/[^"']+)["']""")


COMMENT = re.compile(r"^\s*(?://|/?\*).*$", re.MULTILINE)


def script_imports(path: Path) -> Iterator[str]:
    """The files that a script imports or loads."""
    for reference in REFERENCE.findall(COMMENT.sub("", path.read_text(encoding="utf-8"))):
        target = (path.parent / reference).resolve()
        assert target.is_file(), f"{relative(path)} imports {reference}, which is not there"
        yield relative(target)


@cache
def graph() -> Graph:
    """All imports of core, pages and the door, Python and JavaScript."""
    arrows: dict[str, set[str]] = {}
    for path in [DOOR, *(ROOT / "core").rglob("*.py"), *PAGES.rglob("*.py")]:
        arrows[relative(path)] = {*python_imports(path), *(scripts_named(path) if PAGES in path.parents else ())}
    for path in [*PAGES.rglob("*.js"), *PAGES.rglob("*.css")]:
        arrows[relative(path)] = set(script_imports(path)) if path.suffix == ".js" else set()
    return arrows


def reached(starts: Iterable[str]) -> set[str]:
    """The files that are reached from some, those included."""
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting += graph()[file]
    return seen


def page_folders() -> list[str]:
    return sorted(path.parent.name for path in PAGES.glob("*/page.py"))


def circles(arrows: Graph) -> list[str]:
    """Each circle once, as "a -> b -> a"."""
    cycles: list[str] = []
    finished: set[str] = set()

    def visit(node: str, path: list[str]) -> None:
        if node in path:
            cycles.append(" -> ".join([*path[path.index(node) :], node]))
        elif node not in finished:
            for target in sorted(arrows.get(node, ())):
                visit(target, [*path, node])
            finished.add(node)

    for start in sorted(arrows):
        visit(start, [])
    return cycles


def test_no_circle_between_files() -> None:
    assert not circles(graph())


@pytest.mark.parametrize("folder", page_folders())
def test_no_page_imports_another(folder: str) -> None:
    own = f"pages/{folder}/"
    wrong = [
        f"{file} imports {target}"
        for file, targets in graph().items()
        if file.startswith(own)
        for target in targets
        if target.startswith("pages/") and not target.startswith((own, "pages/shared/", "pages/index.py"))
    ]
    assert not wrong


def test_what_pages_share_imports_no_page() -> None:
    wrong = [
        f"{file} imports {target}"
        for file, targets in graph().items()
        if file.startswith("pages/shared/")
        for target in targets
        if target.startswith("pages/") and not target.startswith(("pages/shared/", "pages/index.py"))
    ]
    assert not wrong


def test_the_index_of_pages_imports_nothing_of_the_project() -> None:
    assert not graph()["pages/index.py"]


def test_what_pages_share_serves_two_of_them_or_the_door() -> None:
    """A file of pages/shared that one page alone reaches belongs into that page's folder."""
    users: dict[str, set[str]] = {}
    starts = {f"pages/{folder}": [f"pages/{folder}/page.py"] for folder in page_folders()}
    for user, files in {**starts, "the door": [relative(DOOR)]}.items():
        for file in reached(files):
            users.setdefault(file, set()).add(user)
    wrong = []
    for file in graph():
        if not file.startswith("pages/shared/") or file.endswith("__init__.py"):
            continue
        own = users.get(file, set())
        if "the door" not in own and len(own) < 2:
            wrong.append(f"{file} serves {next(iter(own), 'nobody')} alone")
    assert not wrong


def test_every_file_of_a_page_is_used() -> None:
    used = reached([relative(DOOR), *(f"pages/{folder}/page.py" for folder in page_folders())])
    files = {file for file in graph() if file.startswith("pages/") and not file.endswith("__init__.py")}
    assert not files - used


def room_in(folder: str, file: str) -> str:
    """The room that a file of core or pages/shared stands in: its folder there, or its own name."""
    return file.removeprefix(folder).split("/")[0].removesuffix(".py")


def against_the_order(folder: str, order: Mapping[str, int]) -> list[str]:
    """Imports from a lower room up to a higher one, or between two of one height."""
    wrong = []
    for file, targets in graph().items():
        if not file.startswith(folder) or file == f"{folder}__init__.py":
            continue
        room = room_in(folder, file)
        for target in targets:
            there = room_in(folder, target)
            if target.startswith(folder) and target != f"{folder}__init__.py" and there != room:
                if room not in order or there not in order:
                    wrong.append(f"{room if room not in order else there} has no place in the order of rooms")
                elif order[there] >= order[room]:
                    wrong.append(f"{file} imports {target}")
    return sorted(set(wrong))


def test_arrows_in_core_run_down() -> None:
    order = {room: height for height, row in enumerate(CORE_ORDER) for room in row}
    assert not against_the_order("core/", order)


def test_arrows_in_what_pages_share_run_down() -> None:
    order = {room: height for height, room in enumerate(SHARED_ORDER)}
    assert not against_the_order("pages/shared/", order)


def test_core_knows_no_screen() -> None:
    for path in (ROOT / "core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            wrong = [name for name in names if name.split(".")[0] in ("streamlit", "pages", "plotly")]
            assert not wrong, f"{relative(path)} imports {', '.join(wrong)}"


def test_each_page_is_a_folder_with_a_row() -> None:
    from pages.index import ALL as ROWS

    assert sorted(row.folder for row in ROWS) == page_folders()
    addresses = [row.url_path for row in ROWS]
    assert len(set(addresses)) == len(addresses)


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    lacking = [folder for folder in folders if not (folder / "__init__.py").is_file()]
    assert len(folders) > 10 and lacking == [], "two files of one name in others can't be collected together"
