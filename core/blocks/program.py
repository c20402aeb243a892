"""The network in a program, by its syntax alone: its layers, and what forward() does with them, in a row of blocks."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from core.blocks import (
    KINDS,
    MOST_BLOCKS,
    MOVES,
    NO_MATTER,
    ORDER,
    Block,
    BlocksRefused,
    count,
    fresh,
    read_block,
    written,
)
from core.blocks.lists import EDITS, MOST_ITEMS, NotFollowed, added, edited, item, items_of, put, remove
from core.blocks.torch_calls import call_text, function, summed, tensor_method, text_of
from core.blocks.values import (
    LARGEST,
    Flow,
    Given,
    Instance,
    Own,
    Part,
    Row,
    Unknown,
    attribute_of,
    blocks_of,
    compared,
    counted,
    inside,
    is_module,
    is_sequential,
    is_small,
    joined_text,
    layers_in,
    layers_of,
    layers_within,
    row_of,
)
from core.config import Problem
from core.foreign import quoted

DEEPEST = 12
"""Calls inside of calls, of what the program itself defines."""
MOST_STEPS = 20_000
"""Statements and expressions that are followed."""
CHILD = "_"
"""The name under which a printed layer is given what is in it."""
CONTAINERS = ("ModuleList", "OrderedDict", "ModuleDict", "list", "tuple", "dict")
COUNTING = ("range", "len", "zip", "enumerate", "reversed", "int", "str")
WRAPPERS = (
    "DataParallel",
    "DistributedDataParallel",
    "OptimizedModule",
    "compile",
    "script",
    "weight_norm",
    "spectral_norm",
)
TOLD = ("in_channels", "out_channels", "in_features", "out_features", "num_features", "bias", *NO_MATTER)
"""Attributes of a layer that may be assigned to without changing what its block computes here."""
MATTERING = {
    "forward",
    *(argument.name for arguments in KINDS.values() for argument in arguments),
    *(name for order in ORDER.values() for name in order.split()),
} - set(TOLD)
"""Attributes of a layer that may not."""
LAYERS = (Part, Row, Instance, list, dict)
"""What a row may be made of."""
LEARNING = ("Conv1d", "Conv2d", "Linear", "BatchNorm1d", "BatchNorm2d", "LayerNorm")


@dataclass(frozen=True)
class Reading:
    """A program's network, and what is worth knowing about how it was found."""

    blocks: tuple[Block, ...]
    notes: tuple[Problem, ...]


class _Returned(Exception):
    def __init__(self, value: Any):
        super().__init__()
        self.value = value


class _Left(Exception):
    """A loop's break, or continue."""

    def __init__(self, whole: bool):
        super().__init__()
        self.whole = whole


def joined(parts: Sequence[Part]) -> tuple[tuple[Block, ...], list[Problem]]:
    """Parts in a row, with Flatten before a Linear that follows maps; and a sentence on each Flatten."""
    blocks: list[Block] = []
    notes: list[Problem] = []
    for part in parts:
        first = next((block for block in part.blocks if block.kind in (*LEARNING, "Flatten")), None)
        shaped = [b.kind for b in blocks if b.kind == "Flatten" or b.kind[-2:] in ("1d", "2d")]
        if first is not None and first.kind == "Linear" and shaped and shaped[-1] != "Flatten":
            notes.append(Problem("", "Flatten was put before {block}.", {"block": written(first)}))
            blocks.append(fresh("Flatten"))
        blocks += part.blocks
    return tuple(blocks), notes


