"""Which file is loaded: the one from “Save”, or an uploaded one, which is distrusted."""

from __future__ import annotations

import hashlib

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import limits
from core.files import uploads
from core.files.contents import tensors
from core.files.examples import EXAMPLES, example
from core.files.saving import ENDINGS
from core.files.uploads import Upload
from core.processes.confined import Unable
from pages.saving.chosen import Chosen
from pages.saving.once import once
from pages.saving.save_panel import kinds, saved_file
from pages.saving.tree import in_bytes
from pages.shared.panels.uploader import uploader
from pages.shared.person import session
from pages.shared.person.language import _, tell

EXAMPLE = "files example"
"""Under what the tab remembers which example is loaded."""


def chosen_file(chosen: Chosen | None, beside: DeltaGenerator) -> tuple[Upload, str] | None:
    """The widgets that choose a file: its content and a key that tells it from all others; None while there is none.

    Args:
        beside: where examples are offered while there is none.
    """
    sources = {"here": _("the file from “Save”"), "upload": _("upload a file")}
    source = "upload"
    if chosen is not None:
        source = st.segmented_control(
            _("File"),
            list(sources),
            format_func=sources.__getitem__,
            default="here",
            required=True,
            key="files source",
            persist_state="page",
        )
    if source == "here" and chosen is not None:
        kind = session.get("files kind")
        made = saved_file(chosen, kind if kind in ENDINGS else "state_dict")
        if isinstance(made, Unable):
            st.error(tell(made.problem), icon=":material/error:")
            return None
        return read_once(made.data)
    uploaded = uploader(
        _("A file by torch.save or torch.export, a safetensors or an ONNX file"),
        "files upload",
        limits.UPLOAD_MB,
        help=_("Nothing in it is run: it is read in a process with limits, and only numbers and texts are taken out."),
    )
    if uploaded is not None:
        session.put(EXAMPLE, None)
        return read_once(uploaded.getvalue())
    name = session.get(EXAMPLE)
    if name not in EXAMPLES:
        with beside:
            _offer_examples()
        return None
    title, what = _examples()[name]
    st.markdown(_("**{title}.** {what}").format(title=title, what=what))
    st.button(_("Other examples"), icon=":material/arrow_back:", key="files examples", on_click=_take, args=(None,))
    return read_once(example(name))


def _examples() -> dict[str, tuple[str, str]]:
    """Each of the `EXAMPLES`: its title, and what it is."""
    return {
        "wrapped": (
            _("Weights behind a prefix"),
            _("A CNN's, saved while nn.DataParallel was around it: each name begins with `module.`."),
        ),
        "nested": (
            _("Two networks in one file"),
            _("A student and a teacher, in a dict in a dict, with an epoch and a device beside them."),
        ),
        "wider": (
            _("A wider network, in half precision"),
            _("Other sizes than the tutorial's, as float16: half of the bytes."),
        ),
        "harmful": (_("A file that runs code"), _("It would print a line when it is opened. Is it opened here?")),
    }


def _offer_examples() -> None:
    with st.container(border=True):
        st.markdown(_("**No file at hand?** Take one of these, and guess first whether it will load:"))
        for name, (title, what) in _examples().items():
            words, button = st.columns([4, 1], vertical_alignment="center")
            words.markdown(_("**{title}.** {what}").format(title=title, what=what))
            button.button(_("Load it"), key=f"files example {name}", on_click=_take, args=(name,), width="stretch")


def _take(name: str | None) -> None:
    session.put(EXAMPLE, name)


def read_once(data: bytes) -> tuple[Upload, str] | None:
    """A file's content and its hash; None where it is refused, with a sentence that says why."""
    key = hashlib.sha256(data).hexdigest()
    upload = once("files read", key, _("Reading the file …"), lambda: uploads.read(data))
    if isinstance(upload, Unable):
        st.error(tell(upload.problem), icon=":material/gpp_bad:")
        return None
    within = tensors(upload.value)
    names = {name: title for name, (title, _help) in kinds().items()}
    st.caption(
        _("{kind}, {size}. Tensors: {tensors}, numbers in them: {numbers}. Nothing in it was run.").format(
            kind=names.get(upload.kind, _("another file of torch.save")),
            size=in_bytes(upload.size),
            tensors=len(within),
            numbers=f"{sum(tensor.numel() for tensor in within):,}",
        )
    )
    return upload, key
