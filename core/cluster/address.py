"""Which cluster the settings name, and whether it can be used; looked at before Ray is imported."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping

CLUSTER = "TORCH_PLAYGROUND_CLUSTER"
"""The environment variable: HOST:PORT of a cluster's head, "auto" for this machine's, "local" for an own one."""
GPUS = "TORCH_PLAYGROUND_CLUSTER_GPUS"
"""The environment variable that says which share of a GPU a run on one gets."""
ADDRESS = re.compile(r"(auto|local|[\w.-]+:\d{1,9}|\[[0-9A-Fa-f:.]+\]:\d{1,9})", re.ASCII)


class ClusterError(Exception):
    """The cluster can't be used; the text is one sentence."""


def problem(environment: Mapping[str, str]) -> str | None:
    """Why the cluster that an environment names can't be used, in one sentence; None if it may, or if there is none."""
    address = environment.get(CLUSTER, "").strip()
    if not address:
        return None
    if address.startswith("ray://"):
        return (
            f"{CLUSTER} can't be “{address[:60]}”: the app has to run on one of the cluster's machines; "
            "name its head as HOST:6379, or “auto”."
        )
    if not ADDRESS.fullmatch(address):
        return f"{CLUSTER} has to be HOST:PORT of a Ray cluster's head, “auto” or “local”, not “{address[:60]}”."
    port = address.rpartition(":")[2]
    if port.isdigit() and not 1 <= int(port) <= 65535:
        return f"{CLUSTER} names port {port}, but ports go from 1 to 65535."
    if importlib.util.find_spec("ray") is None:
        return f"{CLUSTER} is set, but Ray is not installed: pip install -r requirements-cluster.txt installs it."
    try:
        share_of_a_gpu(environment)
    except ValueError as error:
        return str(error)
    return None


def share_of_a_gpu(environment: Mapping[str, str]) -> float:
    """Which share of a GPU a run on one gets; a whole one by default.

    Raises:
        ValueError: what the environment says can't be used; the error's text is one sentence.
    """
    text = environment.get(GPUS, "").strip() or "1"
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0.01 <= share <= 1:
        raise ValueError(f"{GPUS} has to be a number from 0.01 to 1, not “{text[:40]}”.")
    return share
