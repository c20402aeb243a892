"""The network in a program, by its syntax alone: its layers, and what forward() does with them, in a row of blocks."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from core.blocks import KINDS, MOST_BLOCKS, MOVES, Block, BlocksRefused, count, fresh, read_block, written
from core.blocks.torch_calls import call_text, function, summed, tensor_method, text_of
from core.blocks.values import (
    LARGEST,
    Flow,
    Given,
    Instance,
    Own,
    Part,
    Unknown,
    attribute_of,
    blocks_of,
    compared,
    counted,
    inside,
    is_module,
    is_small,
    layers_in,
    layers_of,
)
from core.config import Problem
from core.foreign import quoted

DEEPEST = 12
"""Calls inside of calls, of what the program itself defines."""
MOST_STEPS = 20_000
"""Statements and expressions that are followed."""
MOST_ITEMS = 1_000
"""Items of a list."""
CHILD = "_"
"""The name under which a printed layer is given what is in it."""
CONTAINERS = ("ModuleList", "OrderedDict", "ModuleDict", "list", "tuple", "dict")
COUNTING = ("range", "len", "zip", "enumerate", "reversed", "int")
WRAPPERS = (
    "DataParallel",
    "DistributedDataParallel",
    "OptimizedModule",
    "compile",
    "script",
    "weight_norm",
    "spectral_norm",
)
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
        self.used: list[Part | Instance] = []
        self.unknown_containers: list[str] = []
        self.strict = False
        self.depth = self.steps = 0

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
            others = [name for layer, name in loose.items() if layer is not networks[-1]]
            return _without(self._of_instance(networks[-1]), others)
        if loose:
            return self._of_parts(loose)
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
        notes = [
            Problem(
                "",
                "{count} blocks were read, in the order of {name}.",
                {"count": count(blocks), "name": f"{name}.forward()".lstrip(".")},
            )
        ]
        unused = [label for label, part in parts if not part.calls and part not in self.used]
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

    def _of_parts(self, parts: Mapping[Part | Instance, str]) -> Reading:
        blocks, before = joined([part for layer in parts for part in self._flat(layer)])
        values = {"count": count(blocks), "names": ", ".join(dict.fromkeys(parts.values()))}
        if len(parts) > 1:
            return Reading(blocks, (Problem("", "{count} blocks were read, in this order: {names}.", values), *before))
        return Reading(blocks, (Problem("", "{count} blocks were read from {names}.", values),))

    def parts(self, node: ast.expr) -> list[Part]:
        """The layers that an expression makes; one that can't be read says why."""
        if isinstance(node, (ast.Tuple, ast.List)):
            return [part for element in node.elts for part in self.parts(element)]
        value = self._value(node, self.names)
        if isinstance(value, (Part, list, dict, Instance)):
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
            self._step(statement, names)

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
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, self._value(value, names), names)
            case ast.AugAssign(target=target, op=op, value=value):
                read = ast.parse(ast.unparse(target), mode="eval").body
                whole = ast.copy_location(ast.BinOp(read, op, value), statement)
                self._assign(target, self._value(whole, names), names)
            case ast.Return(value=value):
                raise _Returned(self._value(value, names) if value else None)
            case ast.Expr(value=ast.Call() as call):
                self._value(call, names, effect=True)
            case ast.For(target=target, iter=iterated, body=inner):
                items = self._value(iterated, names)
                if isinstance(items, Part):
                    items.calls += 1
                    items = [Part([block]) for block in items.blocks]
                if isinstance(items, list) and len(items) <= MOST_BLOCKS:
                    for item in items:
                        self._assign(target, item, names)
                        self._run(inner, names)
                else:
                    self._skip(statement, names)
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

    def _skip(self, statement: ast.stmt, names: Mapping[str, Any]) -> None:
        """Pass over what can't be followed, unless it may be a part of the network."""
        words = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        flows = self.strict and any(isinstance(names.get(word), Flow) for word in words)
        if flows or (self.depth and _makes_layers(statement)):
            self._refuse(statement)

    def _refuse(self, node: ast.AST) -> NoReturn:
        text = "" if isinstance(node, ast.Module) else ast.unparse(node)
        if not text:
            raise BlocksRefused(Problem("", "This program makes more layers than can be followed here."))
        line = {"line": getattr(node, "lineno", 1), "text": quoted(text.splitlines()[0])}
        raise BlocksRefused(
            Problem("", "Line {line} can't be put into a row of blocks: “{text}”. The network stays as it was.", line)
        )

    def _assign(self, target: ast.expr, value: Any, names: dict[str, Any]) -> None:
        match target:
            case ast.Name(id=name):
                names[name] = value
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                self._self(names).attributes[name] = value
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                each = value if isinstance(value, list) and len(value) == len(elements) else [Unknown()] * len(elements)
                for element, item in zip(elements, each, strict=True):
                    self._assign(element, item, names)

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
                return self._item(self._value(value, names), place, names)
            case ast.IfExp(test=test, body=body, orelse=other):
                decided = self._value(test, names)
                if isinstance(decided, (Unknown, Flow)):
                    return Unknown()
                return self._value(body if decided else other, names)
            case ast.ListComp(elt=element, generators=[ast.comprehension(target=target, iter=iterated, ifs=[])]):
                items = self._value(iterated, names)
                if not isinstance(items, list) or len(items) > MOST_BLOCKS:
                    return Unknown()
                made = []
                for item in items:
                    inner = dict(names)
                    self._assign(target, item, inner)
                    made.append(self._value(element, inner))
                return made
            case ast.Call():
                return self._call(node, names, effect)
        return Unknown()

    def _elements(self, elements: Sequence[ast.expr], names: dict[str, Any]) -> Iterator[Any]:
        for element in elements:
            if isinstance(element, ast.Starred):
                value = self._value(element.value, names)
                yield from value if isinstance(value, list) else [value]
            else:
                yield self._value(element, names)

    def _combined(self, left: Any, op: ast.operator, right: Any) -> Any:
        if isinstance(left, Flow) and isinstance(right, Flow) and isinstance(op, ast.Add):
            return summed(left, right) or Unknown()
        if isinstance(left, list) and isinstance(right, list) and isinstance(op, ast.Add):
            return [*left, *right] if len(left) + len(right) <= MOST_ITEMS else Unknown()
        layers = isinstance(right, (Part, Instance)) or (self.printed and isinstance(right, (list, dict)))
        if isinstance(left, int) and layers and isinstance(op, ast.Mult):
            return [Part(list(part.blocks)) for _ in range(min(left, MOST_BLOCKS)) for part in self._flat(right)]
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

    def _item(self, whole: Any, place: ast.expr, names: dict[str, Any]) -> Any:
        if isinstance(place, ast.Slice) and isinstance(whole, list):
            bounds = [self._value(bound, names) if bound else None for bound in (place.lower, place.upper)]
            if place.step is None and all(bound is None or isinstance(bound, int) for bound in bounds):
                return whole[slice(*bounds)]
            return Unknown()
        at = self._value(place, names)
        try:
            return whole[str(at)] if isinstance(whole, dict) else whole[at] if isinstance(whole, list) else Unknown()
        except (LookupError, TypeError):
            return Unknown()

    # Calls

    def _call(self, node: ast.Call, names: dict[str, Any], effect: bool) -> Any:
        given = self._given(node, names)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if isinstance(node.func, ast.Attribute):
            called_on = node.func.value
            if isinstance(called_on, ast.Call) and getattr(called_on.func, "id", "") == "super":
                if name == "__init__" and given.values:
                    instance = self._self(names)
                    label = instance.definition.name if instance.definition else "layers"
                    instance.attributes[label] = Part(blocks_of(self._flat(given.values)))
                return None
            receiver = self._self(names) if ast.unparse(called_on) == "self" else self._value(called_on, names)
            callee = attribute_of(receiver, name)
            if isinstance(receiver, Flow):
                return tensor_method(receiver, name, given)
            if isinstance(receiver, (Part, Instance, list, dict)) and (
                isinstance(callee, Unknown) or name == "forward"
            ):
                return self._method(receiver, name, given.values)
        else:
            callee = self._value(node.func, names)
        if isinstance(callee, (Part, list, Instance)):
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
            items = value if starred and isinstance(value, list) else [value]
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

    def _method(self, receiver: Any, name: str, given: list[Any]) -> Any:
        if name in MOVES.split("|") or name in ("weight_norm", "compile"):
            return receiver
        if given and name in ("append", "extend", "insert", "add_module", "register_module", "add"):
            if isinstance(receiver, list) and len(receiver) <= MOST_ITEMS:
                receiver.extend(
                    given[-1][:MOST_ITEMS] if name == "extend" and isinstance(given[-1], list) else given[-1:]
                )
            elif isinstance(receiver, Part):
                receiver.blocks += blocks_of(self._flat(given[-1]))
            elif isinstance(receiver, Instance) and len(given) == 2:
                receiver.attributes[str(given[0])] = given[1]
            return receiver
        if name in ("items", "values") and isinstance(receiver, dict):
            return [[key, value] for key, value in receiver.items()] if name == "items" else list(receiver.values())
        if name == "forward":
            return self._applied(receiver, given)
        return Unknown()

    def _applied(self, layer: Any, given: list[Any]) -> Any:
        """What a layer makes of what goes through forward()."""
        if not given or not isinstance(given[0], Flow):
            return Unknown()
        if not isinstance(layer, (Part, Instance)):
            return Unknown()
        layer.calls += 1
        return Flow((*given[0].blocks, *blocks_of(self._flat(layer))))

    def _layer(self, node: ast.Call, name: str, given: Given) -> Any:
        """What a call of something that the program does not define makes."""
        values = given.values
        prefix = ast.unparse(node.func)[: -len(name)] if name else ""
        if name == "Sequential":
            return Part(blocks_of(self._inner(given)))
        if name == "Residual":
            return Part([read_block(call_text("Residual", [written(b) for b in blocks_of(self._inner(given))], {}))])
        if name in CONTAINERS:
            if given.options and not values:
                return dict(given.options)
            held = values[0] if len(values) == 1 and isinstance(values[0], (list, dict)) else values
            return [_as_layer(item) for item in held] if name == "ModuleList" and isinstance(held, list) else held
        if name in WRAPPERS and values and isinstance(values[0], (Part, Instance)):
            return values[0]
        if name in COUNTING:
            return counted(name, values)
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

    def _inner(self, given: Given) -> Iterator[Part]:
        """The layers among the arguments of a container; what is none says why."""
        for value, text in zip(given.values, given.texts, strict=True):
            if isinstance(value, (Part, Instance, list, dict)) or (isinstance(value, Unknown) and value.text):
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
        try:
            self._run(definition.body, names)
        except _Returned as returned:
            return returned.value
        finally:
            self.depth -= 1
        return None


def _as_layer(value: Any) -> Any:
    """A value of a list of layers; one that no block is says so."""
    return Part([read_block(value.text)]) if isinstance(value, Unknown) and value.text else value


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
