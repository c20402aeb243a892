"""A card on the page: picture, arguments, the lines that ran, shapes and formula."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from core.frames import encode
from core.layers.card import Refused, Result
from core.snapshot import Frame
from pages.layers.form import CardForm
from pages.layers.kernel import kernel_editor
from pages.layers.menu import neighbours
from pages.layers.own_image import own_image, own_image_panel
from pages.layers.words import card_words, picture_text
from pages.shared.form.controls import field, take
from pages.shared.live.component import view_component
from pages.shared.page.share import share_popover
from pages.shared.panels.code_panel import code_component, highlighted
from pages.shared.person import language, session
from pages.shared.person.language import _, tell
from pages.shared.server.assets import asset

ELSEWHERE = {"kernel", "start_x", "start_y"}
"""Fields that are changed in a picture, not by a widget of Streamlit's."""
PICTURE = "card picture"
"""The picture's key: the same for all cards, so that it stays in its place when another card is chosen."""
RESERVED = 370
"""Pixels that it takes before its scripts are here; from then on it is as high as what it holds: see cards.css."""

card_component = view_component("torch_playground_card")


def card_view(form: CardForm) -> None:
    """A card, by itself: what is changed in it redraws nothing else."""
    st.fragment(_card, key=f"card {form.card.name}")(form)


def _card(form: CardForm) -> None:
    take(form)
    own = own_image(form.owner)
    with st.container(horizontal=True, vertical_alignment="center"):
        title, first = card_words(form.card.name)
        st.title(title, anchor=False)
        neighbours(form.card.name)
        reset_and_link(form)
    st.caption(first)
    for notice in form.notices[:5]:
        st.error(tell(notice), icon=":material/error:")
    picture, arguments = st.columns([2.6, 1], gap="medium")
    picture_of_card: Result | None = None
    with picture, st.container(key="card shown"):
        try:
            picture_of_card = form.card.show(form.config, own)
        except Refused as refused:
            st.error(_("torch refuses: {reason}").format(reason=language.plain(str(refused))))
        if picture_of_card is not None:
            draw(form, picture_of_card)
            lines_and_shapes(form, picture_of_card)
    with arguments:
        fields(form, own)


def reset_and_link(form: CardForm) -> None:
    """Draw the buttons beside a card's title."""
    st.button(
        _("Reset"),
        icon=":material/restart_alt:",
        disabled=not form.config.to_query(),
        on_click=lambda: form.fill(form.card.config()),
        help=_("Set every argument of this card back to its default."),
    )

    def words() -> None:
        st.write(_("This link opens this card with all its arguments as they are here."))
        if form.card.config.settings().get("image") and form.entered("image") == "own":
            st.caption(_("Your own image stays here: it is not part of the link."))

    query = {"card": form.card.name, **form.config.to_query()}
    share_popover("layers", query, words, f"share {form.card.name}")


def fields(form: CardForm, own: np.ndarray | None) -> None:
    """Draw the card's arguments, and what is wrong with them."""
    for name, setting in form.config.settings().items():
        hidden = setting.shown_if is not None and form.entered(setting.shown_if[0]) not in setting.shown_if[1]
        if hidden or name in ELSEWHERE:
            continue
        if name == "draw":
            draw_again(form)
            continue
        field(form, name, setting)
        if name == "image":
            own_image_panel(form, own)
        if name == "preset" and "kernel" in form.config.settings():
            kernel_editor(form)
    for name, problem in form.problems.items():
        if name in ELSEWHERE or name not in form.config.settings():
            st.error(tell(problem), icon=":material/error:")


def draw_again(form: CardForm) -> None:
    """A button for other random numbers; each press takes the next seed, the one after the last being the first."""
    setting = form.config.settings()["draw"]
    seed = form.config.draw
    st.button(
        _("Draw again"),
        icon=":material/casino:",
        help=_(setting.help),
        on_click=lambda: form.submit({**dict(form.config), "draw": seed + 1 if seed < (setting.high or 0) else 0}),
    )


def draw(form: CardForm, result: Result) -> None:
    """Draw the card's picture."""
    frame = Frame(0, 0, result.arrays, {"card": {"kind": result.kind, **result.facts}})

    def start() -> None:
        _start(form)

    card_component(
        key=PICTURE,
        data={
            "module": asset("layers/js/card.js"),
            "card": form.card.name,
            "lang": language.current(),
            "frame": base64.b64encode(encode({"card": frame})).decode(),
            "text": picture_text(),
        },
        height=RESERVED,
        on_start_change=start,
    )


def _start(form: CardForm) -> None:
    """Take a starting point that was clicked in the picture."""
    point: Any = getattr(session.get(PICTURE), "start", None)
    if isinstance(point, Mapping) and "start_x" in form.config.settings():
        form.submit({**dict(form.config), "start_x": point.get("x"), "start_y": point.get("y")})


def lines_and_shapes(form: CardForm, result: Result) -> None:
    """The lines that ran, with the card's own one marked; what goes in and comes out; the formula."""
    lines = highlighted(list(result.lines))
    code_component(
        key="card lines",
        data={
            "copy": _("Copy"),
            "copied": _("Copied"),
            "left_out": "",
            "lines": [
                {"marked": result.one <= at < result.one + result.lines_of_it, "parts": parts}
                for at, parts in enumerate(lines)
            ],
        },
    )
    if result.given:
        given = ", ".join(f"`{name}` {shape_of(value)}" for name, value in result.given.items())
        st.caption(_("Given: {names}").format(names=given))
    facts = []
    if result.shapes:
        facts.append(_("`{input}` → `{output}`").format(input=result.shapes[0], output=result.shapes[1]))
    if result.parameters is not None:
        facts.append(_("**{count}** parameters to learn").format(count=f"{result.parameters:,}"))
    st.markdown(" · ".join(facts))
    if result.formula:
        st.markdown(f"${result.formula}$")


def shape_of(value: Any) -> str:
    """The shape of a tensor, or of a list of equal tensors, as a reader counts it."""
    if isinstance(value, list):
        return f"{len(value)} × {tuple(value[0].shape)}" if value else "[]"
    return str(tuple(value.shape))
