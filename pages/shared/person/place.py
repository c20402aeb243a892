"""Whether a person may start work: those beyond the server's limit of people may look, and start nothing."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.config import Problem
from core.engine.manager import manager
from pages.shared.person import session
from pages.shared.person.language import _, tell

ICON = ":material/groups:"


def refusal() -> Problem | None:
    """Why this person can't start work now: the server is full; None where they can."""
    return manager().presence.refusal(session.owner())


def turned_away() -> Problem | None:
    """The same for one who has not asked yet: no place is taken by looking."""
    return manager().presence.turned_away(session.owner())


def say_at_top(new: bool) -> None:
    """On a full server a quiet line says so before anything is pressed. While the page stays the line does too.

    Args:
        new: whether the page is only now being opened.
    """
    problem = turned_away()
    line = problem is not None or (bool(session.get("full line")) and not new)
    session.put("full line", line)
    if line:
        st.caption(tell(problem) if problem is not None else _("Someone has left: you can start work now."))


def may_start() -> bool:
    """Whether this person can start work now; if not, the sentence that says why is drawn here."""
    problem = refusal()
    if problem is not None:
        st.error(tell(problem), icon=ICON)
    return problem is None


def with_place(button: str, act: Callable[[], object]) -> Callable[[], None]:
    """A button's callback that acts where the person may start work, and else has `say_full` say why not.

    Args:
        button: a name that the page gives no other button.
    """

    def press() -> None:
        problem = refusal()
        session.put(f"full {button}", problem)
        if problem is None:
            act()

    return press


def say_full(button: str) -> None:
    """Say it where the button's last press met a full server; called beside the button."""
    problem: Problem | None = session.get(f"full {button}")
    if problem is not None:
        st.error(tell(problem), icon=ICON)
