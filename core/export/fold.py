"""What can be known of a function before it runs, computed: decided branches, literals, default arguments."""

from __future__ import annotations

import builtins
import inspect
from collections import ChainMap
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import ModuleType
from typing import Any, cast

import libcst as cst

from core.config import TrainingConfig
from core.export.syntax import Names, code, is_pure, literal, nothing, statements, substitute

LONGEST_LITERAL = 60
"""Literals with more characters than this become constants of the script."""

SHOWN = {"lr"}
"""Keyword arguments that are shown even where they equal the callee's default: they are what the lessons are about."""

_FUNCTIONS: dict[str, Any] = {function.__name__: function for function in (abs, len, max, min, round, sum)}
"""Functions that are called ahead of time where all their arguments are known."""

_UNKNOWN = object()

_UNCHANGING = (bool, int, float, str, tuple, type(None))

_OPAQUE = (
    cst.Attribute, cst.Await, cst.BaseComp, cst.FormattedString, cst.From, cst.Lambda, cst.NamedExpr, cst.Yield,
)  # fmt: skip

_LEAVING = (cst.Return, cst.Raise, cst.Continue, cst.Break)


@dataclass
class Knowledge:
    """What is known of a run before it starts.

    Attributes:
        config: its config; `config.lr` in the source is replaced by the learning rate.
        constants: upper-case name -> value, for values too long to stand where they are used; grows.
        classes: name -> class, of those that were written for this config; grows.
        formula: the specialised body of a function of the app that is a mere formula, as its parameters' names and
            an expression; None for any other function.
        brought: name -> the module it means something in, for names that came into other modules' functions with the
            formulas written out there; grows.
    """

    config: TrainingConfig
    constants: dict[str, Any] = field(default_factory=dict)
    classes: dict[str, type] = field(default_factory=dict)
    formula: Callable[[Callable[..., Any]], tuple[list[str], cst.BaseExpression] | None] = lambda function: None
    brought: dict[str, ModuleType] = field(default_factory=dict)

    def brought_values(self) -> dict[str, Any]:
        """What the names in `brought` mean."""
        return {name: vars(module)[name] for name, module in self.brought.items()}

    def expression(self, name: str, value: Any, longest: int = LONGEST_LITERAL) -> cst.BaseExpression:
        """A value as a literal or, if it is long, as the name of a new constant; a class as its name."""
        if isinstance(value, type):
            self.classes[value.__name__] = value
            return cst.Name(value.__name__)
        text = literal(value)
        if len(text) <= longest:
            return cst.parse_expression(text)
        self.constants[name.upper()] = value
        return cst.Name(name.upper())


