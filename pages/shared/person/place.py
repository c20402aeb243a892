"""Whether a person may start work: those beyond the server's limit of people may look, and start nothing."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.config import Problem
from core.engine.manager import manager
from pages.shared.person import session
from pages.shared.person.language import tell

ICON = ":material/groups:"


def refusal() -> Problem | None:
    """Why this person can't start work now: the server is full; None where they can."""
    return manager().presence.refusal(session.owner())


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
