"""The networks that a person saved: a list of their own, kept between visits."""

from __future__ import annotations

import streamlit as st

from core.blocks import BlocksRefused, count, read
from core.config import Problem
from core.disk import DiskError
from core.engine.manager import manager
from core.engine.store import Network
from pages.build.desk import asked_for, put_back, text_of
from pages.shared.form.workspace import Workspace
from pages.shared.person import session
from pages.shared.person.language import _, plain, tell

MOST_NETWORKS = 50
LONGEST_NAME = 60


def my_networks(space: Workspace) -> None:
    """Save the network under a name; load and delete those saved before."""
    st.caption(_("Saved networks are yours alone. To show one to somebody else, load it and press Share."))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(_("Name of this network"), key="network name", max_chars=LONGEST_NAME)
        st.button(_("Save"), icon=":material/save:", key="save network", on_click=_save, args=(space,))
    outcome: Problem | None = session.get("network told")
    if outcome is not None:
        (st.error if outcome.field else st.success)(tell(outcome))
        session.put("network told", None)
    saved = manager().store.networks(space.owner)
    if not saved:
        st.info(_("Nothing saved yet."))
    for network in saved:
        left, load, delete = st.columns([4, 1, 1], vertical_alignment="center")
        left.markdown(f"**{plain(network.name)}**  \n:gray[{about(space, network)}]")
        load.button(
            _("Load"), key=f"load {network.name}", on_click=_load, args=(space, network), icon=":material/upload:"
        )
        delete.button(
            _("Delete"), key=f"delete {network.name}", on_click=_delete, args=(space, network.name), type="tertiary"
        )


def about(space: Workspace, network: Network) -> str:
    """What is in a saved network, in a few words."""
    choices = space.config.settings()["dataset"].choices or {}
    try:
        number = count(read(network.blocks))
    except BlocksRefused:
        number = 0
    return _("{count} blocks · {data}").format(count=number, data=_(choices.get(network.dataset, network.dataset)))


def _save(space: Workspace) -> None:
    name = str(session.get("network name") or "").strip()[:LONGEST_NAME]
    store = manager().store
    names = {network.name for network in store.networks(space.owner)}
    if not name:
        outcome = Problem("name", "Give it a name first.")
    elif name not in names and len(names) >= MOST_NETWORKS:
        outcome = Problem("name", "You have {most} networks already: delete one first.", {"most": MOST_NETWORKS})
    else:
        outcome = Problem("", "“{name}” is saved.", {"name": name})
        try:
            store.save_network(space.owner, Network(name, text_of(space), asked_for(space).dataset))
        except DiskError as error:
            outcome = Problem("name", "It can't be saved: {reason}.", {"reason": error.reason})
    session.put("network told", outcome)


def _load(space: Workspace, network: Network) -> None:
    put_back(space, network.blocks, network.dataset)


def _delete(space: Workspace, name: str) -> None:
    try:
        manager().store.delete_network(space.owner, name)
    except DiskError as error:
        session.put("network told", Problem("name", "It can't be deleted: {reason}.", {"reason": error.reason}))