@lru_cache(maxsize=1024)
def parameters(definition: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a function, or of a class's constructor."""
    return inspect.signature(definition).parameters


def takes_config(called: Any) -> bool:
    """Whether something is a function of the app that is written again for each config."""
    ours = inspect.isfunction(inspect.unwrap(called)) and (called.__module__ or "").split(".")[0] == "core"
    return ours and "config" in parameters(called)


class Fold(cst.CSTTransformer):
    """Computes what can be known, and keeps of each decided branch the side that is taken."""

    def __init__(self, namespace: Mapping[str, Any], knowledge: Knowledge, names: Names) -> None:
        super().__init__()
        self.namespace = {**knowledge.brought_values(), **namespace}
        self.knowledge = knowledge
        self.local = names.bound
        given = {**_FUNCTIONS, **_literals(self.namespace)}
        given = {name: value for name, value in given.items() if name not in self.local}
        self.known = ChainMap(given, knowledge.constants)
        for name, value in names.values.items():
            if self.local[name] == 1 and isinstance(constant := self._value(value), _UNCHANGING):
                given[name] = constant

    # What is known

    def _value(self, node: cst.BaseExpression) -> Any:
        """The value of an expression, or _UNKNOWN."""
        match node:
            case cst.Comparison(
                comparisons=[cst.ComparisonTarget(operator=cst.Is() | cst.IsNot() as operator, comparator=other)]
            ):
                values = self._value(node.left), self._value(other)
                same = values[0] is values[1]
                return _UNKNOWN if _UNKNOWN in values else same is isinstance(operator, cst.Is)
        if not _computable(node, self.known):
            return _UNKNOWN
        try:
            return eval(code(node).strip(), {"__builtins__": {}}, self.known)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return _UNKNOWN

    def _computed(self, node: cst.BaseExpression) -> cst.BaseExpression:
        """An expression, or the literal of its value."""
        value = self._value(node)
        if value is _UNKNOWN:
            return node
        try:
            text = literal(value)
        except TypeError:
            return node
        return cst.parse_expression(text) if len(text) <= LONGEST_LITERAL else node

    def _object(self, node: cst.BaseExpression) -> Any:
        """What a name or a dotted name stands for in the function's module, or _UNKNOWN."""
        if isinstance(node, cst.Attribute):
            owner = self._object(node.value)
            return _UNKNOWN if owner is _UNKNOWN else getattr(owner, node.attr.value, _UNKNOWN)
        if not isinstance(node, cst.Name) or node.value in self.local:
            return _UNKNOWN
        return self.namespace.get(node.value, getattr(builtins, node.value, _UNKNOWN))

    # Expressions

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        match updated_node.value:
            case cst.Name(value="config") if "config" not in self.local:
                name = updated_node.attr.value
                return self.knowledge.expression(name, getattr(self.knowledge.config, name))
        return updated_node

    def leave_Comparison(self, original_node: cst.Comparison, updated_node: cst.Comparison) -> cst.BaseExpression:
        match updated_node:
            case cst.Comparison(
                left=cst.Name(), comparisons=[cst.ComparisonTarget(operator=cst.In(), comparator=container)]
            ) if self._value(container) in ({}, [], (), ""):
                return cst.Name("False")
        return self._computed(updated_node)

    def leave_BinaryOperation(
        self, original_node: cst.BinaryOperation, updated_node: cst.BinaryOperation
    ) -> cst.BaseExpression:
        if isinstance(updated_node.operator, cst.Power) and isinstance(updated_node.left, cst.UnaryOperation):
            updated_node = updated_node.with_changes(left=_enclosed(updated_node.left))
        return self._computed(updated_node)

    def leave_UnaryOperation(
        self, original_node: cst.UnaryOperation, updated_node: cst.UnaryOperation
    ) -> cst.BaseExpression:
        return self._computed(updated_node)

    def leave_Subscript(self, original_node: cst.Subscript, updated_node: cst.Subscript) -> cst.BaseExpression:
        return self._computed(updated_node)

    def leave_BooleanOperation(
        self, original_node: cst.BooleanOperation, updated_node: cst.BooleanOperation
    ) -> cst.BaseExpression:
        left = self._value(updated_node.left)
        if left is _UNKNOWN:
            return updated_node
        decides = bool(left) is isinstance(updated_node.operator, cst.Or)
        return _replacing(updated_node, updated_node.left if decides else updated_node.right)

    def leave_IfExp(self, original_node: cst.IfExp, updated_node: cst.IfExp) -> cst.BaseExpression:
        test = self._test(updated_node.test)
        value = self._value(test)
        if value is _UNKNOWN:
            return updated_node.with_changes(test=test)
        return _replacing(updated_node, updated_node.body if value else updated_node.orelse)

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        called = self._object(updated_node.func)
        if called is getattr:
            return _attribute(updated_node)
        if called is _UNKNOWN or not callable(called):
            return updated_node
        if called in _FUNCTIONS.values():
            return self._computed(updated_node)
        args: Sequence[cst.Arg] = updated_node.args
        if takes_config(called):
            args = [arg for arg in args if not _is_config(arg.value)]
            inlined = self._inlined(called, args)
            if inlined is not None:
                return inlined
        return updated_node.with_changes(args=[arg for arg in args if not self._is_default(called, arg)])

    def _is_default(self, called: Callable[..., Any], arg: cst.Arg) -> bool:
        """Whether an argument says what the callee assumes anyway."""
        if arg.keyword is None or arg.keyword.value in SHOWN:
            return False
        try:
            default = parameters(called)[arg.keyword.value].default
        except (KeyError, TypeError, ValueError):
            return False
        value = self._value(arg.value)
        if value is _UNKNOWN:
            return self._object(arg.value) is default
        return bool(value == default) and isinstance(value, bool) is isinstance(default, bool)

    def _inlined(self, called: Callable[..., Any], args: Sequence[cst.Arg]) -> cst.BaseExpression | None:
        """A call's value written out, if the callee is a formula and nothing would be computed twice."""
        parts = self.knowledge.formula(called)
        if parts is None:
            return None
        names, value = parts
        inner = Names(value)
        simple = all(isinstance(arg.value, (cst.Name, cst.BaseNumber, cst.SimpleString)) for arg in args)
        if not simple or len(args) != len(names) or inner.bound or any(arg.star or arg.keyword for arg in args):
            return None
        strange = [name for name in inner.free if name not in names]
        if any(name in self.local for name in strange) or not self._brings(called, strange):
            return None
        return _enclosed(substitute(value, {name: arg.value for name, arg in zip(names, args, strict=True)}))

    def _brings(self, called: Callable[..., Any], names: Sequence[str]) -> bool:
        """Whether a callee's names may stand in this function too; those it does not know yet are brought along."""
        module = inspect.getmodule(inspect.unwrap(called))
        assert module is not None
        brought = self.knowledge.brought_values()
        theirs = {**brought, **vars(module)}
        here = {**brought, **self.namespace}
        used = [name for name in names if name in theirs]
        if any(name in here and here[name] is not theirs[name] for name in used):
            return False
        new = [name for name in used if name not in here]
        self.knowledge.brought.update(dict.fromkeys(new, module))
        return True

    def _test(self, test: cst.BaseExpression) -> cst.BaseExpression:
        """A test less what is known to make no difference to its truth."""
        match test:
            case cst.BooleanOperation(operator=cst.And() | cst.Or() as operator):
                left, right = self._test(test.left), self._test(test.right)
                value = self._value(right)
                if value is not _UNKNOWN and bool(value) is isinstance(operator, cst.And):
                    return left
                return test.with_changes(left=left, right=right)
        return test

    # Statements

    def visit_If(self, node: cst.If) -> bool:
        return False

    def leave_If(
        self, original_node: cst.If, updated_node: cst.If
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement] | cst.RemovalSentinel:
        open_branches: list[cst.If] = []
        rest: cst.If | cst.Else | None = original_node
        body: cst.BaseSuite | None = None
        while isinstance(rest, cst.If):
            test = self._test(cast(cst.BaseExpression, rest.test.visit(self)))
            value = self._value(test)
            if value is _UNKNOWN or value:
                body = cast(cst.BaseSuite, rest.body.visit(self))
            if value is _UNKNOWN:
                open_branches.append(rest.with_changes(test=test, body=body, orelse=None))
            elif value:
                break
            body, rest = None, rest.orelse
        if isinstance(rest, cst.Else):
            body = cast(cst.BaseSuite, rest.body.visit(self))
        if not open_branches:
            return _spliced(original_node, body)
        chain: cst.If | cst.Else | None = None if body is None or _is_empty(body) else cst.Else(body=body)
        for branch in reversed(open_branches):
            chain = branch.with_changes(orelse=chain)
        assert isinstance(chain, cst.If)
        chain = chain.with_changes(leading_lines=original_node.leading_lines)
        pointless = chain.orelse is None and _is_empty(chain.body) and is_pure(chain.test)
        return cst.RemoveFromParent() if pointless else chain

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        body: list[cst.BaseStatement] = []
        for statement in updated_node.body:
            body.append(statement)
            if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[-1], _LEAVING):
                break
        return updated_node.with_changes(body=body or [nothing()])


