"""Ray itself: joined once, kept quiet, and of an own cluster only this machine can reach the ports."""

from __future__ import annotations

import logging
import os
import secrets
import warnings
from typing import Any

from core.cluster.address import ClusterError
from core.cluster.head import unreached
from core.processes import priority
from core.resources import cores

JOIN_PATIENCE = 120.0
"""Seconds in which a cluster has to be joined; on a machine that is busy an own one takes 20 to start."""
NAMED_PATIENCE = 10.0
"""Seconds that a head which the settings name may take to answer."""


def first_sentence(error: Exception) -> str:
    """What an error says, in one line that ends with a full stop."""
    text = next((line.strip() for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)
    return f"{text.rstrip('.')[:300]}."


def joined(address: str) -> Any:
    """Ray, joined to a cluster; "local" starts one that this machine alone can reach.

    The thread that calls this has to stay: Linux ends the processes of an own cluster with it.

    Raises:
        ClusterError: nobody answers at the address. Ray would try for twenty minutes.
    """
    if ":" in address and (why := unreached(address, NAMED_PATIENCE)):
        raise ClusterError(f"The cluster can't be joined: there is no answer from {address} ({why}).")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")  # else a question after its end starts a new one
    if address == "local":
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # so Ray's ports are those of 127.0.0.1
        os.environ.setdefault("RAY_worker_niceness", str(priority.STEP))  # places answer; their workers stand behind
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ray
    logging.getLogger("ray").setLevel(logging.ERROR)
    if not ray.is_initialized():
        given: dict[str, Any] = {"num_cpus": cores(), "include_dashboard": False} if address == "local" else {}
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, namespace="torch-playground", **given)
    _silence()
    return ray


def advice(address: str) -> str:
    """What a host may look at where a cluster could not be joined; Ray's own words do not tell a wrong secret."""
    if address == "local":
        return ""
    return " RAY_AUTH_MODE, the secret and the version of Ray have to be those of the cluster's other machines."


def _silence() -> None:
    """Have what Ray's machines report go into the log: Ray prints it, between the lines of `python -m core train`."""
    from ray._private import worker

    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda data, **how: logging.debug("Ray: %s", " ".join(data["lines"])[:1000])
