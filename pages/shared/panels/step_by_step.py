"""The step-by-step section: three buttons, and what each does to every parameter."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.step_by_step import MOST_PRESSES, PRESSES, Press, Table, replay
from pages.shared.form.workspace import Workspace
from pages.shared.person import session
from pages.shared.person.language import _
from pages.shared.person.place import say_full, with_place

PER_PAGE = 200
"""Numbers that are shown at one time."""
PLAIN_SGD = r"w \leftarrow w - \mathrm{lr}\cdot \nabla w"
"""The rule of SGD without momentum and weight decay."""


def step_by_step(space: Workspace) -> None:
    """Draw the section: buttons, the formula of the last press, a table of all parameters."""
    key = f"presses {space.name}"
    if session.get(f"{key} config") != space.config:
        session.put(f"{key} config", space.config)
        session.put(key, ())
    presses: tuple[Press, ...] = session.get(key, ())
    st.write(
        _(
            "One training step by hand, from the first weights, on the first batch. Press the three lines in order, "
            "then in another order, and see what each one changes."
        )
    )
    with st.container(horizontal=True):
        for press in PRESSES:
            code = {"zero_grad": "optimizer.zero_grad()", "backward": "loss.backward()", "step": "optimizer.step()"}[
                press
            ]
            st.button(
                f"`{code}`",
                key=f"press {press}",
                disabled=len(presses) >= MOST_PRESSES,
                on_click=with_place(key, partial(session.put, key, (*presses, press))),
            )
        st.button(
            _("Undo"), icon=":material/undo:", disabled=not presses, on_click=lambda: session.put(key, presses[:-1])
        )
        st.button(_("Start over"), disabled=not presses, on_click=lambda: session.put(key, ()))
    say_full(key)
    table = replay(space.config.changed(device="cpu"), presses)
    st.caption(_("Pressed so far: {presses}").format(presses=" → ".join(presses[-9:]) or "–"))
    _formula(space.config, table, presses[-1] if presses else None)
    _numbers(space, table)


def _numbers(space: Workspace, table: Table) -> None:
    """A row for each number; of many those of a page, a parameter, or what is searched for."""
    at = np.arange(len(table.values))
    if len(at) > PER_PAGE:
        at = _page(space, table)
    graded, changes, gradient_changes = table.graded[at], table.changes[at], table.gradient_changes[at]
    st.dataframe(
        {
            _("parameter"): [table.name_at(int(place)) for place in at],
            _("value"): table.values[at],
            ".grad": np.where(graded, table.gradients[at], np.nan),
            _("value changed by"): np.where(changes == 0, np.nan, changes),
            _(".grad changed by"): np.where(gradient_changes == 0, np.nan, gradient_changes),
        },
        hide_index=True,
        height=320,
        column_config={
            name: st.column_config.NumberColumn(format="%.6f")
            for name in (_("value"), ".grad", _("value changed by"), _(".grad changed by"))
        },
    )


def _page(space: Workspace, table: Table) -> npt.NDArray[np.int64]:
    """The controls that choose some of many numbers, and where these are."""
    key = f"step numbers {space.name}"
    shapes = {"": _("all")}
    shapes |= {name: f"{name}  {' × '.join(map(str, shape))}" for name, shape in table.parameters}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        parameter = st.selectbox(
            _("Parameter"),
            list(shapes),
            format_func=shapes.__getitem__,
            key=f"{key} {' '.join(shapes)[:200]}",
            persist_state="page",
        )
        words = st.text_input(_("Find"), key=f"{key} words", placeholder="bias[3]", persist_state="page")
        by_change = st.toggle(_("Most changed first"), key=f"{key} change", persist_state="page")
        places = table.places(parameter, words, by_change)
        pages = max(1, math.ceil(len(places) / PER_PAGE))
        number = st.number_input(
            _("Page, of {pages}").format(pages=pages), 1, pages, key=f"{key} {parameter} {words} {pages}", width=150
        )
    first = (number - 1) * PER_PAGE
    sentence = _("Numbers {first} to {last} of {count}; the network has {total} in all.")
    if not len(places):
        sentence = _("No number of the network has such a name.")
    last = min(first + PER_PAGE, len(places))
    total = f"{len(table.values):,}"
    st.caption(sentence.format(first=f"{first + 1:,}", last=f"{last:,}", count=f"{len(places):,}", total=total))
    return places[first:last]


def _formula(config: Any, table: Table, press: Press | None) -> None:
    """What the last press did, as a formula and, for one weight, in numbers."""
    row = table.most_changed
    if press is None:
        st.latex(r"\text{loss} = \text{loss\_func}(\text{net}(x),\ y)")
        st.caption(_("No gradient yet: .grad is None until the first backward."))
    elif press == "zero_grad":
        st.latex(r"\nabla w \leftarrow \text{None}")
        st.caption(_("Every .grad is empty now. Without this line the next backward would add to the old ones."))
    elif press == "backward":
        st.latex(
            rf"\nabla w \leftarrow \nabla w + \frac{{\partial\, \text{{loss}}}}{{\partial w}}"
            rf"\qquad \text{{loss}} = {table.loss:.6f}"
        )
        if table.presses_of_backward > 1:
            st.caption(
                _("{count} backward passes are added up now: zero_grad was not pressed between them.").format(
                    count=table.presses_of_backward
                )
            )
        else:
            st.caption(_("Each parameter now knows which way the loss rises. No value has changed yet."))
    elif not table.graded.any():
        st.latex(rule_of(config))
        st.caption(_("Nothing happened: without a gradient the optimizer leaves every parameter as it is."))
    else:
        rule = rule_of(config)
        st.latex(rule)
        if rule == PLAIN_SGD and row.gradient is not None:
            st.latex(
                rf"\texttt{{{_tex(row.parameter)}}}: \quad {row.value - row.change:.6f} - {table.lr:g} \times "
                rf"({row.gradient:.6f}) = {row.value:.6f}"
            )
        st.caption(_("The optimizer moved the values by this rule. The gradients stay until zero_grad clears them."))


def rule_of(config: Any) -> str:
    """How this run's optimizer changes a value w: the formula with the weight decay and the momentum that are set."""
    decay, momentum = getattr(config, "weight_decay", 0), getattr(config, "momentum", 0)
    lines = []
    gradient = r"\nabla w"
    if decay and config.optimizer != "AdamW":
        lines.append(r"g = \nabla w + \lambda w")
        gradient = "g"
    change = {
        "SGD": gradient,
        "RMSprop": rf"{gradient} / (\sqrt{{v}} + \epsilon)",
        "Adam": r"\hat m / (\sqrt{\hat v} + \epsilon)",
        "AdamW": r"\left(\hat m / (\sqrt{\hat v} + \epsilon) + \lambda w\right)",
    }[config.optimizer]
    if momentum and config.optimizer in ("SGD", "RMSprop"):
        lines.append(rf"b \leftarrow \mu\, b + {change}")
        change = rf"({gradient} + \mu\, b)" if getattr(config, "nesterov", False) else "b"
    return r" \qquad ".join([*lines, rf"w \leftarrow w - \mathrm{{lr}}\cdot {change}"])


def _tex(name: str) -> str:
    return name.replace("_", r"\_")
