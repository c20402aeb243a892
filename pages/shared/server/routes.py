"""The server's own routes: live frames over a WebSocket, kept frames, and the files of the live view."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.engine.manager import manager
from core.engine.run import Run
from core.engine.store import data_folder
from core.experiments import experiment
from core.tensorboard import host
from pages.shared.server import assets
from pages.shared.server.addresses import address
from pages.shared.server.owner import Owner, owner_of, same_site

COMMANDS = {"play", "pause", "step", "epoch", "speed", "focus"}
LONGEST_FOCUS = 64_000
"""Characters of what a viewer may ask to look at; a drawing has 17,000."""


async def find(connection: HTTPConnection) -> Run | None:
    """The run that a request names, if it is the asker's own."""
    owner = owner_of(connection.headers)
    if not owner or not same_site(connection.headers):
        return None
    id = connection.path_params["run"]
    if not (id.isalnum() and len(id) == 16):
        return None
    return await run_in_threadpool(manager().run, owner, id)


async def live(socket: WebSocket) -> None:
    """A run as it happens: all so far at once, then what is new; of frames only the newest."""
    run = await find(socket) if socket.headers.get("origin") else None
    if run is None:
        await socket.close(4404)
        return
    await socket.accept()
    loop = asyncio.get_running_loop()
    news = asyncio.Event()

    def watcher() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(news.set)

    listening = asyncio.create_task(obey(socket, run))
    run.watch(watcher)
    try:
        with manager().attended(run.owner):
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
    """Pass the viewer's commands on."""
    try:
        while True:
            order = json.loads((await socket.receive_text())[:LONGEST_FOCUS])
            name, value = order.get("command"), order.get("value")
            if name == "focus":
                value = dict(experiment(run.config.experiment).focus(value))
            if name in COMMANDS and (name != "speed" or (isinstance(value, int | float) and 0 <= value <= 100_000)):
                run.command(name, value)
    except (WebSocketDisconnect, ValueError, AttributeError, KeyError, RuntimeError):
        return


async def tell(socket: WebSocket, run: Run, news: asyncio.Event) -> None:
    """Send what is new until the socket closes: metrics and picture before the status that they led to."""
    try:
        hello = run.hello()
        rows = hello.pop("rows")
        await socket.send_text(json.dumps(hello))
        state, kept, shown = run.state(), set(hello["kept"]), 0
        news.set()
        while True:
            await news.wait()
            news.clear()
            now = run.state()
            if run.rows > rows or set(run.kept) - kept:
                new_rows = run.rows
                message = {
                    "kind": "metrics",
                    "history": run.since(rows, new_rows),
                    "kept": sorted(set(run.kept) - kept),
                }
                rows, kept = new_rows, kept | set(run.kept)
                await socket.send_text(json.dumps(message))
            if run.frame is not None and run.frame_number != shown:
                shown, frame = run.frame_number, run.frame
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
            asked = await posted(request)
            focus = experiment(run.config.experiment).focus(json.loads(asked))
        except (ValueError, RecursionError):
            return PlainTextResponse("This can't be looked at.", 400)
    data = await run_in_threadpool(run.folder.frame, step, focus)
    if focus:
        return Response(data, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})
    return Response(data, media_type="application/octet-stream", headers={"Cache-Control": "private, max-age=3600"})


async def posted(request: Request) -> bytes:
    """The request's body (raises ValueError if it is too long)."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FOCUS:
            raise ValueError("too long")
    return body


async def tensorboard(request: Request) -> Response:
    """TensorBoard on the asker's own logs."""
    owner = owner_of(request.headers)
    if not owner or not same_site(request.headers):
        return PlainTextResponse("No such page.", 404)
    path = request.scope["path"].removeprefix(host.PREFIX)
    try:
        body = await posted(request)
    except ValueError:
        return PlainTextResponse("This is too long.", 413)
    asked = host.Request(request.method, path, request.url.query, request.headers.get("content-type", ""), body)
    try:
        answer = await run_in_threadpool(manager().tensorboard.ask, manager().store.logs(owner), asked)
    except host.Gone:
        return PlainTextResponse("TensorBoard does not answer: try again in a moment.", 503)
    return Response(answer.body, answer.status, dict(answer.headers))


async def history(request: Request) -> Response:
    """All metrics of a run."""
    run = await find(request)
    if run is None:
        return PlainTextResponse("No such run.", 404)
    return JSONResponse({"history": run.hello()["history"]})


def warm() -> None:
    """Do now what the first visitor would else wait for."""
    manager().warm()
    assets.plotly_bundle()
    manager().tensorboard.warm()


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Warm the workers while the server starts; end all runs when it stops."""
    os.environ.setdefault("TORCH_PLAYGROUND_DATA", str(data_folder()))  # fetched images go where the records are
    threading.Thread(target=warm, name="warm", daemon=True).start()
    yield {}
    await run_in_threadpool(manager().close)


routes = [
    WebSocketRoute(address("live", "{run}"), live),
    Route(address("live", "{run}", "kept", "{step:int}"), kept_frame, methods=["GET", "POST"]),
    Route(address("live", "{run}", "history"), history),
    Route(address("tensorboard", "{path:path}"), tensorboard, methods=["GET", "POST"]),
    *assets.routes,
]
middleware = [Middleware(Owner)]
