"""A run as a script or a notebook: the source of the very functions that ran, specialised to the run's config."""

from __future__ import annotations

import difflib
import json
from typing import Any

from core.changes import Changes
from core.config import TrainingConfig
from core.export.logging_lines import constants, functions, loop
from core.export.program import Program, program_of
from core.tensorboard.config import LogConfig

ONE_THREAD = """\
# One thread, as in the app: with more, sums are added up in another order and the last digits differ.
torch.set_num_threads(1)
"""

RECORD = """\
metrics = {name: x if math.isfinite(x) else None for name, x in snapshot.metrics.items()}
record = {"step": snapshot.step, "epoch": snapshot.epoch, **metrics}
print(json.dumps(record))
"""

PLOT = """\
try:
    import matplotlib.pyplot as plt
except ImportError:
    print("Install matplotlib to see the curves.")
else:
    for name in ("loss/train", "loss/test"):
        measured = [record for record in history if name in record]
        plt.plot([record["step"] for record in measured], [record[name] for record in measured], label=name)
    plt.xlabel("step")
    plt.legend()
    plt.show()
"""


def script(config: TrainingConfig, changes: Changes | None = None, log: LogConfig | None = None) -> str:
    """A run as one file that needs nothing but torch and prints the run's losses, a line of JSON a step.

    Args:
        config: the run's config.
        changes: step -> {field: value} from that step on, as it was changed while the run trained.
        log: what it also logs for TensorBoard, in the folder "runs"; it then needs tensorboard, too.
    """
    program = program_of(config, changes, functions(config, log) if log else ())
    head = [f'"""{program.title}\n\n{program.promise}\n"""\n', program.imports(), ONE_THREAD]
    assignments = [*program.constants, *(constants(config, log) if log else [])]
    if assignments:
        head.append("\n".join(assignments) + "\n")
    if log:
        run = loop(config, log, program.entry, RECORD)
    else:
        run = f"for snapshot in {program.entry}():\n    if snapshot.metrics:\n" + _indented(RECORD, 8)
    blocks = [*program.definitions, 'if __name__ == "__main__":\n' + _indented(run, 4)]
    return "\n".join(head) + "\n\n" + "\n\n".join(blocks)


def notebook(config: TrainingConfig, changes: Changes | None = None) -> str:
    """A run as a Jupyter notebook, JSON of nbformat 4.5; the arguments are those of `script`."""
    program = program_of(config, changes)
    run = (
        f"history = []\nfor snapshot in {program.entry}():\n    if snapshot.metrics:\n"
        + _indented(RECORD, 8)
        + "        history.append(record)\n"
    )
    data = ["\n".join(program.constants) + "\n"] if program.constants else []
    cells = [
        ("title", f"# {program.title}\n\n{program.promise}"),
        ("imports", program.imports() + "\n" + ONE_THREAD),
        ("data", "\n\n".join([*data, *program.of_kind("data")])),
        ("model", "\n\n".join(program.of_kind("model"))),
        ("training", "\n\n".join(program.of_kind("training"))),
        ("run", run),
        ("curves", PLOT),
    ]
    return json.dumps(
        {
            "cells": [_cell(name, text.strip()) for name, text in cells if text],
            "metadata": {
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        },
        indent=1,
    )


def marked_lines(
    config: TrainingConfig, changes: Changes | None = None, log: LogConfig | None = None
) -> list[tuple[str, bool]]:
    """The script's lines, each with whether it differs from the script of the default config."""
    before, after = script(type(config)()).splitlines(), script(config, changes, log).splitlines()
    marked = [True] * len(after)
    for same in difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        marked[same.b : same.b + same.size] = [False] * same.size
    return list(zip(after, marked, strict=True))


def missing_lines(
    config: TrainingConfig, changes: Changes | None = None, log: LogConfig | None = None
) -> dict[int, list[str]]:
    """What the default config's script has and this one lacks with nothing in its place, as a bug may leave out a line.

    Returns:
        index of a line of this script (or the number of its lines) -> the lines that are missing before it.
    """
    before, after = script(type(config)()).splitlines(), script(config, changes, log).splitlines()
    compared = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    gone = {there: before[start:end] for what, start, end, there, _ in compared if what == "delete"}
    return {there: lines for there, lines in gone.items() if any(map(str.strip, lines))}


def _indented(text: str, spaces: int) -> str:
    return "".join(" " * spaces + line for line in text.splitlines(keepends=True))


def _cell(name: str, text: str) -> dict[str, Any]:
    lines = text.splitlines(keepends=True)
    if name == "title":
        return {"cell_type": "markdown", "id": name, "metadata": {}, "source": lines}
    return {"cell_type": "code", "execution_count": None, "id": name, "metadata": {}, "outputs": [], "source": lines}


__all__ = ["Program", "marked_lines", "missing_lines", "notebook", "script"]
