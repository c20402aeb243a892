"""Transfer: the convolutions of one network for another task, with few examples."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core.files.transfer import WAYS, compare, freeze, load_convolutions
from core.processes.confined import Unable
from pages.shared.panels.code_panel import code_box
from pages.shared.person import session
from pages.shared.person.language import _, tell
from pages.shared.person.place import may_start
from pages.shared.pictures.palette import CHARTS, in_sight

COUNTS = (10, 25, 50, 100, 200)
NUM_EPOCHS = 20


def transfer_panel() -> None:
    """Draw the section: choices and code at the left, the four ways' accuracies at the right."""
    left, right = st.columns([5, 6], gap="medium")
    with left:
        st.markdown(
            _(
                "A CNN learns the digits **0 to 4**. Then it should tell **5 to 9** apart, from a few examples. "
                "Its convolutions already detect strokes and edges: load them, freeze them, and train only a new last "
                "layer."
            )
        )
        count = st.select_slider(
            _("Training images of 5 to 9"), COUNTS, value=25, key="files transfer count", persist_state="page"
        )
        seed = st.slider(_("Seed"), 1, 20, key="files transfer seed", persist_state="page")
        pressed = st.button(_("Train four ways"), icon=":material/school:", type="primary", key="files transfer")
        if pressed and may_start():
            with st.spinner(_("Training four ways …"), show_time=True):
                _train(count, seed)
        about: list[tuple[Callable[..., Any], str]] = [
            (
                load_convolutions,
                _("Take all but the head from a file: its shape would not fit another number of classes anyway."),
            ),
            (freeze, _("Keep the convolutions as they are: they get no gradients.")),
        ]
        code = [
            inspect.getsource(function).replace(f'"""{function.__doc__}"""', f"# {words}") for function, words in about
        ]
        optimizer = "optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=0.002)"
        code_box("files transfer code", "\n\n".join([*(text.strip() for text in code), optimizer]))
    with right:
        known = session.get("files transfer result")
        if known is None:
            st.info(
                _(
                    "How many of the 500 test digits are right after each epoch? Predict first: which way learns "
                    "fastest?"
                ),
                icon=":material/psychology:",
            )
        elif isinstance(known[1], Unable):
            st.error(tell(known[1].problem), icon=":material/error:")
        else:
            _chart(*known)


def _train(count: int, seed: int) -> None:
    try:
        session.put("files transfer result", (count, compare(count, NUM_EPOCHS, seed)))
    except Unable as unable:
        session.put("files transfer result", (count, unable))


def _chart(count: int, accuracies: dict[str, list[float]]) -> None:
    names = {
        "frozen": _("trained convolutions, frozen"),
        "tuned": _("trained convolutions, trained further"),
        "new": _("everything from scratch"),
        "chance": _("random convolutions, frozen"),
    }
    colours = in_sight()
    looks = {
        "frozen": (colours["train"], 3),
        "tuned": (colours["classes"][9], 3),
        "new": (colours["classes"][1], 3),
        "chance": (CHARTS["chance"], 2),
    }
    figure = go.Figure()
    for way in WAYS:
        colour, width = looks[way]
        values = accuracies[way]
        figure.add_scatter(
            x=list(range(len(values))), y=values, name=names[way], mode="lines", line={"color": colour, "width": width}
        )
    figure.update_layout(
        height=380,
        margin={"l": 50, "r": 8, "t": 60, "b": 40},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": _("epoch"), "range": [0, NUM_EPOCHS]},
        yaxis={"title": _("test accuracy"), "range": [0, 1], "tickformat": ".0%"},
    )
    st.plotly_chart(figure, key="files transfer chart", config={"displayModeBar": False})
    rows = [
        f"| {names[way]} | {accuracies[way][min(1, len(accuracies[way]) - 1)]:.1%} | {accuracies[way][-1]:.1%} |"
        for way in WAYS
    ]
    titles = [_("{count} training images").format(count=count), _("after 1 epoch"), _("at the end")]
    st.markdown("\n".join(["| " + " | ".join(titles) + " |", "|---|--:|--:|", *rows]))
