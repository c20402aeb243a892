"""What was taken of a person's CSV, in one line, and a select box wherever it could be read in another way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from core.data.csv_table import MOST_OFFERED, PLAIN, Reading, Table
from pages.shared.person import session
from pages.shared.person.language import _, joined, listed, plain


@dataclass(frozen=True)
class Asked:
    """A CSV of which the person may say how it is read: one that was taken, or one that was refused as it was read."""

    table: Table
    source: str | bytes


def mark_of(source: str | bytes) -> str:
    """A short text that is another one for another CSV: what was chosen for one is not chosen for the next."""
    return hashlib.sha256(source if isinstance(source, bytes) else source.encode()).hexdigest()[:12]


def chosen_reading(key: str, mark: str) -> Reading:
    """How the person wants that CSV to be read."""
    columns: list[int] = []
    while (column := session.get(f"{key} {mark} column {len(columns)}")) is not None:
        columns.append(column)
    return Reading(
        encoding=session.get(f"{key} {mark} encoding") or PLAIN.encoding,
        comma=session.get(f"{key} {mark} comma") or PLAIN.comma,
        titles=session.get(f"{key} {mark} titles") or PLAIN.titles,
        columns=tuple(columns),
    )


def taken_from(table: Table) -> str:
    """Which columns were taken, in which encoding, and what else could have been read in another way."""
    reading = table.reading
    names = listed(plain(table.names[number]) for number in reading.columns)
    sentences = []
    if len(reading.columns) > 1:
        sentences.append(_("Columns: {names}.").format(names=names))
    elif len(table.names) > 1 or any(table.titles):
        sentences.append(_("Column: {names}.").format(names=names))
    if reading.encoding:
        sentences.append(_("Read as {encoding}.").format(encoding=reading.encoding))
    if table.row_numbers:
        sentences.append(_("The row numbers in front were left out."))
    if reading.comma == "decimal":
        sentences.append(_("Commas are decimal points."))
    if reading.comma == "columns" and "comma" in table.choices:
        sentences.append(_("Commas separate columns."))
    if reading.comma == "thousands":
        sentences.append(_("Commas separate thousands."))
    if "titles" in table.choices:
        sentences.append(
            _("The first line is titles.") if reading.titles == "yes" else _("The first line is data, not titles.")
        )
    return joined(*sentences)


def csv_choices(key: str, asked: Asked, roles: Sequence[str], take: Callable[[str | bytes], None]) -> None:
    """Draw a select box for everything that could be read in another way.

    Args:
        roles: what each of the columns is taken for.
        take: called with the CSV when another way was chosen.
    """
    table, mark = asked.table, mark_of(asked.source)
    words = {
        "encoding": _("Encoding"),
        "comma": _("A comma"),
        "titles": _("The first line"),
        "columns": _("separates columns"),
        "decimal": _("is a decimal point"),
        "thousands": _("separates thousands"),
        "yes": _("is titles"),
        "no": _("is data"),
    }
    if len(table.offered) < table.possible:
        st.caption(
            _("{count} columns are possible; the first {most} and those taken at first can be chosen.").format(
                count=table.possible, most=MOST_OFFERED
            )
        )
    with st.container(horizontal=len(roles) > 1):
        if table.possible > len(roles):
            for number, role in enumerate(roles):
                st.selectbox(
                    _("Column for {name}").format(name=role),
                    table.offered,
                    index=table.offered.index(table.reading.columns[number]),
                    format_func=table.names.__getitem__,
                    key=f"{key} {mark} column {number}",
                    on_change=take,
                    args=(asked.source,),
                )
        for name, values in table.choices.items():
            st.selectbox(
                words[name],
                values,
                index=values.index(getattr(table.reading, name)),
                format_func=lambda value: words.get(value, value),
                key=f"{key} {mark} {name}",
                on_change=take,
                args=(asked.source,),
            )
