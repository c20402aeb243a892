"""Under which address other machines reach this server."""

from __future__ import annotations

import os
from urllib.parse import SplitResult

from streamlit import config, net_util

from pages.shared.server.origin import allowed_hosts

EVERY_ADDRESS = {None, "", "0.0.0.0", "::"}
"""`server.address` where it names no address: the server answers at all that the machine has."""
NOWHERE = "127.0.0.1"
"""What Streamlit takes for the address of a machine that has no network."""
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}
"""Names that lead each machine to itself."""


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
