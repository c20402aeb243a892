"""The controls of the loading page: situations, buttons, and the forms of the two settings."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.config import Setting
from core.loading.situations import SITUATIONS
from pages.loading.bench import Bench, Side
from pages.shared.form.controls import fields, take, take_all
from pages.shared.page.share import share_popover
from pages.shared.panels.page_text import Tries
from pages.shared.person import session
from pages.shared.person.language import _

GROUPS = ("loader", "data", "training")
WITHOUT_LOADER = ("batch_size", "shuffle")
"""Fields of the loader that one tensor knows too."""


def take_settings(space: Bench) -> None:
    """Take what the forms of both settings say."""
    if session.get("loading compare") is None:
        session.put("loading compare", space.compare)
    space.compare = session.get("loading compare")
    for each in (space.a, space.b):
        take(each)


def settings(space: Bench) -> None:
    """Draw the forms of both settings, once they were taken, one at a time."""
    st.toggle(
        _("Two settings side by side"),
        key="loading compare",
        help=_("Measure A and B one after the other, and draw both on the same scale."),
    )
    side = space.a
    if space.compare:
        chosen = st.segmented_control(
            _("Setting"), ["A", "B"], default="B", required=True, key="loading side", label_visibility="collapsed"
        )
        side = space.b if chosen == "B" else space.a
    form(side)


def form(side: Side) -> None:
    """The widgets of one setting: the few that matter on top, the others to unfold."""
    titles = {"loader": "DataLoader", "data": _("Data"), "training": _("Training")}
    usable_fields = {name: one for name, one in side.config.settings().items() if usable(side, name, one)}
    for group in GROUPS:
        fields(side, {name: one for name, one in usable_fields.items() if one.group == group and not one.folded})
    for group in GROUPS:
        folded = {name: one for name, one in usable_fields.items() if one.group == group and one.folded}
        touched = sum(getattr(side.config, name) != side.config.default(name) for name in folded)
        title = _("More of {group}").format(group=titles[group])
        label = _("{group} ({count} changed)").format(group=title, count=touched) if touched else title
        if folded:
            with st.expander(label, key=side.key(f"group {group}"), expanded=bool(set(side.problems) & set(folded))):
                fields(side, folded)


def usable(side: Side, name: str, one: Setting) -> bool:
    """Whether a field means something: one tensor needs no DataLoader."""
    return side.config.style != "tensor" or one.group != "loader" or name in WITHOUT_LOADER


def situation_titles() -> dict[str, str]:
    """What the situations are called."""
    return {
        "slow": _("A decode of 5 ms"),
        "memory": _("Images in memory"),
        "many": _("Too many workers"),
        "waiting": _("Waiting for a disk"),
        "first": _("Workers that stay"),
        "gpu": _("Beside a GPU"),
        "twice": _("Samples that come twice"),
        "tensor": _("One tensor"),
    }


def tries(space: Bench) -> Tries:
    """What the buttons of the lesson do: they set a situation up and measure it."""
    titles = situation_titles()
    return Tries(
        label=lambda values: titles[values["situation"]],
        start=lambda values: space.choose(values["situation"]),
        starts=lambda values: True,
    )


def buttons(space: Bench) -> None:
    """Situations, and what starts and ends a measurement."""
    titles = situation_titles()
    session.put("loading situation", space.shown_situation)

    def choose() -> None:
        chosen = session.get("loading situation")
        if chosen in SITUATIONS:
            space.choose(chosen)
        elif space.situation:
            space.choose(space.situation)

    st.pills(
        _("Situations"),
        list(titles),
        format_func=titles.__getitem__,
        key="loading situation",
        on_change=choose,
        label_visibility="collapsed",
    )

    def start(measuring: Callable[[], None]) -> None:
        take_all()
        measuring()

    alive = space.job is not None and space.job.alive
    unusable = any(side.problems for side in space.sides)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Measure A and B") if space.compare else _("Measure"),
            key="measure",
            type="primary",
            icon=":material/play_arrow:",
            on_click=lambda: start(space.run),
            disabled=unusable,
        )
        st.button(
            _("Every number of workers"),
            key="sweep",
            icon=":material/bar_chart:",
            on_click=lambda: start(space.run_sweep),
            disabled=unusable,
            help=_("Measure the settings with 0, 1, 2, 3, 4, 6 and 8 workers, one after the other."),
        )
        if alive:
            st.button(_("End"), key="end measurement", icon=":material/stop:", on_click=space.end)
    if unusable:
        st.warning(_("Not all settings can be used: see the form at the left."), icon=":material/warning:")


def share(space: Bench) -> None:
    """A popover with a link to both settings."""

    def words() -> None:
        st.write(_("Anyone who opens this link finds all settings as they are here. It starts nothing."))

    share_popover("loading", space.to_query(), words, "share loading")
