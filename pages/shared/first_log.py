"""TensorBoard's first example: the line of code, the file that it writes, and the picture of what is in it."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from core.tensorboard.first import FirstConfig, code, write
from core.tensorboard.records import HEADER
from pages.shared import session
from pages.shared.controls import fields, take
from pages.shared.form import Form
from pages.shared.language import _


def first_log() -> None:
    """The form, and side by side the code, the records and the picture."""
    form: Form = session.get("first log") or Form("first log", FirstConfig())
    session.put("first log", form)
    take(form)
    fields(form, form.config.settings())
    data, found = write(form.config)
    left, middle, right = st.columns(3)
    with left:
        st.markdown(_("**The code**"))
        st.code(code(form.config), language="python", wrap_lines=True)
        st.download_button(
            _("Download the event file"),
            data,
            "events.out.tfevents.0.first",
            "application/octet-stream",
            on_click="ignore",
            icon=":material/download:",
        )
        st.caption(_("Put it into a folder and start TensorBoard on it:"))
        st.code("tensorboard --logdir runs", language=None)
    with middle:
        st.markdown(_("**The file: {size} bytes, {count} records**").format(size=f"{len(data):,}", count=len(found)))
        rows = []
        for record in found:
            values = record.event.summary.value
            step = record.event.step if values else None
            said = f"{values[0].tag} = {values[0].simple_value:.6g}" if values else record.event.file_version
            rows.append({_("at byte"): record.offset, _("bytes"): record.size, _("step"): step, _("content"): said})
        st.dataframe(rows, hide_index=True, height=360)
        st.caption(
            _("Each record is its length, two checksums ({extra} bytes in all) and an Event.").format(
                extra=HEADER.size + 4
            )
        )
    with right:
        st.markdown(_("**The picture**"))
        values = [(record.event.step, record.event.summary.value[0].simple_value) for record in found[1:]]
        figure = go.Figure(go.Scatter(x=[x for x, _y in values], y=[y for _x, y in values], mode="lines", name="y"))
        figure.update_layout(height=360, margin={"l": 40, "r": 10, "t": 10, "b": 40}, xaxis_title=_("step"))
        st.plotly_chart(figure, key="first log picture")
        st.caption(_("Drawn from the records beside it, as TensorBoard draws it."))
