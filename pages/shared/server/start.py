"""What is checked before the server says that it is ready, and that word."""

from __future__ import annotations

import os

from starlette.formparsers import MultiPartParser
from streamlit import config, net_util
from streamlit.web.server.server_util import get_url

from core import limits
from core.disk import DiskError
from core.engine.store import Store, data_folder
from pages.shared.server import origin

EVERY_ADDRESS = {None, "", "0.0.0.0", "::"}
"""`server.address` where it names no address: the server answers at all that the machine has."""


NOWHERE = "127.0.0.1"
"""What Streamlit takes for the address of a machine that has no network."""


def check_start() -> None:
    """End the program where it could not serve.

    Raises:
        SystemExit: with what is wrong, a sentence a line; Python writes it to stderr, and the exit status is 1.
    """
    problems = [*limits.problems(), *origin.problems(os.environ)]
    if problems:
        raise SystemExit("\n".join(problems))
    try:
        Store(data_folder())
    except DiskError as error:
        raise SystemExit(f"The data folder {data_folder()} can't be used: {error.reason}.") from None


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
    chosen = config.get_option("server.address")
    if chosen in EVERY_ADDRESS:
        print(f"Torch Playground is ready at {get_url('localhost')}", flush=True)
        in_network = net_util.get_internal_ip()
        if in_network and in_network != NOWHERE:
            print(f"From other machines: {get_url(in_network)}", flush=True)
    else:
        print(f"Torch Playground is ready at {get_url(chosen)}", flush=True)
