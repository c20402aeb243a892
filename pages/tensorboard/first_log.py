"""TensorBoard's first example: the line of code, the file that it writes, and what TensorBoard makes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.disk import DiskError
from core.engine.manager import manager
from core.tensorboard.first import FOLDER, FirstConfig, code, forget, write
from core.tensorboard.records import HEADER
from pages.shared.form.controls import fields, take
from pages.shared.form.form import Form
from pages.shared.person import session
from pages.shared.person.language import _, reason
from pages.shared.server.addresses import address
from pages.shared.server.reach import app_root
from pages.shared.server.tensorboard_route import FOLDER as BOARD
from pages.shared.server.tensorboard_route import PASS

PREFERENCE = "first log"


class FirstForm(Form):
    """What is written, as the person left it."""

    def save(self) -> None:
        """Store the example for the next visit."""
        session.prefer(PREFERENCE, json.dumps(self.config.to_query()))


def first_log() -> None:
    """The form, and side by side the code, the records and TensorBoard's picture."""
    form: FirstForm | None = session.get("first log")
    if form is None:
        form = FirstForm("first log", FirstConfig.forgive(session.preferences(PREFERENCE))[0])
        session.put("first log", form)
    take(form)
    for column, (name, setting) in zip(st.columns(3), form.config.settings().items(), strict=True):
        with column:
            fields(form, {name: setting})
    logs = manager().store.logs(session.owner())
    written = session.get("first log written")
    if written is None or written[0] != form.config or not (logs / FOLDER / form.config.run).exists():
        try:
            written = (form.config, *write(form.config, logs / FOLDER / form.config.run))
            forget(logs / FOLDER)
        except DiskError as error:
            session.put("first log written", None)  # what was there is gone
            st.error(_("It can't be stored on the disk: {reason}.").format(reason=reason(error.reason)))
            return
        session.put("first log written", written)
    _config, data, records = written
    st.markdown(
        _(
            "Each `add_scalar` appends a record to a file: a step and its value. TensorBoard reads the file and draws "
            "a point for each record."
        )
    )
    left, right = st.columns(2)
    with left:
        st.markdown(_("**The code**"))
        st.code(code(form.config), language="python", wrap_lines=True)
    with right:
        st.markdown(_("**The file: {size} bytes, {count} records**").format(size=f"{len(data):,}", count=len(records)))
        rows = []
        for record in records:
            values = record.event.summary.value
            step = str(record.event.step) if values else ""
            said = f"{values[0].tag} = {values[0].simple_value:.6g}" if values else record.event.file_version
            rows.append({_("step"): step, _("content"): said, _("at byte"): record.offset, _("bytes"): record.size})
        st.caption(
            _(
                "Each record consists of its length and two checksums ({extra} bytes together) and an Event: a step "
                "with its values. The first record only states the version of the format."
            ).format(extra=HEADER.size + 4)
        )
        st.dataframe(rows, hide_index=True, height=230)
    st.markdown(_("**The picture: TensorBoard itself, started on the folder runs**"))
    st.caption(_("The filter above its list of runs hides all other runs; clear it to see them."))
    st.iframe(
        board_address(
            {
                "runFilter": f"^{FOLDER}/{re.escape(form.config.run)}$",
                "written": f"{form.config.function} {form.config.points}",  # another address loads it again
            }
        ),
        height=640,
    )


def board_address(more: Mapping[str, Any]) -> str:
    """Where TensorBoard is. It is as light or dark as the browser asks for, and so is this app.

    The address is a whole one: Streamlit takes any other for the text of a page.
    """
    word = session.frame_pass()
    return app_root() + address(BOARD, *((PASS, word) if word else ()), "", query=more)
