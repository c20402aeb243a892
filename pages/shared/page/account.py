"""Who has signed in, at the top of every page, with a way out and in; and what a tab says once a sign-in has ended."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.engine.manager import manager
from pages.index import HOST
from pages.shared.page.sign_in_page import address_of, provider_name
from pages.shared.person import role, session
from pages.shared.person.language import _, filled, joined, listed, plain
from pages.shared.server import sign_in
from pages.shared.server.sign_in import DEFAULT, Person, Settings, known_in

SHORT = 18
"""Characters of a name that fit beside the switch between the languages; half as many where it is narrow."""


def stop_unless_signed_in() -> None:
    """Where one has to sign in, end the script of a tab in which nobody has, with a sentence that says so.

    That tab was open before: who opens one gets the page for signing in instead.
    """
    settings = sign_in.settings()
    if settings is None or not settings.required or role.person() is not None:
        return
    before = known_in(st.context.headers.get_all("cookie"))
    st.set_page_config(page_title="Torch Playground")
    if before is not None:
        session.stay(before.id)
        st.info(
            _("Your sign-in has ended. What you started continues while this tab is open: sign in again to see it."),
            icon=":material/lock_clock:",
        )
    else:
        st.info(_("You have signed out. Your runs are kept."), icon=":material/logout:")
    with st.container(horizontal=True):
        _ways_in(settings)
    st.stop()


def account(narrow: bool = False) -> None:
    """Draw who has signed in, and a way out; where signing in is optional and nobody has, a way in.

    Args:
        narrow: whether there is room for a first name only.
    """
    settings = sign_in.settings()
    if settings is None:
        return
    person = role.person()
    if person is not None:
        _signed_in(settings, person, narrow)
    elif len(settings.providers) == 1:
        _ways_in(settings)
    else:
        with st.popover(_("Sign in"), icon=":material/login:", key="sign in ways", type="tertiary"):
            _ways_in(settings)


def _signed_in(settings: Settings, person: Person, narrow: bool) -> None:
    name = person.name or _("Signed in")
    short, most = (name.split()[0], SHORT // 2) if narrow else (name, SHORT)
    short = short if len(short) <= most else f"{short[: most - 1]}…"
    with st.popover(plain(short), icon=":material/account_circle:", key="account", type="tertiary", on_change="rerun"):
        st.markdown(f"**{plain(name)}**")
        if person.email and person.email != name:
            st.caption(plain(person.email))
        roles = role.roles()
        if roles:
            titles = {"teacher": _("Teacher"), "host": _("Host of this server")}
            st.caption(listed(titles[one] for one in ("teacher", "host") if one in roles))
            _numbers()
        if "host" in roles:
            st.page_link(HOST.script, icon=HOST.icon)
        if st.button(_("Sign out"), icon=":material/logout:", key="sign out"):
            _go(f"{settings.site}auth/logout")


def _numbers() -> None:
    """How many people are here, and how many of them train: what a teacher sees of a class, without names."""
    people, _places = manager().presence.counts()
    training = len({run.owner for run in manager().alive()})
    st.markdown(joined(_("People here: {count}.").format(count=people), _("Training: {count}.").format(count=training)))


def _ways_in(settings: Settings) -> None:
    """A button for each provider."""
    back = str(session.get("page") or _here())
    for provider in settings.providers:
        label = _("Sign in") if provider == DEFAULT else filled(_("Sign in with {name}"), name=provider_name(provider))
        if st.button(label, icon=":material/login:", key=f"sign in {provider}"):
            _go(address_of(settings.site, provider, back))


def _here() -> str:
    """The page that the browser is at, of which a tab that was signed out has drawn nothing."""
    script = get_script_run_ctx()
    known = script.context_info if script is not None else None
    return urlsplit(known.url).path.rpartition("/")[2] if known is not None else ""


def _go(address: str) -> None:
    """Lead the browser to another address, as `st.login` does, which knows nothing of a path that a proxy adds."""
    script = get_script_run_ctx()
    if script is not None:
        message = ForwardMsg()
        message.auth_redirect.url = address
        script.enqueue(message)
