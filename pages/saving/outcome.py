"""What came of loading: whether it worked, what is odd about the numbers, and which keys fit."""

from __future__ import annotations

from collections import Counter

import streamlit as st
import torch
from torch import Tensor

from core.files.names import Naming
from core.files.weights import Loaded, Match
from pages.shared.person.language import _, as_code, joined

MOST_KEYS = 120
"""The most lines that the table of keys has."""


def outcome(loaded: Loaded, matches: list[Match], mode: str, naming: Naming | None = None) -> None:
    """How loading went, in a sentence; and PyTorch's own words where it was an error.

    Args:
        naming: what could be taken off the file's names and was not.
    """
    counts = Counter(key_match.verdict for key_match in matches)
    total = len(matches) - counts["unexpected"]
    if loaded.error:
        sentence = _("PyTorch refuses. Another size: {size}. Missing in the file: {missing}. Unexpected: {unexpected}.")
        sentence = sentence.format(size=counts["size"], missing=counts["missing"], unexpected=counts["unexpected"])
        if loaded.copied:
            careful = _("Careful: the {copied} tensors that fit were copied anyway.")
            if len(loaded.copied) == 1:
                careful = _("Careful: the one tensor that fits was copied anyway.")
            sentence = joined(sentence, careful.format(copied=len(loaded.copied)))
        elif not counts["size"]:
            more = _("None of the names match: the file belongs to another network, or its names begin differently.")
            if naming:
                more = _("The names in the file begin differently. Take it off: {line}").format(
                    line=as_code(naming.code("weights", others=False))
                )
            sentence = joined(sentence, more)
        st.error(sentence, icon=":material/error:")
        with st.expander(_("PyTorch's own words")):
            st.code(loaded.error, language=None, wrap_lines=True)
    elif counts["fits"] == total and not counts["unexpected"]:
        st.success(_("All {count} keys fit: `<All keys matched successfully>`.").format(count=total))
    else:
        sentence = _("From the file: {count} of the network's {total} tensors; the others keep their first values.")
        sentence = sentence.format(count=counts["fits"], total=total)
        missing = [key_match.key for key_match in matches if key_match.verdict == "missing"]
        if missing and all(key.endswith("num_batches_tracked") for key in missing):  # ONNX leaves it out
            count = _(
                "What is missing, num_batches_tracked, only counts the batches of training: no answer depends on it."
            )
            sentence = joined(sentence, count)
        st.warning(sentence)


def odd_numbers(weights: dict[str, Tensor]) -> None:
    """Say what PyTorch copies without a word."""
    odd = [name for name, tensor in weights.items() if not torch.isfinite(tensor).all()]
    if odd:
        sentence = _("{name} holds NaN or infinity. Tensors like this: {count}.")
        st.warning(sentence.format(name=as_code(odd[0][:80]), count=len(odd)), icon=":material/warning:")
    others = {str(tensor.dtype).removeprefix("torch.") for tensor in weights.values() if tensor.is_floating_point()}
    if others - {"float32"}:
        sentence = _("load_state_dict copies into the network's own numbers: {kinds} becomes float32.")
        st.caption(sentence.format(kinds=", ".join(sorted(others - {"float32"}))))


def key_table(matches: list[Match], loaded: Loaded | None) -> None:
    """A table of the keys of file and network, and whether each fits."""
    words = {
        "fits": _("fits"),
        "size": _("another size"),
        "missing": _("missing in the file"),
        "unexpected": _("unexpected: the network has no such key"),
    }
    colours = {"fits": "green", "size": "red", "missing": "orange", "unexpected": "orange"}
    titles = [_("key"), _("in the file"), _("in the network"), "", ""]
    lines = ["| " + " | ".join(titles) + " |", "|---|--:|--:|---|---|"]
    copied = set(loaded.copied) if loaded is not None else set()
    for row in matches[:MOST_KEYS]:
        mark = _("copied") if row.key in copied else ""
        key = as_code(row.key[:80])
        verdict = f":{colours[row.verdict]}[{words[row.verdict]}]"
        lines.append(f"| {key} | {_shape(row.file)} | {_shape(row.net)} | {verdict} | {mark} |")
    st.markdown("\n".join(lines))
    if len(matches) > MOST_KEYS:
        st.caption(_("The first {count} lines are shown.").format(count=MOST_KEYS))


def _shape(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return "–"
    return "\u00a0×\u00a0".join(map(str, shape)) or "()"
