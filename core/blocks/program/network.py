"""Which network a program is about, and its blocks, by the program's syntax alone."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from core.blocks import Block, count, read_block
from core.blocks.program import expressions, statements
from core.blocks.program.context import Context, Returned, refuse
from core.blocks.program.definitions import construct
from core.blocks.program.forward_pass import LEARNING, blocks_through, joined, parts_of
from core.blocks.program.lists import NotFollowed
from core.blocks.program.values import (
    Given,
    Instance,
    Part,
    Row,
    Unknown,
    inside,
    is_module,
    layers_in,
    layers_of,
    layers_within,
)
from core.config import Problem


@dataclass(frozen=True)
class Reading:
    """A program's network, and what is worth knowing about how it was found."""

    blocks: tuple[Block, ...]
    notes: tuple[Problem, ...]


class Program(Context):
    """What a program defines, as far as that can be known from its text."""

    evaluate = expressions.evaluate
    execute = statements.execute

    def read(self) -> Reading:
        """Its network: what forward() does, else all layers in the order in which they were made.

        Raises:
            BlocksRefused: forward() does what no row of blocks can do.
        """
        classes = [node for node in self.tree.body if isinstance(node, ast.ClassDef)]
        functions = {node.name for node in self.tree.body if isinstance(node, ast.FunctionDef)}
        if not classes and functions & {"__init__", "forward"}:
            methods = ast.ClassDef("", bases=[], keywords=[], body=self.tree.body, decorator_list=[])
            return _of_class(self, methods)
        with suppress(Returned):  # a line of some function
            self.execute(self.tree.body, self.names)
        named = [*self.names.items(), *self.instance.attributes.items()]
        loose = {layer: name for name, value in named for layer in layers_in(value) if layer not in self.used}
        networks = [layer for layer in loose if isinstance(layer, Instance)]
        if networks:
            own = list(layers_within(networks[-1]))
            others = [name for layer, name in loose.items() if layer not in own]
            return _without(_of_instance(self, networks[-1]), others)
        if loose:
            apart = _apart(list(loose))
            others = [name for layer, name in loose.items() if layer not in apart]
            reading = _of_layers(self, {layer: loose[layer] for layer in apart})
            return _without(reading, [*others, *_passed_over(self)])
        modules = _networks_of(classes)
        if not modules:
            return Reading((), ())
        return _without(_of_class(self, modules[-1]), [node.name for node in modules[:-1]])

    def parts(self, node: ast.expr) -> list[Part]:
        """The layers that an expression makes; one that can't be read says why.

        Raises:
            BlocksRefused: what it does to a list of layers can't be followed, or is what no row of blocks can do.
        """
        if isinstance(node, (ast.Tuple, ast.List)):
            return [part for element in node.elts for part in self.parts(element)]
        try:
            value = self.evaluate(node, self.names)
        except NotFollowed:
            refuse(node)
        if isinstance(value, (Part, Row, list, dict, Instance)):
            return list(parts_of(self, value))
        return [Part([read_block(ast.unparse(node))])]


def _networks_of(classes: Sequence[ast.ClassDef]) -> list[ast.ClassDef]:
    """The classes that are networks, and that no other class names."""
    helpers = {
        node.id for other in classes for node in ast.walk(other) if isinstance(node, ast.Name) and node.id != other.name
    }
    return [node for node in classes if is_module(node) and node.name not in helpers]


def _passed_over(program: Context) -> list[str]:
    """The networks whose making could not be followed, by their names."""
    return [name for name in dict.fromkeys(program.passed_over) if not any(layers_within(program.names.get(name)))]


def _of_class(program: Context, definition: ast.ClassDef) -> Reading:
    """The network that an object of a class is, made without arguments (raises BlocksRefused)."""
    return _of_instance(program, construct(program, definition, Given([], {}, [], {})))


def _of_instance(program: Context, instance: Instance) -> Reading:
    """The network that an object is: what its forward() does, else its layers (raises BlocksRefused)."""
    name = instance.definition.name if instance.definition else ""
    parts = list(layers_of(instance))
    if instance.method("forward") is None:
        reading = _of_layers(program, {part: label for label, part in parts if part not in program.used})
        others = [label for label, value in instance.attributes.items() if isinstance(value, Unknown) and value.text]
        note = Problem("", "Left out, since there is no such block here: {names}.", {"names": ", ".join(others)})
        return Reading(reading.blocks, (*reading.notes, *([note] if others else [])))
    blocks = blocks_through(program, instance)
    values = {"count": count(blocks), "name": f"{name}.forward()".lstrip(".")}
    notes = [
        Problem("", "One block was read, in the order of {name}.", values)
        if values["count"] == 1
        else Problem("", "{count} blocks were read, in the order of {name}.", values)
    ]
    unused = [label for label, part in parts if not _is_used(program, part)]
    shared = [
        label for label, part in parts if part.calls > 1 and any(block.kind in LEARNING for block in inside(part))
    ]
    if unused:
        notes.append(Problem("", "Left out, since forward() does not use it: {names}.", {"names": ", ".join(unused)}))
    if shared:
        names = {"names": ", ".join(shared)}
        notes.append(Problem("", "Used more than once, here each time with weights of its own: {names}.", names))
    return Reading(blocks, tuple(notes))


def _is_used(program: Context, part: Part | Row | Instance) -> bool:
    """Whether a layer is a part of the network, or one of its own layers is."""
    inner = part.layers.values() if isinstance(part, Row) else ()
    return bool(part.calls) or part in program.used or any(layer.calls for layer in layers_in(list(inner)))


def _of_layers(program: Context, layers: Mapping[Part | Row | Instance, str]) -> Reading:
    """The network that layers are, one after the other (raises BlocksRefused).

    Args:
        layers: layer -> the name under which the program has it.
    """
    blocks, before = joined([part for layer in layers for part in parts_of(program, layer)])
    values = {"count": count(blocks), "names": ", ".join(dict.fromkeys(layers.values()))}
    if len(layers) > 1:
        return Reading(blocks, (Problem("", "{count} blocks were read, in this order: {names}.", values), *before))
    if values["count"] == 1:
        return Reading(blocks, (Problem("", "One block was read from {names}.", values),))
    return Reading(blocks, (Problem("", "{count} blocks were read from {names}.", values),))


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


def _without(reading: Reading, names: Sequence[str]) -> Reading:
    """A reading that also says which networks of the text were not taken."""
    if not names:
        return reading
    note = Problem("", "Also in this text, but not taken: {names}.", {"names": ", ".join(names)})
    return Reading(reading.blocks, (*reading.notes, note))
