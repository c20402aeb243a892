"""A run over the network: live over a WebSocket, and its kept frames and metrics."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from core.disk import Damaged
from core.engine.manager import manager
from core.engine.run import Run
from core.experiments import experiment
from core.foreign import read_json
from pages.shared.server.addresses import address
from pages.shared.server.owner import owner_of
from pages.shared.server.requests import LONGEST_BODY, body_of

COMING = 10.0
"""Seconds that a viewer may wait for a run which is just being started, longer than its page waits for an answer."""
LOOK = 0.01
"""Seconds between two looks for it."""
COMMANDS = {"play", "pause", "step", "epoch", "speed", "focus"}


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

    def watcher() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(news.set)

    listening = asyncio.create_task(obey(socket, run))
    run.watch(watcher)
    try:
        with manager().presence.attended(run.owner):
            telling = asyncio.create_task(tell(socket, run, news))
            done, rest = await asyncio.wait({listening, telling}, return_when=asyncio.FIRST_COMPLETED)
            for task in rest:
                task.cancel()
            for task in done:
                task.exception()
    finally:
        listening.cancel()
        run.unwatch(watcher)


async def obey(socket: WebSocket, run: Run) -> None:
    """Pass a viewer's commands to the run until the socket closes."""
    try:
        while True:
            order = read_json((await socket.receive_text())[:LONGEST_BODY])
            name, value = order.get("command"), order.get("value")
            if name == "end":
                run.end_silent()
            elif name == "focus":
                value = dict(experiment(run.config.experiment).focus(value))
            if name in COMMANDS and (name != "speed" or (isinstance(value, int | float) and 0 <= value <= 100_000)):
                run.command(name, value)
    except (WebSocketDisconnect, ValueError, AttributeError, KeyError, RuntimeError):
        return


async def tell(socket: WebSocket, run: Run, news: asyncio.Event) -> None:
    """Send what is new until the socket closes: metrics and picture before the status that they led to."""
    try:
        state = run.state()  # before the hello, or a change between the two would never be sent
        hello = run.hello()
        rows, known = hello.pop("rows"), hello.pop("known")
        kept, sent = set(hello["kept"]), 0
        await socket.send_text(json.dumps(hello))
        del hello  # the whole history, for as long as someone looks on
        news.set()
        while True:
            await news.wait()
            news.clear()
            now = run.state()
            now_kept = set(run.kept)
            if run.rows > rows or now_kept != kept:
                new, gone = sorted(now_kept - kept), sorted(kept - now_kept)
                rows, kept = run.rows, now_kept
                measured, known = run.since(known)
                message = {"kind": "metrics", "history": measured, "kept": new, "dropped": gone}
                await socket.send_text(json.dumps(message))
            if run.frame is not None and run.frame_number != sent:
                sent, frame = run.frame_number, run.frame
                await socket.send_bytes(frame)
            if now != state:
                state = now
                await socket.send_text(json.dumps({"kind": "status", **state}))
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
    if focus:
        return Response(data, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})
    return Response(data, media_type="application/octet-stream", headers={"Cache-Control": "private, max-age=3600"})


async def history(request: Request) -> Response:
    """Answer with all metrics of a run."""
    run = await find(request)
    if run is None:
        return PlainTextResponse("No such run.", 404)
    return JSONResponse({"history": run.hello()["history"]})


routes = [
    WebSocketRoute(address("live", "{run}"), live),
    Route(address("live", "{run}", "kept", "{step:int}"), kept_frame, methods=["GET", "POST"]),
    Route(address("live", "{run}", "history"), history),
]