def _literals(namespace: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in namespace.items() if isinstance(value, _UNCHANGING)}


def _computable(node: cst.CSTNode, known: Collection[str]) -> bool:
    if isinstance(node, cst.Name):
        return node.value in known or node.value in ("True", "False", "None")
    return not isinstance(node, _OPAQUE) and all(_computable(child, known) for child in node.children)


def _is_config(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "config"


def _attribute(call: cst.Call) -> cst.BaseExpression:
    """`getattr(owner, "name")` as `owner.name`."""
    match call.args:
        case [cst.Arg(value=owner), cst.Arg(value=cst.SimpleString() as name)]:
            if str(name.evaluated_value).isidentifier():
                return cst.Attribute(owner, cst.Name(str(name.evaluated_value)))
    return call


def _enclosed(node: cst.BaseExpression) -> cst.BaseExpression:
    """An expression in parentheses, unless it holds together without."""
    if isinstance(node, (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.BaseNumber)) or node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _replacing(whole: cst.BaseExpression, part: cst.BaseExpression) -> cst.BaseExpression:
    """A part of an expression that takes the place of the whole."""
    return _enclosed(part) if whole.lpar else part


def _is_empty(body: cst.BaseSuite) -> bool:
    match statements(body):
        case [cst.SimpleStatementLine(body=[cst.Pass()])]:
            return True
    return False


def _spliced(node: cst.If, body: cst.BaseSuite | None) -> cst.FlattenSentinel[cst.BaseStatement] | cst.RemovalSentinel:
    """The statements of the branch that is taken, in the place of the whole statement."""
    if body is None or _is_empty(body):
        return cst.RemoveFromParent()
    first, *others = statements(body)
    lines = (*node.leading_lines, *getattr(first, "leading_lines", ()))
    return cst.FlattenSentinel([first.with_changes(leading_lines=lines), *others])
