"""A run over the network: live over a WebSocket, and its kept frames and metrics."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from core.disk import Damaged
from core.engine.manager import manager
from core.engine.outbox import PACKING
from core.engine.run import Run
from core.experiments import experiment
from core.foreign import read_json
from pages.shared.server.addresses import address
from pages.shared.server.owner import owner_of
from pages.shared.server.requests import LONGEST_BODY, body_of
from pages.shared.server.viewer import Viewer

COMING = 10.0
"""Seconds that a viewer may wait for a run which is just being started, longer than its page waits for an answer."""
LOOK = 0.01
"""Seconds between two looks for it."""
TOLD = {"drawn", "visible", "shows"}
"""What a page says of itself."""
COMMANDS = {"play", "pause", "step", "epoch", "speed", "focus", "change"}
MOST_POINTS = 1500
"""About how many values of a metric a page is sent at once, as its plot is wide. It asks for more when one zooms in."""
MOST_NEW = 100
"""The same for what is new, up to ten times a second, of a run that has come further than `SHORT`."""
SHORT = 5000
"""Steps of all lanes up to which all that is new is sent."""
WORTH_PACKING = 1000
"""Bytes from which on a message is compressed."""


async def find(connection: HTTPConnection) -> Run | None:
    """The run that a request names, if it is the asker's own."""
    owner = owner_of(connection.headers)
    if not owner:
        return None
    id = connection.path_params["run"]
    if not (id.isalnum() and len(id) == 16):
        return None
    return await run_in_threadpool(manager().run, owner, id)


async def coming(socket: WebSocket) -> Run | None:
    """The run that Play is just starting: its viewer knows its id and is here before it is.

    The socket is accepted at once: one that is refused is an error in the browser's console, and nothing is wrong yet.
    """
    owner, id = owner_of(socket.headers), socket.path_params["run"]
    if not owner:
        return None
    await socket.accept()
    for _look in range(round(COMING / LOOK)):
        run = manager().started(owner, id)
        if run is not None:
            return run
        await asyncio.sleep(LOOK)
    return None


async def live(socket: WebSocket) -> None:
    """A run as it happens: all so far at once, then what is new; of frames only the newest."""
    run = await (coming(socket) if "coming" in socket.query_params else find(socket))
    if run is None:
        await socket.close(4404)
        return
    if socket.application_state is WebSocketState.CONNECTING:
        await socket.accept()
    loop = asyncio.get_running_loop()
    news = asyncio.Event()
    viewer = Viewer(packed="packed" in socket.query_params)

    def watcher() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(news.set)

    def heard(what: str) -> None:
        if what != "drawn":
            run.watch(watcher, viewer.visible, viewer.shows)
        news.set()

    run.watch(watcher)
    listening = asyncio.create_task(obey(socket, run, viewer, heard))
    try:
        with manager().presence.attended(run.owner):
            telling = asyncio.create_task(tell(socket, run, viewer, news))
            done, rest = await asyncio.wait({listening, telling}, return_when=asyncio.FIRST_COMPLETED)
            for task in rest:
                task.cancel()
            for task in done:
                task.exception()
    finally:
        listening.cancel()
        run.unwatch(watcher)


async def obey(socket: WebSocket, run: Run, viewer: Viewer, heard: Callable[[str], None]) -> None:
    """Take in what a viewer says of itself, and pass its commands to the run, until the socket closes.

    Args:
        heard: called with the name of what it has said of itself.
    """
    try:
        while True:
            order = read_json((await socket.receive_text())[:LONGEST_BODY])
            name, value = order.get("command"), order.get("value")
            if name == "end":
                run.end_silent()
            elif name == "focus":
                value = dict(experiment(run.config.experiment).focus(value))
            elif name == "change":
                value = at_once(run, value)
            elif name == "drawn":
                viewer.has_drawn(value)
            elif name == "visible":
                viewer.is_visible(value)
            elif name == "shows":
                viewer.says(value)
            if name in TOLD:
                heard(name)
            possible = {"speed": isinstance(value, int | float) and 0 <= value <= 100_000, "change": bool(value)}
            if name in COMMANDS and possible.get(name, True):
                run.command(name, value)
    except (WebSocketDisconnect, ValueError, AttributeError, KeyError, RuntimeError):
        return


