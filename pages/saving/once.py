"""Work that is done when it is first needed, and not again in the same tab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from core.processes.confined import Unable
from pages.shared.person import session
from pages.shared.person.place import refusal

Result = TypeVar("Result")


def once(name: str, key: Any, label: str, work: Callable[[], Result], show_time: bool = False) -> Result | Unable:
    """What a piece of work gives, or why it can't be done; the last result is kept, and no other.

    Where the server is full, that is the answer until a place is free.

    Args:
        name: under which the tab keeps it.
        key: what the result depends on; with another one the work is done again.
        label: what to read meanwhile.
        show_time: whether the seconds are counted meanwhile.
    """
    last: tuple[Any, Result | Unable] | None = session.get(name)
    if last is None or last[0] != key:
        problem = refusal()
        if problem is not None:
            return Unable(problem)
        with st.spinner(label, show_time=show_time):
            try:
                result: Result | Unable = work()
            except Unable as unable:
                result = unable
        last = (key, result)
        session.put(name, last)
    return last[1]
