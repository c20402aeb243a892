"""What is imported is required, and what is locked fits: the loose lists, the lock, and the code say the same."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
OUR_OWN = {"core", "pages", "scripts", "streamlit_app", "tests"}
LINUX = {"extra": "", "platform_system": "Linux", "sys_platform": "linux", "python_version": "3.11"}
"""What the lock was made on; Python 3.13, say, asks libcst for one more package."""
CUDA = re.compile(r"nvidia-|cuda-|triton$")
"""What only torch's CUDA build requires."""


def lines(name: str) -> list[str]:
    """The lines of a list of requirements that are not comments."""
    texts = (line.strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    return [text for text in texts if text and not text.startswith("#")]


def required(*names: str) -> dict[str, Requirement]:
    """The requirements in these lists by their canonical names."""
    requirements = [Requirement(line) for name in names for line in lines(name) if not line.startswith("-r ")]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def locked() -> dict[str, str]:
    """The versions in the lock by their canonical names."""
    return {
        canonicalize_name(name): version
        for name, _, version in (line.partition("==") for line in lines("requirements.lock"))
    }


def imported(path: Path) -> Iterator[str]:
    """The third-party packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            modules = [node.module]
        for package in {module.partition(".")[0] for module in modules}:
            if package not in sys.stdlib_module_names and package not in OUR_OWN:
                yield package


@pytest.mark.parametrize(
    ("folders", "lists"),
    [
        (("core", "pages"), ("requirements.txt", "requirements-cluster.txt", "requirements-metrics.txt")),
        (
            ("scripts", "tests"),
            (
                "requirements.txt",
                "requirements-cluster.txt",
                "requirements-metrics.txt",
                "requirements-signin.txt",
                "requirements-dev.txt",
            ),
        ),
    ],
)
def test_every_package_that_is_imported_is_required(folders: tuple[str, ...], lists: tuple[str, ...]) -> None:
    known, names = packages_distributions(), required(*lists)
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")] + [ROOT / "streamlit_app.py"]
    missing = {
        f"{path.relative_to(ROOT)} imports {package}"
        for path in files
        for package in imported(path)
        if not names.keys() & {canonicalize_name(name) for name in known.get(package, [package])}
    }
    assert len(files) > 50 and missing == set()


def test_the_lock_names_versions_and_nothing_else() -> None:
    """No address, no local version such as +cu130, nothing of CUDA: it installs beside torch's CPU build as well."""
    assert [
        line for line in lines("requirements.lock") if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line)
    ] == []
    assert [name for name in locked() if CUDA.match(name)] == []
    for name in ("torch", "torchvision"):
        assert f"{locked()[name]}+cpu" in required("requirements.lock")[name].specifier
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_lock_satisfies_the_loose_lists() -> None:
    versions = locked()
    names = required("requirements.txt", "requirements-dev.txt")
    assert lines("requirements-dev.txt")[:4] == [
        f"-r requirements{name}.txt" for name in ("", "-cluster", "-metrics", "-signin")
    ]
    assert names.keys() - versions.keys() == set()
    assert [str(one) for name, one in names.items() if Version(versions[name]) not in one.specifier] == []


def test_the_lock_holds_all_that_its_packages_require() -> None:
    versions = locked()
    for name in versions:
        for needed in map(Requirement, requires(name) or []):
            if needed.marker is None or needed.marker.evaluate(LINUX):
                dependency = canonicalize_name(needed.name)
                assert dependency in versions or CUDA.match(dependency), f"{name} requires {needed}"