def at_once(run: Run, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What is dragged to another value: of the settings that act on a run at once, those that are new.

    Raises:
        ValueError: it can't be used.
    """
    acting = run.config.acting("at once")
    config = run.config.changed(**{name: value for name, value in wanted.items() if name in acting})
    values = {name: getattr(config, name) for name in wanted if name in acting}
    return {name: value for name, value in values.items() if value != run.value_wanted(name)}


async def tell(socket: WebSocket, run: Run, viewer: Viewer, news: asyncio.Event) -> None:
    """Send what is new until the socket closes: metrics and status at once, a picture when the page is ready for it."""

    async def send(message: Mapping[str, Any]) -> None:
        text = json.dumps(message)
        if viewer.packed and len(text) > WORTH_PACKING:
            await socket.send_bytes(zlib.compress(text.encode(), PACKING))
        else:
            await socket.send_text(text)

    try:
        state = run.state()  # before the hello, or a change between the two would never be sent
        hello = run.hello(MOST_POINTS)
        rows, known = hello.pop("rows"), hello.pop("known")
        kept, sent = set(hello["kept"]), 0
        await send(hello)
        del hello  # the whole history, for as long as someone looks on
        news.set()
        wait: float | None = None
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), wait)
            news.clear()
            wait = None
            now = run.state()
            now_kept = set(run.kept)
            if viewer.visible and (run.rows > rows or now_kept != kept):
                new, gone = sorted(now_kept - kept), sorted(kept - now_kept)
                goes_on = run.rows > SHORT and run.rows - rows < MOST_POINTS
                most = MOST_NEW if goes_on else MOST_POINTS
                rows, kept = run.rows, now_kept
                measured, known = run.since(known, most)
                await send({"kind": "metrics", "history": measured, "kept": new, "dropped": gone})
            if now != state:
                state = now
                await send({"kind": "status", **state})
            if viewer.visible and run.packed_frame is not None and run.frame_number != sent:
                wait = viewer.wait
                if not wait:
                    wait, sent, frame = None, run.frame_number, run.packed_frame
                    viewer.sends()
                    await socket.send_bytes(frame if viewer.packed else zlib.decompress(frame))
    except (WebSocketDisconnect, RuntimeError):
        return


async def kept_frame(request: Request) -> Response:
    """The picture of a kept step; one who posts a focus gets what that asks to look at."""
    run = await find(request)
    step = request.path_params["step"]
    if run is None or step not in run.kept:
        return PlainTextResponse("No such picture.", 404)
    focus: Mapping[str, Any] = {}
    if request.method == "POST":
        try:
            focus = experiment(run.config.experiment).focus(read_json(await body_of(request)))
        except ValueError:
            return PlainTextResponse("This can't be looked at.", 400)
    try:
        data = await run_in_threadpool(run.folder.frame, step, focus)
    except (Damaged, OSError):
        return PlainTextResponse("This picture is damaged or gone.", 404)
    headers = {"Cache-Control": "no-store" if focus else "private, max-age=3600", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        data, headers["Content-Encoding"] = gzip.compress(data, PACKING), "gzip"
    return Response(data, media_type="application/octet-stream", headers=headers)


async def history(request: Request) -> Response:
    """Answer with the metrics of a run, thinned to what a plot is wide: all, or from one step to another."""
    run = await find(request)
    if run is None:
        return PlainTextResponse("No such run.", 404)
    try:
        first, last = (float(request.query_params.get(name, end)) for name, end in (("from", "-inf"), ("to", "inf")))
    except ValueError:
        return PlainTextResponse("These are no steps.", 400)
    if math.isnan(first) or math.isnan(last):
        return PlainTextResponse("These are no steps.", 400)
    measured = await run_in_threadpool(run.between, first, last, MOST_POINTS)
    text = json.dumps({"history": measured}).encode()
    headers = {"Vary": "Accept-Encoding"}
    if len(text) > WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", ""):
        text, headers["Content-Encoding"] = gzip.compress(text, PACKING), "gzip"
    return Response(text, media_type="application/json", headers=headers)


routes = [
    WebSocketRoute(address("live", "{run}"), live),
    Route(address("live", "{run}", "kept", "{step:int}"), kept_frame, methods=["GET", "POST"]),
    Route(address("live", "{run}", "history"), history),
]
