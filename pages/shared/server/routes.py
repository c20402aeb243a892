"""What the door gives the web server: the app's own routes, the middleware, what happens at start and end."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from core.engine.manager import manager
from core.engine.store import data_folder
from core.machine import bfloat16
from core.processes import confined
from pages.shared.server import (
    assets,
    first_picture,
    live_routes,
    origin,
    pack,
    polling,
    refusal,
    tensorboard_route,
    tidying,
)
from pages.shared.server.cookies_of_others import take_long_headers
from pages.shared.server.end import end_when_told, is_ending
from pages.shared.server.framing import Framing, frame_ancestors
from pages.shared.server.handles import raise_limit
from pages.shared.server.health import warmed
from pages.shared.server.loops import save_handles
from pages.shared.server.metrics import answers, measure_lag
from pages.shared.server.nagle import hold_nothing_back
from pages.shared.server.orders import Orders
from pages.shared.server.owner import Owner
from pages.shared.server.pack import PackedPages
from pages.shared.server.redirects import RelativeRedirects
from pages.shared.server.start import DATA, say_ready, take_uploads
from pages.shared.server.streamlit_files import StreamlitFiles
from pages.shared.server.tab_token import TabToken
from pages.shared.server.tabs import OwnSession, is_open
from pages.shared.server.uploads import Uploads
from pages.shared.server.xsrf import UploadsWithoutCookies

TURN = 0.001
"""Seconds for which a thread computes before another gets its turn. Python's own 5 ms add up: the event loop, which
answers everybody, waits for its turn behind the scripts of all who press something."""


first_needed: list[Callable[[], object]] = []
"""What single pages need that takes long to make; the door knows the pages."""


def warm() -> None:
    """Do now what the first visitor would else wait for; whoever ends the server meanwhile ends the processes of it."""
    parts: list[Callable[[], object]] = [
        tidying.set_aside,
        lambda: manager().warm(),
        warmed.set,
        assets.plotly_bundle,
        pack.pack,
        *first_needed,
        lambda: manager().tensorboard.warm(),
        bfloat16.measure,
    ]
    for part in parts:
        if is_ending():
            return
        try:
            part()
        except Exception:  # the others are no worse for it
            if not is_ending():
                logging.exception("The server could not prepare all that its first visitors need.")


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Warm the workers while the server starts; end all runs when it stops."""
    os.environ[DATA] = str(data_folder())  # fetched images go where the records are
    sys.setswitchinterval(TURN)
    raise_limit()
    save_handles()
    hold_nothing_back()
    take_long_headers()
    threading.Thread(target=warm, name="warm", daemon=True).start()
    confined.is_awaited = is_open
    take_uploads()
    end_when_told()
    tasks = [asyncio.create_task(tidying.forget_closed_tabs())]
    if answers(os.environ):
        tasks.append(asyncio.create_task(measure_lag()))
    say_ready()
    yield {}
    for task in tasks:
        task.cancel()
    await run_in_threadpool(manager().close)


routes = [
    *live_routes.routes,
    *polling.routes,
    *refusal.routes,
    *first_picture.routes,
    *tensorboard_route.routes,
    *pack.routes,
    *assets.routes,
]
front = [
    Middleware(Framing, ancestors=frame_ancestors(os.environ)),
    *origin.middleware(os.environ),
    Middleware(RelativeRedirects),
    Middleware(TabToken),
]
"""What stands before the question who asks."""
middleware = [
    Middleware(inner)
    for inner in (StreamlitFiles, PackedPages, Owner, OwnSession, UploadsWithoutCookies, Uploads, Orders)
]
