"""Source text as trees: the names it uses, literals, docstrings, statements."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

import libcst as cst

Definition = cst.FunctionDef | cst.ClassDef
Node = TypeVar("Node", bound=cst.CSTNode)

_blank = cst.Module([])


def code(node: cst.CSTNode) -> str:
    """The text of one node."""
    return _blank.code_for_node(node)


def literal(value: Any) -> str:
    """A plain value as Python writes it, with double quotes.

    Raises:
        TypeError: the value has no literal.
    """
    if isinstance(value, str):
        text = repr(value)
        return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text else text
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    raise TypeError(f"{value!r} can't be written as a literal")


class Names(cst.CSTVisitor):
    """How often each name is bound and read in a piece of source, nested scopes included.

    Attributes:
        bound: names assigned, looped over or taken as parameters.
        read: names read, annotations left out.
        annotated: names read in annotations.
        called: names read in order to be called, a part of `read`.
        values: the value of each name's last plain assignment, `name = value`.
    """

    def __init__(self, *nodes: cst.CSTNode) -> None:
        super().__init__()
        self.bound: Counter[str] = Counter()
        self.read: Counter[str] = Counter()
        self.annotated: Counter[str] = Counter()
        self.called: Counter[str] = Counter()
        self.values: dict[str, cst.BaseExpression] = {}
        for node in nodes:
            node.visit(self)

    @property
    def free(self) -> list[str]:
        """Names that come from outside, in the order of their first use."""
        return [name for name in self.read + self.annotated if name not in self.bound]

    def bind(self, target: cst.CSTNode) -> None:
        """Note all names that an assignment to target binds."""
        if isinstance(target, cst.Name):
            self.bound[target.value] += 1
        elif isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                self.bind(element.value)
        else:
            target.visit(self)

    def visit_Name(self, node: cst.Name) -> None:
        self.read[node.value] += 1

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        node.value.visit(self)
        return False

    def visit_Call(self, node: cst.Call) -> None:
        if isinstance(node.func, cst.Name):
            self.called[node.func.value] += 1

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False

    def visit_Annotation(self, node: cst.Annotation) -> bool:
        self.annotated.update(Names(node.annotation).read)
        return False

    def visit_Param(self, node: cst.Param) -> bool:
        self.bind(node.name)
        for part in (node.annotation, node.default):
            if part is not None:
                part.visit(self)
        return False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.bind(node.name)
        for part in (*node.decorators, node.body, node.params, node.returns):
            if part is not None:
                part.visit(self)
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        self.bind(node.name)
        for part in (*node.decorators, *node.bases):
            part.visit(self)
        for statement in node.body.body:
            inner = Names(statement)
            self.read.update({name: inner.read[name] for name in inner.read if name not in inner.bound})
            self.called.update({name: inner.called[name] for name in inner.called if name not in inner.bound})
            self.annotated.update(inner.annotated)
        return False

    def visit_Assign(self, node: cst.Assign) -> bool:
        node.value.visit(self)
        for assigned in node.targets:
            self.bind(assigned.target)
        if len(node.targets) == 1 and isinstance(node.targets[0].target, cst.Name):
            self.values[node.targets[0].target.value] = node.value
        return False

    def visit_AnnAssign(self, node: cst.AnnAssign) -> bool:
        self.bind(node.target)
        node.annotation.visit(self)
        if node.value is not None:
            node.value.visit(self)
            if isinstance(node.target, cst.Name):
                self.values[node.target.value] = node.value
        return False

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self.bind(node.target)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self.bind(node.target)

    def visit_For(self, node: cst.For) -> None:
        self.bind(node.target)

    def visit_CompFor(self, node: cst.CompFor) -> None:
        self.bind(node.target)

    def visit_AsName(self, node: cst.AsName) -> bool:
        self.bind(node.name)
        return False


@lru_cache(maxsize=256)
def names_in(definition: Definition) -> Names:
    """How often each name is bound and read in a function or class."""
    return Names(definition)


def calls(name: str, nodes: Iterable[cst.CSTNode]) -> Iterator[cst.Call]:
    """All calls of a function or class by its plain name."""
    for node in nodes:
        match node:
            case cst.Call(func=cst.Name(value=called)) if called == name:
                yield node
        yield from calls(name, node.children)


class _Substitute(cst.CSTTransformer):
    def __init__(self, values: Mapping[str, cst.BaseExpression]) -> None:
        super().__init__()
        self.values = values

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        return self.values.get(updated_node.value, updated_node)

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)


def substitute(node: Node, values: Mapping[str, cst.BaseExpression]) -> Node:
    """The same source with other expressions in the place of some names that are only read."""
    return cast(Node, node.visit(_Substitute(values)))


def statements(body: cst.BaseSuite) -> list[cst.BaseStatement]:
    """The statements of a block, also of one that follows its colon on the same line."""
    if isinstance(body, cst.SimpleStatementSuite):
        return [cst.SimpleStatementLine(body.body)]
    return list(cast(Sequence[cst.BaseStatement], body.body))


def is_pure(node: cst.CSTNode) -> bool:
    """Whether an expression can be left out when nobody uses its value."""
    impure = (cst.Call, cst.Await, cst.Yield, cst.NamedExpr)
    return not isinstance(node, impure) and all(is_pure(child) for child in node.children)


def nothing() -> cst.SimpleStatementLine:
    """The statement `pass`."""
    return cst.SimpleStatementLine([cst.Pass()])


def docstring(definition: Definition) -> cst.SimpleString | None:
    """The docstring's node."""
    match definition.body.body[0]:
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString() as text)]):
            return text
    return None


def forget_arguments(definition: Definition, names: Collection[str]) -> Definition:
    """Take arguments out of the docstring's Args section."""
    text = docstring(definition)
    if text is None or not names:
        return definition
    changed = text.with_changes(value=_without_arguments(text.value, names))
    return definition.with_deep_changes(text, value=changed.value)


def _without_arguments(text: str, names: Collection[str]) -> str:
    kept: list[str] = []
    section, dropping = -1, False
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip())
        if line.strip() == "Args:":
            section = indent
        elif section >= 0 and line.strip() and indent <= section:
            section, dropping = -1, False
        entry = re.match(r"\s*(\w+(?:, \w+)*)[^:]*: ", line) if section >= 0 and indent == section + 4 else None
        if entry:
            dropping = set(entry[1].split(", ")) <= set(names)
        if not (dropping and section >= 0 and line.strip()):
            kept.append(line)
    joined = re.sub(r"\n\n +Args:(?=\n\n|\n *[\"']{3}$)", "", "\n".join(kept))
    return re.sub(r"^(.+)\n +([\"']{3})$", r"\1\2", joined)
