"""Which file is loaded: the one from “Save”, or an uploaded one, which is distrusted."""

from __future__ import annotations

import hashlib

import streamlit as st

from core import limits
from core.files import uploads
from core.files.contents import tensors
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


def chosen_file(chosen: Chosen | None) -> tuple[Upload, str] | None:
    """The widgets that choose a file: its content and a key that tells it from all others; None while there is none."""
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
    return read_once(uploaded.getvalue()) if uploaded is not None else None


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