class Program:
    """What a program defines, as far as that can be known from its text."""

    def __init__(self, tree: ast.Module, printed: bool = False):
        self.tree = tree
        self.printed = printed
        self.names: dict[str, Any] = {}
        self.instance = Instance(None)
        self.used: list[Part | Row | Instance] = []
        self.unknown_containers: list[str] = []
        self.passed_over: list[str] = []
        self.strict = False
        self.depth = self.steps = self.loops = 0

    def read(self) -> Reading:
        """Its network: what forward() does, else all layers in the order in which they were made.

        Raises:
            BlocksRefused: forward() does what no row of blocks can do.
        """
        classes = [node for node in self.tree.body if isinstance(node, ast.ClassDef)]
        functions = {node.name for node in self.tree.body if isinstance(node, ast.FunctionDef)}
        if not classes and functions & {"__init__", "forward"}:
            methods = ast.ClassDef("", bases=[], keywords=[], body=self.tree.body, decorator_list=[])
            return self._of_class(methods)
        with suppress(_Returned):  # a line of some function
            self._run(self.tree.body, self.names)
        named = [*self.names.items(), *self.instance.attributes.items()]
        loose = {layer: name for name, value in named for layer in layers_in(value) if layer not in self.used}
        networks = [layer for layer in loose if isinstance(layer, Instance)]
        if networks:
            own = list(layers_within(networks[-1]))
            others = [name for layer, name in loose.items() if layer not in own]
            return _without(self._of_instance(networks[-1]), others)
        if loose:
            apart = _apart(list(loose))
            others = [name for layer, name in loose.items() if layer not in apart]
            return _without(self._of_parts({layer: loose[layer] for layer in apart}), [*others, *self._passed_over()])
        helpers = {
            node.id
            for other in classes
            for node in ast.walk(other)
            if isinstance(node, ast.Name) and node.id != other.name
        }
        modules = [node for node in classes if is_module(node) and node.name not in helpers]
        if not modules:
            return Reading((), ())
        return _without(self._of_class(modules[-1]), [node.name for node in modules[:-1]])

    def _passed_over(self) -> list[str]:
        """The networks whose making could not be followed, by their names."""
        return [name for name in dict.fromkeys(self.passed_over) if not any(layers_within(self.names.get(name)))]

    def _of_class(self, definition: ast.ClassDef) -> Reading:
        return self._of_instance(self._made(definition, Given([], {}, [], {})))

    def _of_instance(self, instance: Instance) -> Reading:
        name = instance.definition.name if instance.definition else ""
        parts = list(layers_of(instance))
        if instance.method("forward") is None:
            reading = self._of_parts({part: label for label, part in parts if part not in self.used})
            others = [
                label for label, value in instance.attributes.items() if isinstance(value, Unknown) and value.text
            ]
            note = Problem("", "Left out, since there is no such block here: {names}.", {"names": ", ".join(others)})
            return Reading(reading.blocks, (*reading.notes, *([note] if others else [])))
        blocks = self._forward(instance)
        values = {"count": count(blocks), "name": f"{name}.forward()".lstrip(".")}
        notes = [
            Problem("", "One block was read, in the order of {name}.", values)
            if values["count"] == 1
            else Problem("", "{count} blocks were read, in the order of {name}.", values)
        ]
        unused = [label for label, part in parts if not self._is_used(part)]
        shared = [
            label for label, part in parts if part.calls > 1 and any(block.kind in LEARNING for block in inside(part))
        ]
        if unused:
            notes.append(
                Problem("", "Left out, since forward() does not use it: {names}.", {"names": ", ".join(unused)})
            )
        if shared:
            names = {"names": ", ".join(shared)}
            notes.append(Problem("", "Used more than once, here each time with weights of its own: {names}.", names))
        return Reading(blocks, tuple(notes))

    def _is_used(self, part: Part | Row | Instance) -> bool:
        """Whether a layer is a part of the network, or one of its own layers is."""
        inner = part.layers.values() if isinstance(part, Row) else ()
        return bool(part.calls) or part in self.used or any(layer.calls for layer in layers_in(list(inner)))

    def _of_parts(self, parts: Mapping[Part | Row | Instance, str]) -> Reading:
        blocks, before = joined([part for layer in parts for part in self._flat(layer)])
        values = {"count": count(blocks), "names": ", ".join(dict.fromkeys(parts.values()))}
        if len(parts) > 1:
            return Reading(blocks, (Problem("", "{count} blocks were read, in this order: {names}.", values), *before))
        if values["count"] == 1:
            return Reading(blocks, (Problem("", "One block was read from {names}.", values),))
        return Reading(blocks, (Problem("", "{count} blocks were read from {names}.", values),))

    def parts(self, node: ast.expr) -> list[Part]:
        """The layers that an expression makes; one that can't be read says why."""
        if isinstance(node, (ast.Tuple, ast.List)):
            return [part for element in node.elts for part in self.parts(element)]
        try:
            value = self._value(node, self.names)
        except NotFollowed:
            self._refuse(node)
        if isinstance(value, (Part, Row, list, dict, Instance)):
            return list(self._flat(value))
        return [Part([read_block(ast.unparse(node))])]

    def _flat(self, value: Any) -> Iterator[Part]:
        """The layers in lists, pairs of a name and a layer, dicts and layers."""
        self._count(self.tree)
        if isinstance(value, Part):
            self.used.append(value)
            yield value
        elif isinstance(value, Instance):
            self.used.append(value)
            yield Part(list(self._forward(value)))
        elif isinstance(value, Row):
            self.used.append(value)
            yield Part(blocks_of(self._flat(list(value.layers.values()))))
        elif isinstance(value, dict):
            yield from self._flat(list(value.values()))
        elif isinstance(value, list):
            for item in value:
                yield from self._flat(item)
        elif isinstance(value, Unknown) and value.text:
            yield _as_layer(value)

    def _forward(self, instance: Instance) -> tuple[Block, ...]:
        """The blocks that an object's forward() stands for."""
        forward = instance.method("forward")
        if forward is None:
            return tuple(block for _name, layer in layers_of(instance) for block in blocks_of(self._flat(layer)))
        before, self.strict = self.strict, True
        result = self._called(Own(forward, instance), [Flow()], {})
        self.strict = before
        if isinstance(result, list) and result:
            result = result[0]  # "return output, x": the logits come first
        return result.blocks if isinstance(result, Flow) else self._refuse(forward)

    # Running

    def _run(self, body: Sequence[ast.stmt], names: dict[str, Any]) -> None:
        for statement in body:
            self._count(statement)
            try:
                self._step(statement, names)
            except NotFollowed:
                self._refuse(statement)

    def _count(self, node: ast.AST) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            self._refuse(node)

    def _step(self, statement: ast.stmt, names: dict[str, Any]) -> None:
        match statement:
            case ast.ClassDef() | ast.FunctionDef():
                names[statement.name] = Own(statement)
            case ast.Assign(targets=targets, value=value):
                result = self._value(value, names)
                for target in targets:
                    self._assign(target, result, names)
            case ast.Delete(targets=targets):
                for target in targets:
                    self._delete(target, names)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, self._value(value, names), names)
            case ast.AugAssign(target=target, op=op, value=value):
                held = self._value(target, names)
                if isinstance(op, ast.Add) and isinstance(held, (list, Row)) and not isinstance(value, ast.Tuple):
                    self._edit(held, added, items_of(self._value(value, names)))
                else:
                    whole = ast.copy_location(ast.BinOp(target, op, value), statement)
                    self._assign(target, self._value(whole, names), names)
            case ast.Return(value=value):
                raise _Returned(self._value(value, names) if value else None)
            case ast.Expr(value=ast.Call() as call):
                result = self._value(call, names, effect=True)
                in_place = ast.unparse(call.func).endswith("_") and self._flows(call, names)
                if self.strict and (in_place or (isinstance(result, Flow) and result not in names.values())):
                    self._refuse(call)  # what it makes is not assigned, and may be what goes on
            case ast.For():
                self._loop(statement, names)
            case ast.Break() | ast.Continue():
                if self.loops:  # a line of some loop otherwise
                    raise _Left(isinstance(statement, ast.Break))
            case ast.If(test=test, body=inner, orelse=other):
                decided = self._value(test, names)
                if isinstance(decided, (bool, int, float, str, list)) or decided is None:
                    self._run(inner if decided else other, names)
                else:
                    self._skip(statement, names)
            case ast.With(body=inner):
                self._run(inner, names)
            case ast.While() | ast.Try() | ast.Match():
                self._skip(statement, names)

    def _loop(self, statement: ast.For, names: dict[str, Any]) -> None:
        iterated = self._value(statement.iter, names)
        items = items_of(iterated)
        if items is None or len(items) > MOST_BLOCKS:
            self._skip(statement, names)
            return
        if self.strict and isinstance(iterated, (Row, Instance)):
            iterated.calls += 1
        for each in items:
            self._assign(statement.target, each, names)
            self.loops += 1
            try:
                self._run(statement.body, names)
            except _Left as left:
                if left.whole:
                    return
            finally:
                self.loops -= 1
        self._run(statement.orelse, names)

    def _skip(self, statement: ast.stmt, names: dict[str, Any]) -> None:
        """Pass over what can't be followed, unless it may be a part of the network."""
        words = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        flows = self.strict and any(isinstance(names.get(word), Flow) for word in words)
        if flows or (self.depth and _makes_layers(statement)):
            self._refuse(statement)
        self._skip_no_edit(statement, names)

    def _skip_no_edit(self, statement: ast.stmt, names: dict[str, Any]) -> None:
        """Refuse a statement that is passed over if it may change a list of layers, or a layer."""
        before, self.strict = self.strict, False
        inner = dict(names)
        loops = [node for node in ast.walk(statement) if isinstance(node, ast.For)]
        for loop in loops:
            of_layers = any(
                isinstance(node, ast.expr) and isinstance(node, (ast.Name, ast.Attribute))
                and isinstance(self._looked_at(node, names), (Part, Row, Instance))
                for node in ast.walk(loop.iter)
            )  # fmt: skip
            for node in ast.walk(loop.target):
                if isinstance(node, ast.Name):
                    inner[node.id] = Part([]) if of_layers else Unknown()
        for node in ast.walk(statement):
            match node:
                case ast.Call(func=ast.Attribute(value=owner, attr=name), args=values) if name in EDITS:
                    if any(layers_within([self._looked_at(part, inner) for part in (owner, *values)])):
                        self._refuse(node)
                case ast.Return(value=ast.expr() as value) if any(layers_within(self._looked_at(value, inner))):
                    self._refuse(node)
                case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[owner, *_rest]):
                    if isinstance(self._looked_at(owner, inner), (Part, Row, Instance)):
                        self._refuse(node)
        for node in ast.walk(statement):
            match node:
                case ast.Assign(targets=targets, value=value):
                    self._skip_no_change(node, targets, self._looked_at(value, inner), inner)
                case (
                    ast.AugAssign(target=target, value=value) | ast.AnnAssign(target=target, value=ast.expr() as value)
                ):
                    self._skip_no_change(node, [target], self._looked_at(value, inner), inner)
                case ast.Delete(targets=targets):
                    self._skip_no_change(node, targets, None, inner)
        self.strict = before

    def _skip_no_change(
        self, statement: ast.stmt, targets: Sequence[ast.expr], value: Any, names: dict[str, Any]
    ) -> None:
        layers = any(layers_within(value))
        for target in targets:
            for element in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
                node = element.value if isinstance(element, ast.Starred) else element
                held = self._looked_at(node, names)
                added_to = isinstance(statement, ast.AugAssign) and layers
                if isinstance(node, ast.Name) and not added_to and not any(layers_within(held)):
                    self.passed_over += [node.id] if layers and isinstance(value, (Part, Row)) else []
                    continue
                owner = self._looked_at(node.value, names) if isinstance(node, (ast.Attribute, ast.Subscript)) else None
                changes = any(layers_within([held, value])) and held is not value
                if isinstance(node, ast.Attribute):
                    changes = isinstance(owner, (Part, Row, Instance)) and (changes or node.attr in MATTERING)
                elif isinstance(node, ast.Subscript):
                    changes = changes or any(layers_within([owner]))
                if changes:
                    self._refuse(statement)

    def _looked_at(self, node: ast.expr, names: dict[str, Any]) -> Any:
        """The value of an expression that makes or names something, and does nothing else; Unknown of another."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call):
                called = self._looked_at(inner.func, names) if isinstance(inner.func, ast.Name) else None
                name = inner.func.attr if isinstance(inner.func, ast.Attribute) else ""
                if (isinstance(called, Own) and isinstance(called.definition, ast.FunctionDef)) or name in EDITS:
                    return Unknown()
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            return attribute_of(self._self(names), node.attr)
        return self._value(node, dict(names))

    def _refuse(self, node: ast.AST) -> NoReturn:
        text = "" if isinstance(node, ast.Module) else ast.unparse(node)
        if not text:
            raise BlocksRefused(Problem("", "This program makes more layers than can be followed here."))
        line = {"line": getattr(node, "lineno", 1), "text": quoted(text.splitlines()[0])}
        raise BlocksRefused(
            Problem("", "Line {line} can't be put into a row of blocks: “{text}”. The network stays as it was.", line)
        )

    def _refuse_count(self, blocks: int) -> NoReturn:
        values = {"count": blocks, "most": MOST_BLOCKS}
        raise BlocksRefused(Problem("", "{count} blocks are too many: at most {most}.", values))

    def _assign(self, target: ast.expr, value: Any, names: dict[str, Any]) -> None:
        match target:
            case ast.Name(id=name):
                names[name] = value
            case ast.Attribute(value=owner, attr=name):
                self._set(self._owner(owner, names), name, value)
            case ast.Subscript(value=owner, slice=place):
                whole = self._owner(owner, names)
                if isinstance(whole, Flow):
                    self._refuse(target)
                self._edit(whole, put, self._index(place, names), value)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                each = value if isinstance(value, list) and len(value) == len(elements) else [Unknown()] * len(elements)
                for element, item_ in zip(elements, each, strict=True):
                    self._assign(element, item_, names)

    def _delete(self, target: ast.expr, names: dict[str, Any]) -> None:
        match target:
            case ast.Name(id=name):
                names.pop(name, None)
            case ast.Attribute(value=owner, attr=name):
                self._unset(self._owner(owner, names), name)
            case ast.Subscript(value=owner, slice=place):
                self._edit(self._owner(owner, names), remove, self._index(place, names))
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for element in elements:
                    self._delete(element, names)

    def _set(self, owner: Any, name: str, value: Any) -> None:
        """Give an object, a row or a layer an attribute."""
        if isinstance(owner, (Part, Row, Instance)) and name == "forward":
            raise NotFollowed
        if isinstance(owner, Part) and name in MATTERING:
            raise NotFollowed
        layer = _as_layer(value)
        row = owner if isinstance(owner, Row) else row_of(owner)
        if row is not None and any(layers_within([layer, row.layers.get(name)])):
            self._edit(row, edited, "add_module", [name, layer], {})
        elif isinstance(owner, Instance):
            owner.attributes[name] = value

    def _unset(self, owner: Any, name: str) -> None:
        row = owner if isinstance(owner, Row) else row_of(owner)
        if row is not None:
            row.layers.pop(name, None)
        if isinstance(owner, Instance):
            owner.attributes.pop(name, None)

    def _edit(self, whole: Any, what: Callable[..., Any], *given: Any) -> Any:
        """Do something to a list of layers (raises NotFollowed)."""
        row = whole if isinstance(whole, Row) else row_of(whole)
        if row is not None:
            self._take(given)
        result = what(whole, *[value if row is None else _as_layer(value) for value in given])
        if row is not None and not all(isinstance(layer, LAYERS) for layer in row.layers.values()):
            raise NotFollowed
        return result

    def _take(self, given: Iterable[Any]) -> None:
        """Note that layers are parts of a row from now on."""
        for value in given:
            for item_ in value if isinstance(value, list) else [value]:
                self.used += layers_in(item_)

    def _owner(self, node: ast.expr, names: dict[str, Any]) -> Any:
        return self._self(names) if isinstance(node, ast.Name) and node.id == "self" else self._value(node, names)

    def _index(self, place: ast.expr, names: dict[str, Any]) -> Any:
        """An index, a slice or a key; Unknown where it is not known."""
        if not isinstance(place, ast.Slice):
            return self._value(place, names)
        bounds = [self._value(bound, names) if bound else None for bound in (place.lower, place.upper, place.step)]
        return slice(*bounds) if all(bound is None or isinstance(bound, int) for bound in bounds) else Unknown()

    def _self(self, names: Mapping[str, Any]) -> Instance:
        instance = names.get("self", self.instance)
        return instance if isinstance(instance, Instance) else self.instance

    # Values

    def _value(self, node: ast.expr, names: dict[str, Any], effect: bool = False) -> Any:
        self._count(node)
        value = self._known(node, names, effect)
        if isinstance(value, Unknown) and self.strict and not effect and self._flows(node, names):
            self._refuse(node)
        return value

    def _flows(self, node: ast.expr, names: Mapping[str, Any]) -> bool:
        """Whether what forward() was given goes into an expression, beyond its sizes."""
        if isinstance(node, ast.Attribute) and node.attr in ("shape", "device", "dtype"):
            return False
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".size", ".dim", "len")):
            return False
        if isinstance(node, ast.Name):
            return isinstance(names.get(node.id), Flow)
        return any(self._flows(child, names) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))

    def _known(self, node: ast.expr, names: dict[str, Any], effect: bool) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return names.get(name, self.names.get(name, Unknown()))
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                return attribute_of(self._self(names), name)
            case ast.Attribute(value=value, attr=name):
                return attribute_of(self._value(value, names), name)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return list(self._elements(elements, names))
            case ast.Dict(keys=keys, values=values):
                labels = [key.value if isinstance(key, ast.Constant) else at for at, key in enumerate(keys)]
                return {str(key): self._value(value, names) for key, value in zip(labels, values, strict=True)}
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self._value(operand, names)
                return -value if isinstance(value, (int, float)) else Unknown()
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                value = self._value(operand, names)
                return Unknown() if isinstance(value, (Unknown, Flow)) else not value
            case ast.BinOp(left=left, op=op, right=right):
                return self._combined(self._value(left, names), op, self._value(right, names))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return compared(self._value(left, names), op, self._value(right, names))
            case ast.Subscript(value=value, slice=place):
                return item(self._owner(value, names), self._index(place, names))
            case ast.JoinedStr(values=pieces):
                return self._text(pieces, names)
            case ast.IfExp(test=test, body=body, orelse=other):
                decided = self._value(test, names)
                if isinstance(decided, (Unknown, Flow)):
                    return Unknown()
                return self._value(body if decided else other, names)
            case ast.ListComp(elt=element, generators=[ast.comprehension(target=target, iter=iterated, ifs=[])]):
                items = items_of(self._value(iterated, names))
                if items is None or len(items) > MOST_BLOCKS:
                    return Unknown()
                made = []
                for each in items:
                    inner = dict(names)
                    self._assign(target, each, inner)
                    made.append(self._value(element, inner))
                return made
            case ast.Call():
                return self._call(node, names, effect)
        return Unknown()

    def _elements(self, elements: Sequence[ast.expr], names: dict[str, Any]) -> Iterator[Any]:
        for element in elements:
            if isinstance(element, ast.Starred):
                value = self._value(element.value, names)
                held = items_of(value)
                yield from [value] if held is None else held
            else:
                yield self._value(element, names)

    def _text(self, pieces: Sequence[ast.expr], names: dict[str, Any]) -> Any:
        """An f-string of what is known."""
        made: Any = ""
        for piece in pieces:
            plain = isinstance(piece, ast.FormattedValue) and piece.format_spec is None and piece.conversion == -1
            value = self._value(piece.value if isinstance(piece, ast.FormattedValue) else piece, names)
            usable = isinstance(value, str) or (plain and isinstance(value, int))
            made = joined_text(made, ast.Add(), str(value)) if usable and isinstance(made, str) else Unknown()
        return made

    def _combined(self, left: Any, op: ast.operator, right: Any) -> Any:
        if isinstance(left, Flow) and isinstance(right, Flow) and isinstance(op, ast.Add):
            return summed(left, right) or Unknown()
        if isinstance(left, list) and isinstance(right, list) and isinstance(op, ast.Add):
            return [*left, *right] if len(left) + len(right) <= MOST_ITEMS else Unknown()
        if isinstance(left, Row) and isinstance(right, Row) and isinstance(op, ast.Add):
            return _row_of([*left.layers.values(), *right.layers.values()])
        if isinstance(op, ast.Mult) and not self.printed and (isinstance(left, Row) or isinstance(right, Row)):
            row, times = (left, right) if isinstance(left, Row) else (right, left)
            known = isinstance(times, int) and 0 < times <= MOST_BLOCKS
            return _row_of(list(row.layers.values()) * times) if known else Unknown()
        if self.printed and isinstance(left, int) and isinstance(op, ast.Mult):
            parts = [part for part in self._flat(right) if part.blocks]
            if left * len(parts) > MOST_BLOCKS:
                self._refuse_count(left * count(blocks_of(parts)))
            left = left if parts else 0
            return [Part(list(part.blocks)) for _ in range(left) for part in parts]
        if isinstance(left, str) and isinstance(op, (ast.Add, ast.Mod)):
            return joined_text(left, op, right)
        if not is_small(left) or not is_small(right):
            return Unknown()
        result: float
        match op:
            case ast.Add():
                result = left + right
            case ast.Sub():
                result = left - right
            case ast.Mult():
                result = left * right
            case ast.FloorDiv() if right:
                result = left // right
            case ast.Div() if right:
                result = left / right
            case ast.Pow() if 0 <= right <= 8 and abs(left) <= 1000:
                result = left**right
            case _:
                return Unknown()
        return result if abs(result) <= LARGEST else Unknown()

    # Calls

    def _call(self, node: ast.Call, names: dict[str, Any], effect: bool) -> Any:
        given = self._given(node, names)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if isinstance(node.func, ast.Attribute):
            called_on = node.func.value
            if isinstance(called_on, ast.Call) and getattr(called_on.func, "id", "") == "super":
                instance = self._self(names)
                if name == "__init__":
                    self._fill(instance, given)
                    return None
                row = row_of(instance)
                return None if row is None else self._method(row, name, given)
            receiver = self._owner(called_on, names)
            callee = attribute_of(receiver, name)
            if isinstance(receiver, Flow):
                return tensor_method(receiver, name, given)
            if isinstance(receiver, str) and name == "format" and not given.options:
                return joined_text(receiver.replace("{}", "%s"), ast.Mod(), given.values)
            if isinstance(receiver, (Part, Row, Instance, list, dict)) and (
                isinstance(callee, Unknown) or name == "forward"
            ):
                return self._method(receiver, name, given)
        else:
            callee = self._value(node.func, names)
        if isinstance(callee, (Part, Row, list, Instance)):
            return self._applied(callee, given.values)
        if isinstance(callee, Own) and name != "Residual":
            if isinstance(callee.definition, ast.ClassDef):
                return self._made(callee.definition, given)
            return self._called(callee, given.values, given.options)
        if given.values and isinstance(given.values[0], Flow):
            return function(name, given)
        return self._layer(node, name, given)

    def _given(self, node: ast.Call, names: dict[str, Any]) -> Given:
        values, texts = [], []
        for argument in node.args:
            starred = isinstance(argument, ast.Starred)
            inner = argument.value if isinstance(argument, ast.Starred) else argument
            value = self._value(inner, names)
            held = items_of(value) if starred else None
            items = [value] if held is None else held
            values += items
            texts += [text_of(item, inner) for item in items]
        if self.printed:
            children = [keyword.value for keyword in node.keywords if keyword.arg == CHILD]
            values += [self._value(child, names) for child in children]
            texts += [ast.unparse(child) for child in children]
        keywords = [keyword for keyword in node.keywords if keyword.arg and not (self.printed and keyword.arg == CHILD)]
        options = {str(keyword.arg): self._value(keyword.value, names) for keyword in keywords}
        named = {str(keyword.arg): text_of(options[str(keyword.arg)], keyword.value) for keyword in keywords}
        return Given(values, options, texts, named)

    def _fill(self, instance: Instance, given: Given) -> None:
        """What the constructor of a class of torch does with what it is given: a Sequential's layers."""
        definition = instance.definition
        if (definition and is_sequential(definition)) or any(layers_within(given.values)):
            instance.attributes[definition.name if definition else "layers"] = self._row(given)

    def _method(self, receiver: Any, name: str, given: Given) -> Any:
        if name in MOVES.split("|") or name in ("weight_norm", "compile"):
            return receiver
        if name in EDITS:
            return self._edit(receiver, edited, name, given.values, given.options)
        if name in ("items", "values", "named_children", "children"):
            held = receiver if isinstance(receiver, dict) else _children(receiver)
            return [[key, value] for key, value in held.items()] if name in ("items", "named_children") else (
                list(held.values())
            )  # fmt: skip
        if name == "forward":
            return self._applied(receiver, given.values)
        return Unknown()

    def _applied(self, layer: Any, given: list[Any]) -> Any:
        """What a layer makes of what goes through forward()."""
        if not given or not isinstance(given[0], Flow):
            return Unknown()
        if not isinstance(layer, (Part, Row, Instance)):
            return Unknown()
        layer.calls += 1
        return Flow((*given[0].blocks, *blocks_of(self._flat(layer))))

    def _layer(self, node: ast.Call, name: str, given: Given) -> Any:
        """What a call of something that the program does not define makes."""
        values = given.values
        prefix = ast.unparse(node.func)[: -len(name)] if name else ""
        if name == "Sequential":
            return self._row(given)
        if name == "Residual":
            return Part([read_block(call_text("Residual", [written(b) for b in blocks_of(self._inner(given))], {}))])
        if name in CONTAINERS:
            if given.options and not values:
                return dict(given.options)
            return _container(name, values)
        if name in WRAPPERS and values and isinstance(values[0], (Part, Row, Instance)):
            return values[0]
        if name in ("setattr", "delattr", "getattr") and not prefix and len(values) >= 2:
            return self._attribute(name, *values[:3])
        if name in COUNTING:
            listed = [items_of(value) if isinstance(value, (Row, dict)) else value for value in values]
            return counted(name, listed)
        if name == "Identity":
            return Part([])
        if "optim" in prefix or not name.lstrip("_")[:1].isupper() or "Loss" in name:
            return Unknown()
        children = [keyword for keyword in node.keywords if self.printed and keyword.arg == CHILD]
        if children and len(children) == len(values) and not given.named:
            self.unknown_containers += [name] if name not in self.unknown_containers else []
            return values
        if name in KINDS or self.printed or prefix.endswith("nn."):
            own = given.texts[: len(given.texts) - len(children)]
            return Part([read_block(call_text(name, own, given.named))])
        return Unknown(ast.unparse(node))

    def _attribute(self, what: str, owner: Any, name: Any, value: Any = None) -> Any:
        """Python's setattr, getattr and delattr."""
        if not isinstance(name, str):
            if what != "getattr" and any(layers_within([owner, value])):
                raise NotFollowed
            return Unknown()
        if what == "getattr":
            return attribute_of(owner, name)
        return self._unset(owner, name) if what == "delattr" else self._set(owner, name, value)

    def _row(self, given: Given) -> Row:
        """A Sequential of what its call is given; what is no layer says why."""
        values = given.values
        alone = (
            _container("OrderedDict", values) if len(values) == 1 and isinstance(values[0], (list, dict)) else values
        )
        row = _row_of(alone) if isinstance(alone, list) else Row(dict(alone))
        for name, value in row.layers.items():
            value = _as_layer(value)
            if not isinstance(value, LAYERS):
                value = Part([read_block(given.texts[int(name)] if values is alone else name)])
            row.layers[name] = value
            self._take([value])
        return row

    def _inner(self, given: Given) -> Iterator[Part]:
        """The layers among the arguments of a container; what is none says why."""
        for value, text in zip(given.values, given.texts, strict=True):
            if isinstance(value, (Part, Row, Instance, list, dict)) or (isinstance(value, Unknown) and value.text):
                yield from self._flat(value)
            else:
                yield Part([read_block(text)])

    def _made(self, definition: ast.ClassDef, given: Given) -> Instance:
        """An object of one of the program's classes."""
        instance = Instance(definition)
        for base in definition.bases:
            if isinstance(base, ast.Name) and isinstance(self.names.get(base.id), Own):
                self._refuse(definition)
        constructor = instance.method("__init__")
        if constructor is None or is_sequential(definition):
            self._fill(instance, given if constructor is None else Given([], {}, [], {}))
        if constructor is not None:
            before, self.strict = self.strict, False
            self._called(Own(constructor, instance), given.values, given.options)
            self.strict = before
        return instance

    def _called(self, function: Own, given: list[Any], options: Mapping[str, Any]) -> Any:
        """What a function of the program returns."""
        definition = function.definition
        assert isinstance(definition, ast.FunctionDef)
        if self.depth >= DEEPEST:
            self._refuse(definition)
        parameters = [*definition.args.posonlyargs, *definition.args.args]
        names: dict[str, Any] = {parameter.arg: Unknown() for parameter in parameters}
        defaults = definition.args.defaults
        for parameter, default in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True):
            names[parameter.arg] = self._value(default, {})
        for parameter, kw_default in zip(definition.args.kwonlyargs, definition.args.kw_defaults, strict=True):
            names[parameter.arg] = self._value(kw_default, {}) if kw_default else Unknown()
        values = [function.self, *given] if function.self is not None else given
        names |= {parameter.arg: value for parameter, value in zip(parameters, values, strict=False)}
        if definition.args.vararg:
            names[definition.args.vararg.arg] = list(values[len(parameters) :])
        names |= options
        self.depth += 1
        loops, self.loops = self.loops, 0
        try:
            self._run(definition.body, names)
        except _Returned as returned:
            return returned.value
        finally:
            self.depth -= 1
            self.loops = loops
        return None


