"""What some functions and classes of the app use, found by following names from them: the parts of an exported file."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import libcst as cst

from core.export.specialise import source
from core.export.syntax import Definition, Names, names_in

Import = tuple[str, str | None]
"""What an import line brings: the module, and the name in it, None for the module itself."""


class Collector:
    """Finds what some functions and classes use, as it is written.

    Args:
        roots: where to begin.

    Attributes:
        order: the functions and classes of the app that are in use, each after those it uses.
    """

    def __init__(self, roots: Iterable[Callable[..., Any]]) -> None:
        self.roots = tuple(roots)
        self.order: list[Any] = []

    def collect(self) -> None:
        """Put all that the roots use in order.

        Raises:
            ValueError: two of them have one name.
        """
        self.order = []
        seen: set[Any] = set()
        for root in self.roots:
            if root not in seen:
                self._visit(root, seen)
        names = [item.__name__ for item in self.order]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two functions or classes of the script are called {name}")

    def _visit(self, item: Any, seen: set[Any]) -> None:
        seen.add(item)
        for used in self.uses(item):
            if used not in seen:
                self._visit(used, seen)
        self.order.append(item)

    def uses(self, item: Any) -> list[Any]:
        """The app's functions and classes that one of them uses."""
        namespace = self.namespace(item)
        values = [namespace.get(name) for name in names_in(self.tree(item)).free]
        return [value for value in values if is_ours(value)]

    def reach(self, item: Any) -> set[Any]:
        """One of them with all that it uses, and all that those use."""
        reached: set[Any] = set()
        self._visit_all(item, reached)
        return reached

    def _visit_all(self, item: Any, reached: set[Any]) -> None:
        reached.add(item)
        for used in self.uses(item):
            if used not in reached:
                self._visit_all(used, reached)

    def tree(self, item: Any) -> Definition:
        """The source of a function or class."""
        return source(item)

    def namespace(self, item: Any) -> dict[str, Any]:
        """What names mean in a function or class."""
        return vars(inspect.getmodule(item))

    def imports(self, item: Any) -> dict[str, Import]:
        """Name -> what it imports, for a function or class."""
        return imports_of(inspect.getmodule(item))

    def constants_as_written(self) -> tuple[dict[str, str], set[Import]]:
        """Name -> the statement that assigns it, of the constants in use, and the imports of all that is in use.

        The constants stand in the order in which the names lead to them.
        """
        constants: dict[str, str] = {}
        imported: set[Import] = set()
        seen: set[Any] = set()

        def follow(names: Iterable[str], module: Any) -> None:
            imports, assigned = imports_of(module), _assigned(module)
            for name in names:
                value = vars(module).get(name)
                if name in imports:
                    imported.add(imports[name])
                elif is_ours(value):
                    enter(value)
                elif name in assigned and name not in constants:
                    follow(Names(cst.parse_module(assigned[name]).body[0]).free, module)
                    constants[name] = assigned[name]
                elif name in vars(module) and name not in constants:
                    follow([name], sys.modules[_origin(module)[name]])
                elif name not in vars(module) and not hasattr(builtins, name):
                    raise ValueError(f"{module.__name__} uses {name}, which it does not have")

        def enter(item: Any) -> None:
            if item not in seen:
                seen.add(item)
                follow(names_in(self.tree(item)).free, inspect.getmodule(item))

        for root in self.roots:
            enter(root)
        return constants, imported


def is_ours(item: Any) -> bool:
    """Whether something is a function or class of the app."""
    definable = inspect.isclass(item) or inspect.isfunction(inspect.unwrap(item) if callable(item) else item)
    return definable and (item.__module__ or "").split(".")[0] == "core"


def import_lines(imported: Iterable[Import]) -> str:
    """The import lines of a file: the standard library, then all else."""
    standard = {item for item in imported if item[0].split(".")[0] in sys.stdlib_module_names}
    return "\n".join(_lines(group) for group in (standard, set(imported) - standard))


def _lines(imported: Iterable[Import]) -> str:
    lines = sorted(f"import {module}\n" for module, name in imported if name is None)
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for module, name in imported:
        if name is not None:
            parts[module].append(name)
    for module, names in sorted(parts.items()):
        lines.append(f"from {module} import {', '.join(sorted(names, key=_import_order))}\n")
    return "".join(lines)


def _import_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


@cache
def imports_of(module: Any) -> dict[str, Import]:
    """Name -> what a module imports under it, the app's own modules left out."""
    return {name: origin for name, origin in _all_imports(module).items() if origin[0].split(".")[0] != "core"}


def _origin(module: Any) -> dict[str, str]:
    """Name -> the module of the app that it is imported from."""
    return {name: where for name, (where, _) in _all_imports(module).items() if where.split(".")[0] == "core"}


@cache
def _all_imports(module: Any) -> dict[str, Import]:
    imported: dict[str, Import] = {}
    for statement in ast.parse(inspect.getsource(module)).body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                renamed = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
                imported[alias.asname or alias.name.split(".")[0]] = (renamed, None)
        elif isinstance(statement, ast.ImportFrom):
            where = _absolute(statement, module)
            imported.update({alias.name: (where, alias.name) for alias in statement.names})
    return imported


def _absolute(statement: ast.ImportFrom, module: Any) -> str:
    """The module that a statement imports from; a relative one begins at the module's package."""
    if not statement.level:
        return statement.module or ""
    package = module.__package__.split(".")
    return ".".join([*package[: len(package) - statement.level + 1], *filter(None, [statement.module])])


@cache
def _assigned(module: Any) -> dict[str, str]:
    """Name -> the statement that assigns it, of a module's constants."""
    text = inspect.getsource(module)
    return {
        statement.targets[0].id: ast.get_source_segment(text, statement) or ""
        for statement in ast.parse(text).body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
