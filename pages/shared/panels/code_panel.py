"""The code that runs: shown with the lines that differ from the tutorial's defaults marked, to copy and download."""

from __future__ import annotations

import io
import keyword
import tokenize

import streamlit as st

from core.config import TrainingConfig
from core.engine.manager import manager
from core.export import marked_lines, missing_lines, notebook, script
from pages.shared.form.workspace import Workspace
from pages.shared.live.component import file_component
from pages.shared.person.language import _

LONGEST_LINE = 2000
"""Characters of a line that are shown whole; longer ones carry data."""
SHORTENED = 60
code_component = file_component("torch_playground_code", __file__)


def code_panel(space: Workspace) -> None:
    """The code of the run on display, with the learning-rate changes made during it; before a run, that of the form."""
    run = space.run
    config: TrainingConfig = run.config if run is not None else space.config.changed(device="cpu")
    changes = run.changes if run is not None else {}
    st.write(
        _(
            "This is the code that runs, made from the app's own source with your settings filled in. Marked lines "
            "differ from the tutorial's defaults; lines that are struck through are missing here. On the same machine, "
            "with the same version of PyTorch, it prints the same losses."
        )
    )
    name = f"torch_playground_{space.name}"
    log = None
    if st.toggle(
        _("With the lines that log for TensorBoard"),
        key=f"code log {space.name}",
        help=_(
            "The same lines as in the app, around the same loop. What they log is chosen in the section TensorBoard."
        ),
    ):
        log = manager().store.log_config(space.owner)
    with st.container(horizontal=True):
        _download(_("Download .py"), script(config, changes, log), f"{name}.py", "text/x-python")
        _download(_("Download .ipynb"), notebook(config, changes), f"{name}.ipynb", "application/x-ipynb+json")
    lines = marked_lines(config, changes, log)
    shortened = any(len(line) > LONGEST_LINE for line, _marked in lines)
    parts = highlighted([line for line, _marked in lines])
    if shortened:
        parts = [cut(part) for part in parts]
        st.caption(_("One line carries the images themselves and is cut short here; the download has it whole."))
    rows = [{"marked": marked, "parts": part} for (_line, marked), part in zip(lines, parts, strict=True)]
    for at, gone in sorted(missing_lines(config, changes, log).items(), reverse=True):
        bare = [line.lstrip() for line in gone]
        rows[at:at] = [
            {"missing": True, "parts": [("", line.removesuffix(text)), ("gone", text)]}
            for line, text in zip(gone, bare, strict=True)
        ]
    code_component(
        key=f"code {space.name}",
        data={
            "copy": "" if shortened else _("Copy"),
            "copied": _("Copied"),
            "left_out": _("The default script has this line; this one lacks it."),
            "lines": rows,
        },
    )


def code_box(key: str, text: str) -> None:
    """Show Python code as it is, its lines whole, with a button that copies it."""
    lines = [{"marked": False, "parts": parts} for parts in highlighted(text.split("\n"))]
    code_component(key=key, data={"copy": _("Copy"), "copied": _("Copied"), "left_out": "", "lines": lines})


def _download(label: str, text: str, file: str, mime: str) -> None:
    st.download_button(label, text, file, mime, on_click="ignore", icon=":material/download:")


def cut(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A line's parts, the long ones shortened."""
    return [(kind, f"{text[:SHORTENED]} … {text[-1]}" if len(text) > LONGEST_LINE else text) for kind, text in parts]


def highlighted(lines: list[str]) -> list[list[tuple[str, str]]]:
    """Each line as (kind, text) parts; kind is keyword, string, comment, number or empty."""
    spans: list[list[tuple[int, int, str]]] = [[] for _line in lines]
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
        kind = _kind(token)
        if kind:
            for row in range(token.start[0], token.end[0] + 1):
                start = token.start[1] if row == token.start[0] else 0
                end = token.end[1] if row == token.end[0] else len(lines[row - 1])
                spans[row - 1].append((start, end, kind))
    return [_parts(line, line_spans) for line, line_spans in zip(lines, spans, strict=True)]


def _kind(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        return "keyword" if keyword.iskeyword(token.string) else ""
    return {tokenize.STRING: "string", tokenize.COMMENT: "comment", tokenize.NUMBER: "number"}.get(token.type, "")


def _parts(line: str, spans: list[tuple[int, int, str]]) -> list[tuple[str, str]]:
    parts, at = [], 0
    for start, end, kind in spans:
        parts += [("", line[at:start]), (kind, line[start:end])]
        at = end
    parts.append(("", line[at:]))
    return [part for part in parts if part[1]]
