"""The list of a network's blocks: shapes beside each, in red where it breaks, with what would mend it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from core.blocks import (
    GROUPS,
    KINDS,
    MOST_BLOCKS,
    REQUIRED,
    Argument,
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
    written,
)
from core.blocks.fitting import Checked, at, check, fitted, insert, mend, move, put, remedy, remove
from core.blocks.presets import PRESETS
from core.experiments.build import BuildConfig
from core.shapes import Shape
from pages.build.words import about, editor_words, group_name, help_of, preset_title
from pages.shared.form.workspace import Workspace
from pages.shared.live.component import view_component
from pages.shared.person import language, session
from pages.shared.person.language import _, tell
from pages.shared.server.assets import asset

editor_component = view_component("torch_playground_blocks")
MOST_UNDO = 100
LONGEST_BLOCK = 2000
"""Characters that a block may be typed with."""
LAST = "last network"
"""The preference that keeps a network which does not work yet, for the next visit."""


@dataclass
class Desk:
    """What the editor of one tab remembers beside the text itself.

    Attributes:
        undo, redo: networks before and after, each with its data set.
        chosen: the block that is open.
        told: what was refused: the place, the argument, what was typed and why.
        turn: grows with every edit, so that the browser takes up what Python has chosen.
        kept: the network that does not work yet, as it was put down for the next visit.
    """

    undo: list[tuple[str, str]] = field(default_factory=list)
    redo: list[tuple[str, str]] = field(default_factory=list)
    chosen: Path | None = None
    told: dict[str, Any] | None = None
    turn: int = 0
    kept: str = ""


def desk_of(space: Workspace) -> Desk:
    """The editor's desk in this tab."""
    found: Desk | None = session.get(f"{space.name} desk")
    if found is None:
        found = Desk()
        session.put(f"{space.name} desk", found)
        found.kept = session.preference(LAST) or ""
        if found.kept and session.get(space.key("blocks")) is None and not space.link:
            session.put(space.key("blocks"), found.kept)
            space.submit({**dict(space.config), "blocks": found.kept})
    return found


def text_of(space: Workspace) -> str:
    """The network as it is being edited, whether it works or not."""
    assert isinstance(space.config, BuildConfig)
    return str(session.get(space.key("blocks"), space.config.blocks))


def asked_for(space: Workspace) -> BuildConfig:
    """The form's settings, also those that can't be used."""
    assert isinstance(space.config, BuildConfig)
    return BuildConfig.model_construct(**space.refused) if space.refused else space.config


def blocks_of(space: Workspace) -> tuple[Block, ...]:
    """The blocks of that text; none if it came from outside and is none at all."""
    try:
        return read(text_of(space))
    except BlocksRefused:
        return ()


def examined(space: Workspace, blocks: tuple[Block, ...]) -> Checked:
    """What is known of the network with the data that the form asks for."""
    asked = asked_for(space)
    return check(blocks, asked.input_shape, asked.n_classes, asked.batches)


def block_editor(space: Workspace) -> None:
    """Draw the list."""
    key = f"blocks {space.name}"
    desk = desk_of(space)
    unfinished = text_of(space) if "blocks" in space.problems else ""
    if unfinished != desk.kept:
        desk.kept = unfinished
        session.prefer(LAST, unfinished)

    def edit() -> None:
        order = getattr(session.get(key), "edit", None)
        if isinstance(order, dict):
            take(space, order)

    editor_component(key=key, data=told(space, desk), on_edit_change=edit)


# What the browser asks for


