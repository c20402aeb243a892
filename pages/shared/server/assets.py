"""The scripts and styles that pages bring, and Plotly's; both are cached by browsers until they change."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pages.shared.server.addresses import address, route
from pages.shared.server.owner import YEAR

PAGES = Path(__file__).parents[2]
"""The folder of all pages; of the files below it only those of `TYPES` are served."""
TYPES = {".js": "text/javascript", ".css": "text/css", ".webp": "image/webp"}
FOREVER = {"Cache-Control": f"public, max-age={YEAR}, immutable"}


PLOTLY = Path(__file__).with_name("plotly-basic-4.1.1.min.js.gz")
"""Plotly's own bundle of lines, bars and pies, gzipped: plotly-basic.min.js of npm's plotly.js-basic-dist-min. All of
Plotly, which ships inside the Python package, has four times its size, and nothing more that is drawn here."""


@cache
def plotly_bundle() -> tuple[str, bytes]:
    """The file name and the gzipped text of Plotly."""
    return PLOTLY.stem, PLOTLY.read_bytes()


@cache
def pages_hash() -> str:
    """Changes with any script or style of any page, so that browsers may keep them for ever."""
    digest = hashlib.sha256()
    for path in sorted(PAGES.rglob("*")):
        if path.suffix in TYPES:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def asset(path: str) -> str:
    """The address of a script or style, by its path below pages/: "cnn/picture.js"."""
    return address("assets", "pages", pages_hash(), path)


def plotly_address() -> str:
    """The address of Plotly's JavaScript."""
    return address("assets", plotly_bundle()[0])


async def plotly_file(request: Request) -> Response:
    """Answer with Plotly's JavaScript."""
    name, data = await run_in_threadpool(plotly_bundle)
    if request.path_params["name"] != name:
        return PlainTextResponse("No such file.", 404)
    return Response(data, media_type="text/javascript", headers={**FOREVER, "Content-Encoding": "gzip"})


async def page_file(request: Request) -> Response:
    """Answer with a script or style of a page."""
    try:
        path = (PAGES / request.path_params["path"]).resolve()
        served = PAGES in path.parents and path.suffix in TYPES and path.is_file()
    except (OSError, ValueError):  # no name that a file could have
        served = False
    if not served:
        return PlainTextResponse("No such file.", 404)
    fresh = request.path_params["hash"] == pages_hash()
    headers = FOREVER if fresh else {"Cache-Control": "no-store"}
    return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers=headers)


routes = [
    Route(route("assets", "pages", "{hash}", "{path:path}"), page_file),
    Route(route("assets", "{name}"), plotly_file),
]
