"""What goes through forward(): the blocks that layers, networks and lists of them stand for, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from core.blocks import Block, fresh, read_block, written
from core.blocks.program.context import Context, refuse
from core.blocks.program.definitions import call_function
from core.blocks.program.rows import as_layer
from core.blocks.program.values import Flow, Given, Instance, Own, Part, Row, Unknown, blocks_of, layers_of
from core.config import Problem

LEARNING = ("Conv1d", "Conv2d", "Linear", "BatchNorm1d", "BatchNorm2d", "LayerNorm")
"""Blocks that have weights."""


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


def parts_of(context: Context, value: Any) -> Iterator[Part]:
    """The layers in lists, pairs of a name and a layer, dicts, rows and objects, which are used from now on.

    Raises:
        BlocksRefused: the forward() of an object does what no row of blocks can do.
    """
    context.count_step(context.tree)
    if isinstance(value, Part):
        context.used.append(value)
        yield value
    elif isinstance(value, Instance):
        context.used.append(value)
        yield Part(list(blocks_through(context, value)))
    elif isinstance(value, Row):
        context.used.append(value)
        yield Part(blocks_of(parts_of(context, list(value.layers.values()))))
    elif isinstance(value, dict):
        yield from parts_of(context, list(value.values()))
    elif isinstance(value, list):
        for item in value:
            yield from parts_of(context, item)
    elif isinstance(value, Unknown) and value.text:
        yield as_layer(value)


def parts_given(context: Context, given: Given) -> Iterator[Part]:
    """The layers among the arguments of a container; what is none says why."""
    for value, text in zip(given.values, given.texts, strict=True):
        if isinstance(value, (Part, Row, Instance, list, dict)) or (isinstance(value, Unknown) and value.text):
            yield from parts_of(context, value)
        else:
            yield Part([read_block(text)])


def blocks_through(context: Context, instance: Instance) -> tuple[Block, ...]:
    """The blocks that an object's forward() stands for; without one, those of all its layers.

    Raises:
        BlocksRefused: forward() does what no row of blocks can do.
    """
    forward = instance.method("forward")
    if forward is None:
        return tuple(block for _name, layer in layers_of(instance) for block in blocks_of(parts_of(context, layer)))
    before, context.strict = context.strict, True
    result = call_function(context, Own(forward, instance), [Flow()], {})
    context.strict = before
    if isinstance(result, list) and result:
        result = result[0]  # "return output, x": the logits come first
    return result.blocks if isinstance(result, Flow) else refuse(forward)


def applied(context: Context, layer: Any, given: list[Any]) -> Flow | Unknown:
    """What a layer makes of what goes through forward(), which is the first of what it is given."""
    if not given or not isinstance(given[0], Flow):
        return Unknown()
    if not isinstance(layer, (Part, Row, Instance)):
        return Unknown()
    layer.calls += 1
    return Flow((*given[0].blocks, *blocks_of(parts_of(context, layer))))