def take(space: Workspace, order: dict[str, Any]) -> None:
    """Do what the browser asks for; what can't be done is told and changes nothing."""
    desk = desk_of(space)
    desk.turn += 1
    desk.told = None
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
        desk.told = {
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
        session.put(space.key("blocks"), write(after))


def state_of(space: Workspace) -> tuple[str, str]:
    """The network's text and the data set chosen."""
    return text_of(space), asked_for(space).dataset


def set_state(space: Workspace, text: str, dataset: str) -> None:
    """Put another network into the form, and the data that it is for."""
    session.put(space.key("blocks"), text)
    if dataset in (space.config.settings()["dataset"].choices or {}):
        session.put(space.key("dataset"), dataset)


def put_back(space: Workspace, text: str, dataset: str) -> None:
    """Put a saved network into the form, with the data it was made for; what was there can be undone to."""
    desk = desk_of(space)
    desk.undo = [*desk.undo[-MOST_UNDO:], state_of(space)]
    desk.redo, desk.chosen, desk.told = [], None, None
    desk.turn += 1
    set_state(space, text, dataset)


def changed(space: Workspace, desk: Desk, order: dict[str, Any]) -> tuple[Block, ...]:
    """The network after an edit.

    Raises:
        BlocksRefused: what was typed can't be used.
        LookupError, TypeError, ValueError: there is no such block.
    """
    blocks, asked = blocks_of(space), asked_for(space)
    do = order.get("do")
    if do == "text":
        desk.chosen = None
        return read(str(order["value"]))
    if do == "preset":
        desk.chosen = None
        return _preset(space, str(order["value"]))
    if do == "mend":
        return mend(blocks, asked.input_shape, asked.n_classes, asked.batches)
    if do == "remedy":
        found = remedy(blocks, examined(space, blocks), asked.n_classes)
        return found.blocks if found else blocks
    path = _path(order["path"])
    if do == "insert":
        block = fresh(str(order["value"]))
        after = insert(blocks, path, block)
        given = examined(space, after).rows.get(path)
        desk.chosen = path
        return put(after, path, _fitted_in(block, given.input)) if given else after
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
        after = remove(blocks, path)
        desk.chosen = None
        return after
    if do == "move":
        marked = replace(block, typed="moved")
        after = move(put(blocks, path, marked), path, _path(order["to"]))
        desk.chosen = next(where for where, found in walk(after) if found is marked)
        return put(after, desk.chosen, block)
    raise ValueError(do)


def _preset(space: Workspace, name: str) -> tuple[Block, ...]:
    """A network to begin with, fitted to the data chosen; other data only where it is of another kind."""
    preset, asked = PRESETS[name], asked_for(space)
    points = preset.blocks.startswith("Linear(2,")
    values: dict[str, Any] = {"lr": preset.lr, "batch_size": preset.batch_size, "num_epochs": preset.num_epochs}
    if points != asked.on_points:
        values["dataset"] = preset.dataset
    for field_name, value in values.items():
        session.put(space.key(field_name), value)
    asked = BuildConfig.model_construct(**{**dict(asked), **values})
    return mend(read(preset.blocks), asked.input_shape, asked.n_classes, asked.batches)


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


# What the browser is told


def told(space: Workspace, desk: Desk) -> dict[str, Any]:
    """All that the list shows."""
    asked = asked_for(space)
    blocks = blocks_of(space)
    found = examined(space, blocks)
    mending = remedy(blocks, found, asked.n_classes)
    rows = [_row(path, block, found) for path, block in walk(blocks)]
    return {
        "module": asset("build/editor.js"),
        "lang": language.current(),
        "text": editor_words(),
        "rows": rows,
        "input": _shape(asked.input_shape),
        "output": _("{count} classes").format(count=asked.n_classes),
        "works": found.problem is None,
        "problem": tell(found.problem, markdown=False) if found.problem else "",
        "where": list(found.path) if found.path is not None else None,
        "remedy": tell(mending.sentence, markdown=False) if mending else "",
        "totals": _("{parameters} parameters · {flops} FLOPs for one example").format(
            parameters=f"{found.parameters:,}", flops=_short(found.flops)
        ),
        "network": ",\n".join(written(block) for block in blocks),
        "undo": bool(desk.undo),
        "redo": bool(desk.redo),
        "chosen": list(desk.chosen) if desk.chosen is not None else None,
        "refused": desk.told,
        "turn": desk.turn,
        "kinds": [{"group": group_name(name), "kinds": list(kinds)} for name, kinds in GROUPS.items()],
        "presets": [{"name": name, "title": preset_title(name)} for name in PRESETS],
    }


def _row(path: Path, block: Block, found: Checked) -> dict[str, Any]:
    shapes = found.rows.get(path)
    output = shapes.output if shapes else None
    code = written(block)
    return {
        "path": list(path),
        "kind": block.kind,
        "code": "Residual(…)" if block.kind == "Residual" else code,
        "output": _shape(output) if output is not None else "",
        "same": bool(shapes and output == shapes.input),
        "about": about(block.kind) if block.kind else "",
        "arguments": [
            _argument(argument, value)
            for argument, value in zip(KINDS[block.kind] if block.kind else (), block.values, strict=True)
        ],
    }


def _argument(argument: Argument, value: Any) -> dict[str, Any]:
    kind = "bool" if argument.is_bool else "text" if argument.is_float or argument.most > 1 else "number"
    shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    optional = argument.default is not REQUIRED and argument.default is None
    return {
        "name": argument.name,
        "kind": "text" if optional else kind,
        "value": shown,
        "low": argument.low,
        "high": argument.high,
        "help": help_of(argument.name),
    }


def _shape(shape: Shape) -> str:
    return " × ".join(map(str, shape))


def _short(number: int) -> str:
    """A large number in three digits or so."""
    for size, unit in ((10**9, " G"), (10**6, " M"), (10**3, " k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return str(number)
