"""The run that Home shows: trained once a server, in a process of its own, and played by the browsers."""

from __future__ import annotations

import gzip
import hashlib
import threading

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.experiments.classifier import ClassifierConfig
from core.experiments.classifier.film import film
from core.processes.confined import Unable, confined
from pages.shared.server.addresses import address, route
from pages.shared.server.assets import FOREVER

CONFIG = ClassifierConfig(
    dataset="spirals", hidden_sizes=(16, 16), optimizer="Adam", lr=0.02, num_steps=200, evaluate_every=2
)
"""What is trained: two spirals, which no straight line divides, nor a simple curve."""
EVERY = 2
"""Steps from one picture to the next."""
LONGEST = 120
"""Seconds after which making it is given up."""
FIRST = "first"
"""Its name in an address before it is made."""

_making = threading.Lock()
_made: list[bytes] = []


def made_film() -> bytes:
    """The gzipped frame of the whole run, see core.experiments.classifier.film.

    Raises:
        Unable: it could not be made.
    """
    with _making:
        if not _made:
            _made.append(
                gzip.compress(
                    confined(film, CONFIG.changed(device="cpu"), EVERY, seconds=LONGEST, memory=None, in_line=False), 9
                )
            )
        return _made[0]


def _name() -> str:
    return hashlib.sha256(_made[0]).hexdigest()[:12] if _made else FIRST


def film_address() -> str:
    """Where it is; browsers keep what has its name from its content."""
    return address("assets", "film", _name())


async def film_file(request: Request) -> Response:
    """Answer with it."""
    try:
        data = await run_in_threadpool(made_film)
    except Unable:
        return PlainTextResponse("The run could not be made.", 503)
    headers = FOREVER if request.path_params["name"] == _name() else {"Cache-Control": "no-store"}
    return Response(data, media_type="application/octet-stream", headers={**headers, "Content-Encoding": "gzip"})


routes = [Route(route("assets", "film", "{name}"), film_file)]
