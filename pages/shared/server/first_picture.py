"""Word from a browser that it has drawn a page's picture: the rest of the page, which takes it longer, is sent then.

Streamlit's part in the browser draws all that has come before it lets anything else of the page move, so a picture that
comes together with thirty widgets waits for all of them.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.shared.server.addresses import address, route

PATIENCE = 3.0
"""Seconds after which the rest is sent anyway. One was too short where two browsers shared two cores."""

MOST = 1000
"""Pictures awaited at once; of a page that could not be drawn none ever comes."""

_awaited: OrderedDict[str, threading.Event] = OrderedDict()


def expect() -> str:
    """Begin to wait for a picture; returns the word by which its browser names it."""
    word = secrets.token_hex(8)
    _awaited[word] = threading.Event()
    if len(_awaited) > MOST:
        _awaited.popitem(last=False)
    return word


def wait(word: str) -> None:
    """Wait until the picture is drawn, for a while."""
    drawn = _awaited.get(word)
    if drawn is not None:
        drawn.wait(PATIENCE)
        _awaited.pop(word, None)


def place(word: str) -> str:
    """The address at which a browser says that the picture is drawn."""
    return address("live", "drawn", word)


async def drawn(request: Request) -> Response:
    """Take the word; one that nobody waits for any more is ignored."""
    awaited = _awaited.get(request.path_params["word"])
    if awaited is not None:
        awaited.set()
    return Response(status_code=204)


routes = [Route(route("live", "drawn", "{word}"), drawn, methods=["POST"])]
