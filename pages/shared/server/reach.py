"""Under which address other machines reach this server."""

from __future__ import annotations

import os
from urllib.parse import SplitResult, urlsplit

from streamlit import config, net_util
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared.server.addresses import root_of, route
from pages.shared.server.origin import allowed_hosts

EVERY_ADDRESS = {None, "", "0.0.0.0", "::"}
"""`server.address` where it names no address: the server answers at all that the machine has."""
NOWHERE = "127.0.0.1"
"""What Streamlit takes for the address of a machine that has no network."""
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}
"""Names that lead each machine to itself."""


def app_root() -> str:
    """The app's root, with a slash at its end, as the browser has it for which this thread runs a page's script.

    Where Streamlit's `st.context.url` takes pages' names off an address, it also takes them off the path below which a
    proxy serves the app.
    """
    context = get_script_run_ctx(suppress_warning=True)
    page = context.context_info.url if context is not None and context.context_info is not None else ""
    return root_of(page) if page else route("")


def root_for_others() -> str:
    """The same, to hand on."""
    here = urlsplit(app_root())
    return site_for_others(here) + here.path if here.netloc else here.path


def in_network() -> str | None:
    """The machine's address in its network; None where it has none, or the server does not answer there."""
    if config.get_option("server.address") not in EVERY_ADDRESS:
        return None
    number = net_util.get_internal_ip()
    return number if number and number != NOWHERE else None


def is_reachable(here: SplitResult) -> bool:
    """Whether others get to this server by the address that someone's browser has of it."""
    return here.hostname not in THIS_MACHINE


def site_for_others(here: SplitResult) -> str:
    """Scheme and host to hand on: as in the browser, but for a name by which each machine finds itself alone.

    Args:
        here: the address of the page in the browser.
    """
    number = in_network()
    if is_reachable(here) or number is None or ((allowed := allowed_hosts(os.environ)) and number not in allowed):
        return f"{here.scheme}://{here.netloc}"
    return f"{here.scheme}://{number}" + (f":{here.port}" if here.port else "")