def _as_layer(value: Any) -> Any:
    """A value of a list of layers; one that no block is says so."""
    return Part([read_block(value.text)]) if isinstance(value, Unknown) and value.text else value


def _row_of(items: Sequence[Any]) -> Row:
    return Row({str(number): layer for number, layer in enumerate(items)})


def _children(owner: Any) -> dict[str, Any]:
    """The layers of a row, of an object and of a list, by name."""
    row = owner if isinstance(owner, Row) else row_of(owner)
    if row is not None:
        return row.layers
    if isinstance(owner, Instance):
        return {name: value for name, value in owner.attributes.items() if any(layers_within(value))}
    return _row_of(owner).layers if isinstance(owner, list) else {}


def _container(name: str, values: list[Any]) -> Any:
    """A new list or dict, as Python's own and torch.nn's make them."""
    items = items_of(values[0]) if len(values) == 1 else None
    if len(values) == 1 and isinstance(values[0], dict):
        return dict(values[0])
    held = values if items is None else items
    if name in ("OrderedDict", "dict", "ModuleDict") and held and all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) for pair in held
    ):  # fmt: skip
        return dict(held)
    return [_as_layer(value) if name == "ModuleList" else value for value in held]


def _apart(loose: list[Part | Row | Instance]) -> list[Part | Row | Instance]:
    """Those networks of a program that belong together: none with layers of a larger one, or of a later one."""
    layers = [{id(part) for part in layers_within(layer) if isinstance(part, Part)} for layer in loose]
    apart = []
    for number, own in enumerate(layers):
        others = [(at, other) for at, other in enumerate(layers) if at != number and own & other]
        pieces = any(own < other or (own == other and at > number) for at, other in others)
        earlier = any(at > number and not other <= own for at, other in others)
        if not pieces and not earlier:
            apart.append(loose[number])
    return apart or loose[-1:]


def _makes_layers(statement: ast.stmt) -> bool:
    """Whether a statement may add to the network."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and (
            node.attr in ("append", "extend", "add_module") or isinstance(node.ctx, ast.Store)
        ):
            return True
    return False


def _without(reading: Reading, names: Sequence[str]) -> Reading:
    """A reading that also says which networks of the text were not taken."""
    if not names:
        return reading
    note = Problem("", "Also in this text, but not taken: {names}.", {"names": ", ".join(names)})
    return Reading(reading.blocks, (*reading.notes, note))
