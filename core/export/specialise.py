"""A function's source with what is known put in: settings as literals, decided branches and unused options gone."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, TypeGuard, cast

import libcst as cst

from core.export.fold import Fold, Knowledge
from core.export.layout import lay_out
from core.export.syntax import Definition, Names, docstring, forget_arguments, is_pure, nothing, statements, substitute


@lru_cache(maxsize=1024)
def source(definition: Callable[..., Any]) -> Definition:
    """The source of a function or class, as a tree; a class that was written for one config has it with it."""
    text = vars(definition).get("__source__") or inspect.getsource(definition)
    (tree,) = cst.parse_module(text).body
    assert isinstance(tree, (cst.FunctionDef, cst.ClassDef))
    return tree


def specialise(
    function: Callable[..., Any], knowledge: Knowledge, bound: Mapping[str, cst.BaseExpression] | None = None
) -> cst.FunctionDef:
    """The source of a function for one config.

    Args:
        function: a function of the app.
        knowledge: what is known.
        bound: parameter -> what always stands for it; the specialised function does not have it.

    Raises:
        ValueError: the function needs its config as a whole.
    """
    tree = source(function)
    assert isinstance(tree, cst.FunctionDef)
    done = _specialise(tree, inspect.unwrap(function).__globals__, knowledge, bound or {})
    if "config" in Names(done).free:
        raise ValueError(f"{function.__qualname__} needs its config as a whole; a script can't have it")
    return cast(cst.FunctionDef, lay_out(forget_arguments(done, {"config", *(bound or {})})))


def options(definition: type) -> dict[str, cst.BaseExpression]:
    """Those parameters of a class's constructor that have a plain default and keep their value."""
    defaults: dict[str, cst.BaseExpression] = {}
    for part in source(definition).body.body:
        if _is_constructor(part):
            names = Names(part)
            for param in part.params.params:
                if param.default and names.bound[param.name.value] == 1 and _is_plain(param.default, names):
                    defaults[param.name.value] = param.default
    return defaults


def without_options(definition: type, knowledge: Knowledge, bound: Mapping[str, cst.BaseExpression]) -> cst.ClassDef:
    """The source of a class without some of its options, whose defaults stand where they are used.

    Args:
        definition: a class of the app.
        knowledge: what is known.
        bound: option -> its default.
    """
    tree = cast(cst.ClassDef, source(definition))
    namespace = vars(inspect.getmodule(definition))
    body = [
        _specialise(part, namespace, knowledge, bound) if _is_constructor(part) else part for part in tree.body.body
    ]
    changed = tree.with_changes(body=tree.body.with_changes(body=body))
    return cast(cst.ClassDef, lay_out(forget_arguments(changed, bound.keys())))


def _is_constructor(part: cst.CSTNode) -> TypeGuard[cst.FunctionDef]:
    return isinstance(part, cst.FunctionDef) and part.name.value == "__init__"


def formula(function: cst.FunctionDef) -> tuple[list[str], cst.BaseExpression] | None:
    """A function's parameters and its value, if all it does is to return an expression."""
    if function.decorators:
        return None
    body = statements(function.body)[1 if docstring(function) else 0 :]
    names = [param.name.value for param in function.params.params]
    match body:
        case [cst.SimpleStatementLine(body=[cst.Return(value=cst.BaseExpression() as value)])]:
            return names, value
        case [
            cst.SimpleStatementLine(
                body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value)]
            ),
            cst.SimpleStatementLine(body=[cst.Return(value=cst.Name(value=returned))]),
        ] if name == returned:
            return names, value
    return None


def _specialise(
    tree: cst.FunctionDef, namespace: Mapping[str, Any], knowledge: Knowledge, bound: Mapping[str, cst.BaseExpression]
) -> cst.FunctionDef:
    params = tree.params
    kept = [param for param in params.params if param.name.value not in {"config", *bound}]
    tree = tree.with_changes(params=params.with_changes(params=kept), body=substitute(tree.body, bound))
    while True:
        names = Names(tree)
        folded = cast(cst.FunctionDef, tree.visit(Fold(namespace, knowledge, names)))
        tree, again = _tidied(folded)
        if not again:
            return tree


def _tidied(function: cst.FunctionDef) -> tuple[cst.FunctionDef, bool]:
    """A function less the local names it no longer needs, and whether it needs another look."""
    names = Names(function)
    inlined: dict[str, cst.BaseExpression] = {}
    unused: set[str] = set()
    for name, value in names.values.items():
        if names.bound[name] == 1:
            if names.read[name] == 0 and is_pure(value):
                unused.add(name)
            elif names.read[name] == 1 and _is_plain(value, names):
                inlined[name] = value
    remove = _Remove({*inlined, *unused})
    tidied = cast(cst.FunctionDef, function.visit(remove))
    if inlined:
        tidied = tidied.with_changes(body=substitute(tidied.body, inlined))
    return tidied, remove.removed


def _is_plain(value: cst.BaseExpression, names: Names) -> bool:
    """Whether a value reads as well where it is used: a number, a text, or a name that keeps its meaning."""
    while isinstance(value, cst.Attribute):
        value = value.value
    if isinstance(value, cst.Name):
        return value.value not in names.bound
    return isinstance(value, (cst.BaseNumber, cst.SimpleString))


class _Remove(cst.CSTTransformer):
    """Removes the plain assignments to some names, and those overwritten by the next statement."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__()
        self.names = names
        self.removed = False

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        kept: list[cst.BaseStatement] = []
        body = updated_node.body
        for statement, following in zip(body, [*body[1:], None], strict=True):
            name, value = _assignment(statement)
            next_name, next_value = _assignment(following)
            overwritten = name == next_name and next_value and name not in Names(next_value).read
            if name not in self.names and not (overwritten and value and is_pure(value)):
                kept.append(statement)
        if len(kept) == len(body):
            return updated_node
        self.removed = True
        return updated_node.with_changes(body=kept or [nothing()])


def _assignment(statement: cst.CSTNode | None) -> tuple[str | None, cst.BaseExpression | None]:
    """The name and the value of a statement `name = value` or `name: type = value`."""
    match statement:
        case cst.SimpleStatementLine(
            body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value)]
        ):
            return name, value
        case cst.SimpleStatementLine(body=[cst.AnnAssign(target=cst.Name(value=name), value=value)]):
            return name, value
    return None, None
