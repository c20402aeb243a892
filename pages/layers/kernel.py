"""A kernel's numbers, to change one by one."""

from __future__ import annotations

from typing import Any

from core.layers.convolution import weight2d
from pages.layers.form import CardForm
from pages.shared.live.component import view_component
from pages.shared.person import language, session
from pages.shared.person.language import _
from pages.shared.server.assets import asset

MOST = 49
"""How many numbers the largest kernel has."""

kernel_component = view_component("torch_playground_kernel")


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
            "module": asset("layers/js/kernel.js"),
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
