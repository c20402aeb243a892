"""A kernel's numbers, to change one by one."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.layers.convolution import weight2d
from pages.shared import language, session
from pages.shared.cards.form import CardForm
from pages.shared.language import _
from pages.shared.live import STUB
from pages.shared.server import live_view_hash

MOST = 49
"""Numbers of the largest kernel."""

kernel_component = st.components.v2.component("torch_playground_kernel", js=STUB, isolate_styles=False)


def kernel_editor(form: CardForm) -> None:
    """A grid of the first kernel's numbers; a change makes it the person's own kernel."""
    config: Any = form.config
    key = f"kernel {form.card.name}"

    def change() -> None:
        values = getattr(session.get(key), "kernel", None)
        if isinstance(values, list) and len(values) <= MOST:
            form.submit({**dict(config), "preset": "own", "kernel": tuple(values)})
            form.refill = set(form.config.settings())

    kernel = weight2d(config)[0, 0] * (config.in_channels // config.groups)
    kernel_component(
        key=key,
        data={
            "module": f"/assets/live/{live_view_hash()}/cards/kernel.js",
            "lang": language.current(),
            "size": config.kernel_size,
            "values": [round(value, 4) for value in kernel.flatten().tolist()],
            "text": {
                "cell": _("Kernel, row {row}, column {column}"),
                "refused": _("A number from {low} to {high} is needed, not “{value}”."),
            },
        },
        on_kernel_change=change,
    )
