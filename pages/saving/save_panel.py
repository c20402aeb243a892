"""Saving: choose what to save, see what is in it, take it away."""

from __future__ import annotations

import streamlit as st

from core import limits
from core.export import script
from core.files import saving
from core.processes.confined import Unable
from pages.saving.chosen import Chosen
from pages.saving.once import once
from pages.saving.tree import file_tree, in_bytes
from pages.shared.panels.code_panel import code_box
from pages.shared.person import session
from pages.shared.person.language import _, tell


def kinds() -> dict[str, tuple[str, str]]:
    """Each kind of file: its name, and what it holds and is good for."""
    return {
        "state_dict": (
            "state_dict",
            _("Only the numbers, each under its name. **The usual choice**: it works as long as the class is there."),
        ),
        "safetensors": (
            "safetensors",
            _("The same numbers in a format that can hold nothing else: no program can hide in it."),
        ),
        "model": (
            _("whole model"),
            _(
                "The object itself, as the tutorial saves it. The file only *names* the class: without the script "
                "beside it, it can't be opened; with a changed one it opens and may compute something else."
            ),
        ),
        "checkpoint": (
            _("checkpoint"),
            _(
                "Everything the next step depends on: weights, optimizer, the order of the data, the random state. "
                "Training continues from it bit for bit."
            ),
        ),
        "exported": (
            "torch.export",
            _(
                "The computation as a graph, with its weights: PyTorch runs it without the class. It can only "
                "run inference: it has no optimizer, so training can't continue from it."
            ),
        ),
        "onnx": (
            "ONNX",
            _(
                "The same graph, in a format that other programs than PyTorch run: ONNX Runtime on servers, phones and "
                "in browsers. Like torch.export, it can only run inference."
            ),
        ),
    }


def save_panel(chosen: Chosen) -> None:
    """Draw the section: kinds of files, download and code at the left, what is inside at the right."""
    known = kinds()
    kind = st.segmented_control(
        _("What to save"),
        list(known),
        format_func=lambda name: known[name][0],
        default=session.get("files kind"),
        required=True,
        key="files kind",
        on_change=lambda: session.prefer("files kind", session.get("files kind")),
        label_visibility="collapsed",
        persist_state="page",
    )
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(known[kind][1])
        made = saved_file(chosen, kind)
        if isinstance(made, Unable):
            st.error(tell(made.problem), icon=":material/error:")
            return
        _downloads(chosen, kind, made)
        _programs(chosen, kind, made)
    with right:
        numbers = sum(row.bytes for row in made.tree if row.depth == 0)
        st.markdown(
            _("**Inside {name}**: {numbers} of numbers, {rest} of names and packing around them.").format(
                name=f"`{made.name}`", numbers=in_bytes(numbers), rest=in_bytes(max(0, len(made.data) - numbers))
            )
        )
        file_tree(made.tree, "files tree")


def _downloads(chosen: Chosen, kind: str, made: saving.Saved) -> None:
    """The buttons that give the file, and the script with the network's class where that is needed."""
    with st.container(horizontal=True):
        st.download_button(
            _("Download {size}").format(size=in_bytes(len(made.data))),
            made.data,
            made.name,
            "application/octet-stream",
            on_click="ignore",
            type="primary",
            icon=":material/download:",
            key="files download",
        )
        if kind not in saving.PROGRAMS:
            st.download_button(
                _("The script"),
                lambda: script(chosen.run.config, chosen.run.changes),
                f"{saving.script_name(chosen.run.config)}.py",
                "text/x-python",
                on_click="ignore",
                icon=":material/code:",
                help=_("It has the network's class; the code below imports it from there."),
            )
    if len(made.data) > limits.UPLOAD_MB * limits.MEGABYTE:
        st.caption(
            _("PyTorch loads this file wherever it is; this app reads files of up to {most} MB.").format(
                most=limits.UPLOAD_MB
            )
        )


def _programs(chosen: Chosen, kind: str, made: saving.Saved) -> None:
    """The lines that save and load it, and what they need."""
    lines = [
        "# " + _("save"),
        saving.saving_code(kind, chosen.run.config, chosen.step, made.inputs),
        "",
        "# " + _("load, in another program"),
        saving.loading_code(kind, chosen.run.config, chosen.step, made.inputs),
    ]
    code_box("files programs", "\n".join(lines).strip())
    if kind not in saving.PROGRAMS:
        beside = _("`{module}` is the file {module}.py, which the button “The script” gives: put both together.")
        st.caption(beside.format(module=saving.script_name(chosen.run.config)))
    elif kind == "onnx":
        st.caption(
            _("To write it PyTorch needs the packages `onnx` and `onnxscript`, to run it `onnxruntime` is enough.")
        )


def saved_file(chosen: Chosen, kind: str) -> saving.Saved | Unable:
    """The file, made once; or why it can't be made."""
    run = chosen.run
    program = kind in saving.PROGRAMS
    return once(
        "files made",
        (chosen.key, kind),
        _("Following the network step by step …") if program else _("Writing the file …"),
        lambda: saving.save(
            kind, run.folder.lanes(), run.changes, run.folder.checkpoint_file(chosen.step), chosen.step
        ),
        show_time=program,
    )
