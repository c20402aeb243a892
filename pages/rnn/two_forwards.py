"""The two-forwards section of the RNN's page: both sources, and how long each takes on this machine."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any

import streamlit as st

from core.experiments.rnn import RNNConfig
from core.experiments.rnn.forwards import Comparison, compare, loop, whole
from pages.shared.person import session
from pages.shared.person.language import _
from pages.shared.person.place import say_full, with_place


def two_forwards(config: RNNConfig) -> None:
    """Both ways side by side, and a button that measures them."""
    st.write(
        _(
            "`nn.Linear` works on the last axis, however many axes come before it. So the loop over time steps is not "
            "needed: both ways give the same numbers, but one takes less time."
        )
    )
    for column, title, way in zip(
        st.columns([1.25, 1]), (_("The tutorial's loop"), _("The whole tensor at once")), (loop, whole), strict=True
    ):
        with column:
            st.markdown(f"**{title}**")
            st.code(bare(way), language="python")
    st.button(
        _("Measure on this machine"),
        icon=":material/timer:",
        on_click=with_place("two forwards", lambda: session.put("two forwards", (config, compare(config)))),
    )
    say_full("two forwards")
    known: tuple[RNNConfig, Comparison] | None = session.get("two forwards")
    if known is not None and known[0] == config:
        comparison = known[1]
        st.write(
            _(
                "A forward and backward pass over {points} points: **{loop} ms** with the loop, **{whole} ms** at "
                "once, **{ratio} times** as fast. The largest difference between the predictions: {difference}."
            ).format(
                points=comparison.points,
                loop=f"{1000 * comparison.loop:.2f}",
                whole=f"{1000 * comparison.whole:.2f}",
                ratio=f"{comparison.loop / comparison.whole:.1f}",
                difference=f"{comparison.difference:.0e}",
            )
        )


def bare(function: Callable[..., Any]) -> str:
    """A function's source without its docstring and types, so that it fits into half a page."""
    source = inspect.getsource(function)
    [definition] = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    for argument in definition.args.args:
        argument.annotation = None
    body = source.splitlines()[definition.body[1].lineno - 1 :]
    return "\n".join([f"def {definition.name}({ast.unparse(definition.args)}):", *body])
