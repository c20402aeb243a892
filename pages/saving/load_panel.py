"""Loading: a file, a network to load it into, key by key what fits, and what the network says then."""

from __future__ import annotations

import streamlit as st

from core.files import weights
from core.files.contents import rows
from core.files.uploads import Upload
from core.files.uploads.places import is_mixed, written
from core.files.weights import Loaded, match
from core.processes.confined import Unable
from pages.saving.answers import answers_view
from pages.saving.chosen import Chosen
from pages.saving.file_choice import chosen_file
from pages.saving.once import once
from pages.saving.outcome import key_table, odd_numbers, outcome
from pages.saving.target_network import Target, target_network
from pages.saving.tree import file_tree
from pages.shared.panels.code_panel import code_box
from pages.shared.person.language import _, tell


def load_panel(chosen: Chosen | None) -> None:
    """The section: choices at the left, what came of them at the right, and below it each key."""
    left, right = st.columns([5, 6], gap="medium")
    with left:
        file = chosen_file(chosen, right)
    if file is None:
        return
    upload, key = file
    with left:
        if not upload.places:
            st.error(_("There is no state_dict in this file: no dict whose values are all tensors."))
            with right:
                file_tree(rows(upload.value), "files upload tree")
            return
        target = target_network(upload, key, chosen)
        if target is None:
            return
        mode = _mode()
        code_box("files loading code", _code(upload, target, mode))
    matches = match(target.weights, target.config)
    loaded = once(
        "files loaded",
        (key, target.place, target.naming, target.config, mode),
        _("Loading …"),
        lambda: weights.load(target.weights, target.config, mode),
    )
    with right:
        if isinstance(loaded, Unable):
            st.error(tell(loaded.problem), icon=":material/error:")
        else:
            outcome(loaded, matches, mode, target.could_be if target.could_be != target.naming else None)
            odd_numbers(target.weights)
            answers_view(target.config, loaded)
    key_table(matches, loaded if isinstance(loaded, Loaded) else None)
    with st.expander(_("What is in the file")):
        file_tree(rows(upload.value), "files upload tree")


def _mode() -> str:
    words = {"strict": "strict=True", "loose": "strict=False", "fitting": _("only what fits")}
    mode: str = st.segmented_control(
        _("load_state_dict with"),
        list(words),
        format_func=words.__getitem__,
        default="strict",
        required=True,
        key="files mode",
        persist_state="page",
        help=_(
            "strict=False lets keys be missing or left over, never a wrong size. To load only what fits, the others "
            "are taken out of the dict first."
        ),
    )
    return mode


def _code(upload: Upload, target: Target, mode: str) -> str:
    """PyTorch's lines that load the file in the way chosen."""
    read = {
        "safetensors": "weights = load_file(PATH)",
        "model": (
            "with torch.serialization.safe_globals(CLASSES):  # as on “Save”\n"
            "    weights = torch.load(PATH, weights_only=True).state_dict()"
        ),
        "exported": "weights = torch.export.load(PATH).state_dict",
        "onnx": (
            "stored = onnx.load(PATH).graph.initializer\n"
            "weights = {t.name: torch.tensor(onnx.numpy_helper.to_array(t)) for t in stored}"
        ),
    }.get(upload.kind, f"weights = torch.load(PATH, weights_only=True){written(target.place)}")
    lines = [read]
    if is_mixed(upload.value, target.place):
        lines.append("weights = {k: v for k, v in weights.items() if torch.is_tensor(v)}")
    if target.naming:
        lines.append(f"weights = {target.naming.code('weights', target.others)}")
    if mode == "fitting":
        lines += [
            "own = net.state_dict()",
            "fitting = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}",
            "net.load_state_dict(fitting, strict=False)",
        ]
    else:
        lines.append(f"net.load_state_dict(weights{', strict=False' if mode == 'loose' else ''})")
    return "\n".join(lines)
