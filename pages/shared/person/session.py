"""What a browser tab remembers between two runs of the script, and what its owner finds again on the next visit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from core.config import Problem
from core.disk import DiskError
from core.engine.manager import manager
from pages.shared.server.owner import TAB, new_owner, owner_in, was_framed
from pages.shared.server.passes import passes
from pages.shared.server.tabs import note_owner


def get(name: str, default: Any = None) -> Any:
    """The value that this tab stores under a name."""
    return st.session_state.get(name, default)


def put(name: str, value: Any) -> None:
    """Store a value for this tab."""
    st.session_state[name] = value


def drop(name: str) -> None:
    """Delete the value that this tab stores under a name, and those of its parts: `name.lr`, `name.0`."""
    for stored in [str(key) for key in st.session_state]:
        if stored == name or stored.startswith(f"{name}."):
            del st.session_state[stored]


def owner() -> str:
    """The random id of this browser; of this tab alone where cookies are off."""
    known: str = asker() or get("owner") or new_owner()
    put("owner", known)
    return known


def asker() -> str:
    """The id in this tab's cookie or by its token, which its requests have as well; "" where it has neither."""
    return owner_in(st.context.headers.get_all("cookie"), st.context.headers.get_all(TAB))


def has_cookie() -> bool:
    """Whether the browser sends a cookie that says who this is."""
    return bool(owner_in(st.context.headers.get_all("cookie")))


def frame_pass() -> str:
    """What frames and links of this tab need in their addresses, see `passes`; "" where the cookie comes with them.

    The cookie that a page has in a frame of another site does not come with a link that opens a tab.
    """
    cookies = st.context.headers.get_all("cookie")
    if owner_in(cookies) and not was_framed(cookies):
        return ""
    word: str = get("pass", "")
    if passes.owner(word) != owner():
        word = passes.issue(owner())
        put("pass", word)
    return word


@contextmanager
def storing() -> Iterator[None]:
    """While inside, what the disk does not take is said on the page, once; see `unstored`."""
    try:
        yield
    except DiskError as error:
        put("unstored", unstored(error))


def unstored(error: DiskError) -> Problem:
    """What is said where something could not be stored: it holds until the server ends, and may be stored by then."""
    return Problem(
        "",
        "Your settings can't be saved now ({reason}). They will be as soon as the disk takes them.",
        {"reason": error.reason},
    )


def preference(name: str) -> str | None:
    """The person's choice on an earlier visit; None if there was none."""
    return manager().store.preference(owner(), name)


def preferences(name: str) -> dict[str, Any]:
    """The person's choices that were stored together on an earlier visit, as JSON; empty if there were none."""
    return manager().store.preferences(owner(), name)


def prefer(name: str, value: str) -> None:
    """Store a person's choice for later visits."""
    with storing():
        manager().store.prefer(owner(), name, value)


def be_present() -> None:
    """Count this tab as open, so that its owner's runs continue; a closed tab is noticed by Streamlit."""
    note_owner(asker())
    _presence(owner())


def stay(owner: str) -> None:
    """Go on counting a tab as open in which someone was who has to sign in again."""
    _presence(owner)


@st.cache_resource(scope="session", show_spinner=False, on_release=lambda owner: manager().presence.depart(owner))
def _presence(owner: str) -> str:
    manager().presence.arrive(owner)
    return owner
