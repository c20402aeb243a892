"""What is checked before the server says that it is ready, and that word."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches

from starlette.formparsers import MultiPartParser
from streamlit import config, logger
from streamlit.web.server.server_util import get_url

from core import limits, logs
from core.cluster import address
from core.disk import DiskError
from core.engine import events
from core.engine.manager import manager
from core.engine.store import Store, data_folder
from pages.shared.server import framing, host_key, metrics, origin, roles, sign_in
from pages.shared.server.reach import EVERY_ADDRESS, in_network

DATA = "TORCH_PLAYGROUND_DATA"
"""The environment variable that names the data folder."""
PREFIX = "TORCH_PLAYGROUND_"
SIGNING_IN = {sign_in.SIGN_IN, roles.TEACHERS, roles.HOSTS, roles.TEACHER_CLAIM}
CLUSTER = {address.CLUSTER, address.GPUS}
OUTSIDE = {origin.ALLOWED_HOSTS, framing.FRAME_ANCESTORS}
WATCHING = {host_key.HOST_KEY, metrics.METRICS, metrics.METRICS_TOKEN, logs.LOG}
OTHERS = {DATA, "TORCH_PLAYGROUND_TEST_DATA"} | OUTSIDE | SIGNING_IN | CLUSTER | WATCHING
"""The environment variables of the app that are no limits; the last one is the tests'."""
ALIKE = 0.85
"""Similarity from 0 to 1 from which a name is taken for a misspelt one of the app's."""


def check_start() -> None:
    """End the program where it could not serve.

    Raises:
        SystemExit: with what is wrong, a sentence a line; Python writes it to stderr, and the exit status is 1.
    """
    for sentence in unknown_settings(os.environ):
        print(sentence, file=sys.stderr, flush=True)
    problems = [*limits.problems()]
    for settings in (origin, framing, host_key, metrics, logs, sign_in, roles):
        problems += settings.problems(os.environ)
    if problems:
        raise SystemExit("\n".join(problems))
    refuse_cluster(address.problem(os.environ))
    try:
        Store(data_folder())
    except DiskError as error:
        raise SystemExit(f"The data folder {data_folder()} can't be used: {error.reason}.") from None
    chosen = os.environ.get(address.CLUSTER, "").strip()
    if chosen:
        join_cluster(chosen)


def refuse_cluster(problem: str | None) -> None:
    """End the program where the cluster can't be used: its exit status is 2, as that of `python -m core`."""
    if problem is not None:
        print(problem, file=sys.stderr, flush=True)
        raise SystemExit(2)


def join_cluster(chosen: str) -> None:
    """Have runs trained on a cluster, or end the program where that is not to be."""
    from core.cluster.launcher import ClusterLauncher
    from core.cluster.places import Places

    launcher = ClusterLauncher(Places(chosen))
    try:
        launcher.join()
    except address.ClusterError as error:
        refuse_cluster(str(error))
    manager(launcher)


def choose_log() -> None:
    """Have the log be JSON where the host wants that; Streamlit sets up each of its loggers when it first needs it."""
    if logs.in_json():
        logs.write_json()
        logger.setup_formatter = logs.adopt


def unknown_settings(environment: Mapping[str, str]) -> list[str]:
    """What of an environment looks like a setting of the app's and is none, a sentence each with the nearest name."""
    known = sorted({row.variable for row in limits.LIMITS.values()} | OTHERS)
    sentences = []
    for name in sorted(environment.keys() - known):
        ours = name.upper().startswith(PREFIX)
        nearest = get_close_matches(name.upper(), known, n=1, cutoff=0 if ours else ALIKE)
        if ours or nearest:
            sentences.append(f"{name} is no setting of this app and is ignored: the nearest name is {nearest[0]}.")
    return sentences


def take_uploads() -> None:
    """Have the server take the largest file that a page asks for.

    The pages' own uploaders refuse what is larger, in a sentence. The server counts 2**20 bytes as a megabyte, which
    leaves room for what is around a file in its request. While one arrives it is held in memory, as it is afterwards:
    in a temporary file a full disk would cost people their uploads.
    """
    config.set_option("server.maxUploadSize", limits.UPLOAD_MB)
    MultiPartParser.spool_max_size = (limits.UPLOAD_MB + 1) * 2**20


def say_ready() -> None:
    """Print where the app is to be found. Streamlit's own words come before anything is checked, and are off."""
    events.say("ready", address=config.get_option("server.address") or "", port=config.get_option("server.port"))
    if logs.in_json():
        return
    chosen = config.get_option("server.address")
    if chosen in EVERY_ADDRESS:
        print(f"Torch Playground is ready at {get_url('localhost')}", flush=True)
        number = in_network()
        if number is not None:
            print(f"From other machines: {get_url(number)}", flush=True)
    else:
        print(f"Torch Playground is ready at {get_url(chosen)}", flush=True)
