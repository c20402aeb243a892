"""What the browser asks the list of blocks to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.blocks import (
    MOST_BLOCKS,
    Block,
    BlocksRefused,
    Path,
    balanced,
    fresh,
    read,
    read_block,
    walk,
    with_typed,
    write,
)
from core.blocks.fitting import advice, at, fitted, insert, move, put, remedy, remove, repair_all
from core.blocks.pasted import read_pasted
from core.blocks.presets import PRESETS
from core.experiments.build import BuildConfig
from core.shapes import Shape
from pages.build.desk import MOST_UNDO, Desk, asked_for, blocks_of, desk_of, examined, put_blocks, set_state, state_of
from pages.shared.form.workspace import Workspace
from pages.shared.person import session
from pages.shared.person.language import tell

LONGEST_BLOCK = 2000
"""Characters that a block may be typed with."""


def take(space: Workspace, order: dict[str, Any]) -> None:
    """Do what the browser asks for; what can't be done changes nothing, and the desk has a sentence about it."""
    desk = desk_of(space)
    desk.turn += 1
    desk.refused, desk.notes = None, ()
    before = state_of(space)
    if order.get("do") in ("undo", "redo"):
        desk.chosen = None
        there, back = (desk.undo, desk.redo) if order["do"] == "undo" else (desk.redo, desk.undo)
        if there:
            back.append(before)
            set_state(space, *there.pop())
        return
    try:
        after = changed(space, desk, order)
        read(write(after))
    except BlocksRefused as refused:
        desk.refused = {
            "path": order.get("path"),
            "name": str(order.get("name", ""))[:40],
            "typed": str(order.get("value", ""))[:8000],
            "why": tell(refused.problem, markdown=False),
        }
        return
    except (LookupError, TypeError, ValueError, AttributeError):
        return  # the browser asked for a block that is gone by now
    if write(after) != before[0]:
        desk.undo = [*desk.undo[-MOST_UNDO:], before]
        desk.redo = []
        put_blocks(space, write(after))


def changed(space: Workspace, desk: Desk, order: dict[str, Any]) -> tuple[Block, ...]:
    """The network after an edit.

    Raises:
        BlocksRefused: what was typed can't be used.
        LookupError, TypeError, ValueError: there is no such block.
    """
    blocks, settings = blocks_of(space), asked_for(space)
    do = order.get("do")
    if do == "text":
        desk.chosen = None
        pasted = read_pasted(str(order["value"]))
        desk.notes = pasted.notes
        return pasted.blocks
    if do == "preset":
        desk.chosen = None
        return _preset(space, str(order["value"]))
    if do == "fix":
        return repair_all(blocks, settings.input_shape, settings.n_classes, settings.batches)
    if do == "advice":
        better = advice(blocks)
        return better.blocks if better else blocks
    if do == "remedy":
        repair = remedy(blocks, examined(space, blocks), settings.n_classes)
        return repair.blocks if repair else blocks
    path = _path(order["path"])
    if do == "insert":
        block = fresh(str(order["value"]))
        after = insert(blocks, path, block)
        given = examined(space, after).rows.get(path)
        desk.chosen = path
        return put(after, path, _fitted_in(block, given.input)) if given else after
    return _block_changed(blocks, path, desk, order)


def _block_changed(blocks: tuple[Block, ...], path: Path, desk: Desk, order: dict[str, Any]) -> tuple[Block, ...]:
    """The network after an edit of the block at `path`; the errors are those of `changed`."""
    do = order.get("do")
    block = at(blocks, path)
    desk.chosen = path
    if do == "set":
        return put(blocks, path, with_typed(block, str(order["name"]), str(order["value"])[:200]))
    if do == "type":
        typed = balanced(str(order["value"])[:LONGEST_BLOCK])
        return put(blocks, path, read_block(typed, inside=len(path) > 1))
    if do == "copy":
        desk.chosen = (*path[:-1], path[-1] + 1)
        return insert(blocks, desk.chosen, block)
    if do == "remove":
        desk.chosen = None
        return remove(blocks, path)
    if do == "move":
        marked = replace(block, typed="moved")
        after = move(put(blocks, path, marked), path, _path(order["to"]))
        desk.chosen = next(place for place, other in walk(after) if other is marked)
        return put(after, desk.chosen, block)
    raise ValueError(do)


def _preset(space: Workspace, name: str) -> tuple[Block, ...]:
    """A network to begin with, fitted to the data chosen; other data only where it is of another kind."""
    preset, settings = PRESETS[name], asked_for(space)
    points = preset.blocks.startswith("Linear(2,")
    values: dict[str, Any] = {"lr": preset.lr, "batch_size": preset.batch_size, "num_epochs": preset.num_epochs}
    if points != settings.on_points:
        values["dataset"] = preset.dataset
    for field_name, value in values.items():
        session.put(space.key(field_name), value)
    settings = BuildConfig.model_construct(**{**dict(settings), **values})
    return repair_all(read(preset.blocks), settings.input_shape, settings.n_classes, settings.batches)


def _path(value: Any) -> Path:
    path = tuple(value)
    if not 1 <= len(path) <= 2 or not all(isinstance(part, int) and 0 <= part <= MOST_BLOCKS for part in path):
        raise ValueError("no place")
    return path


def _fitted_in(block: Block, given: Shape) -> Block:
    """A new block with the sizes that fit in; of a residual block, its inner ones."""
    if block.kind != "Residual":
        return fitted(block, given)
    if len(given) == 3:
        return replace(block, inner=(Block("Conv2d", (given[0], given[0], 3, 1, 1, True)), fresh("ReLU")))
    if len(given) == 2:
        return replace(block, inner=(Block("Conv1d", (given[0], given[0], 3, 1, 1, True)), fresh("ReLU")))
    return replace(block, inner=(Block("Linear", (given[0], given[0], True)), fresh("ReLU")))
