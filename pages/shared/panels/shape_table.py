"""A table of all layers with their shapes, before anything runs; a choice that can't work is red where it breaks."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.shapes import LayerShape
from pages.shared.person.language import _, tell


def shape_table(rows: Sequence[LayerShape], kept: bool = False) -> None:
    """The table, its totals, and what is wrong.

    Args:
        kept: whether it has a column for the memory that training keeps of each layer for one image.
    """
    st.write(
        _(
            "One image goes through the layers from top to bottom; each takes the shape that the one before it gives: "
            "(channels, height, width). Made without training, on PyTorch's meta device."
        )
    )
    last = rows[-1]
    if last.problem is not None:
        st.error(
            _("{name}: {sentence}").format(name=f"`{last.name}`", sentence=tell(last.problem)), icon=":material/error:"
        )
    memory = [_("memory")] if kept else []
    table = [
        "| " + " | ".join([_("layer"), _("module"), _("input"), _("output"), _("parameters"), "FLOPs", *memory]) + " |",
        "|---|---|---|---|--:|--:|" + "--:|" * len(memory),
        *(_line(row, kept) for row in rows),
    ]
    st.markdown("\n".join(table))
    if last.problem is None:
        st.markdown(_story(rows))


def _line(row: LayerShape, kept: bool) -> str:
    output = _("can't work") if row.output is None else _shape(row.output)
    cells = [
        f"`{row.name}`" if row.name else "",
        f"`{row.layer}`",
        _shape(row.input),
        output,
        f"{row.parameters:,}" if row.parameters else "",
        f"{row.flops:,}" if row.flops else "",
    ]
    if kept:
        cells.append(f"{row.kept / 1000:,.0f} KB" if row.kept else "")
    if row.problem is not None:
        cells = [f":red[{cell}]" if cell else "" for cell in cells]
    return "| " + " | ".join(cells) + " |"


def _shape(shape: tuple[int, ...]) -> str:
    return "\u00a0×\u00a0".join(str(size) for size in shape)


def _story(rows: Sequence[LayerShape]) -> str:
    """The sizes in one line, where the Linear's number comes from, and the totals."""
    sizes = [row.input[-1] for row in rows[:1]]
    for row in rows:
        if row.output is not None and len(row.output) == 3 and row.output[-1] != sizes[-1]:
            sizes.append(row.output[-1])
    flat = next((row for row in rows if not row.name), None)
    parts = [
        _("In all **{parameters}** parameters and **{flops}** FLOPs for one image.").format(
            parameters=f"{sum(row.parameters for row in rows):,}", flops=f"{sum(row.flops for row in rows):,}"
        ),
        r"$\text{output} = \lfloor(\text{size} + 2\cdot\text{padding} - \text{kernel}) / \text{stride}\rfloor + 1$",
    ]
    if flat is not None and flat.output is not None:
        parts.append(
            _("Width and height become {sizes}, so `Linear` gets {product} = {flat} numbers.").format(
                sizes=" → ".join(map(str, sizes)), product=" · ".join(map(str, flat.input)), flat=flat.output[0]
            )
        )
    return "  \n".join(parts)
