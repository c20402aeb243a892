"""The list of a network's blocks: shapes beside each, in red where it breaks, with what would fix it."""

from __future__ import annotations

from typing import Any

from core.blocks import GROUPS, KINDS, REQUIRED, Argument, Block, Path, walk, written
from core.blocks.fitting import Checked, advice, remedy
from core.blocks.presets import PRESETS
from core.shapes import Shape
from pages.build.desk import LAST, Desk, asked_for, blocks_of, examined, follow, text_of
from pages.build.edits import take
from pages.build.words import about, editor_words, group_name, help_of, preset_title
from pages.shared.form.workspace import Workspace
from pages.shared.live.component import view_component
from pages.shared.person import language, session
from pages.shared.person.language import _, tell
from pages.shared.server.assets import asset

editor_component = view_component("torch_playground_blocks")
FRAME, ROW = 72, 36
"""Pixels that the list takes around its rows, and each of them: reserved until its script is loaded. See page.css."""


def block_editor(space: Workspace) -> None:
    """Draw the list, and remember a network that does not work yet."""
    key = f"blocks {space.name}"
    desk = follow(space)
    unfinished = text_of(space) if "blocks" in space.problems else ""
    if unfinished != desk.kept:
        desk.kept = unfinished
        session.prefer(LAST, unfinished)

    def edit() -> None:
        order = getattr(session.get(key), "edit", None)
        if isinstance(order, dict):
            take(space, order)

    data = editor_data(space, desk)
    height = FRAME + ROW * (len(data["rows"]) + 2)
    editor_component(key=key, data=data, height=height, on_edit_change=edit)


def editor_data(space: Workspace, desk: Desk) -> dict[str, Any]:
    """What editor.js draws: the blocks with their shapes, what is wrong, and what can be added."""
    settings = asked_for(space)
    blocks = blocks_of(space)
    checked = examined(space, blocks)
    repair = remedy(blocks, checked, settings.n_classes)
    better = advice(blocks) if checked.problem is None else None
    rows = [_row(path, block, checked) for path, block in walk(blocks)]
    return {
        "module": asset("build/editor.js"),
        "lang": language.current(),
        "text": editor_words(),
        "rows": rows,
        "input": _shape(settings.input_shape),
        "output": _("{count} classes").format(count=settings.n_classes),
        "works": checked.problem is None,
        "problem": tell(checked.problem, markdown=False) if checked.problem else "",
        "where": list(checked.path) if checked.path is not None else None,
        "remedy": tell(repair.sentence, markdown=False) if repair else "",
        "advice": _("CrossEntropyLoss takes logits: leave {kind} out at the end.").format(kind=blocks[-1].kind)
        if better
        else "",
        "better": tell(better.sentence, markdown=False) if better else "",
        "notes": [tell(note, markdown=False) for note in desk.notes],
        "totals": _("{parameters} parameters · {flops} FLOPs for one example").format(
            parameters=f"{checked.parameters:,}", flops=_short(checked.flops)
        ),
        "network": ",\n".join(written(block) for block in blocks),
        "undo": bool(desk.undo),
        "redo": bool(desk.redo),
        "chosen": list(desk.chosen) if desk.chosen is not None else None,
        "refused": desk.refused,
        "turn": desk.turn,
        "kinds": [{"group": group_name(name), "kinds": list(kinds)} for name, kinds in GROUPS.items()],
        "presets": [{"name": name, "title": preset_title(name)} for name in PRESETS],
    }


def _row(path: Path, block: Block, checked: Checked) -> dict[str, Any]:
    shapes = checked.rows.get(path)
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
    written_value = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    optional = argument.default is not REQUIRED and argument.default is None
    return {
        "name": argument.name,
        "kind": "text" if optional else kind,
        "value": written_value,
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
