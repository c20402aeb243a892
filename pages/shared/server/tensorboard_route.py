"""TensorBoard on the asker's own logs, under the app's own address."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.engine.manager import manager
from core.tensorboard import host
from core.tensorboard.link import Gone
from pages.shared.server.addresses import route
from pages.shared.server.owner import owner_of
from pages.shared.server.passes import passes
from pages.shared.server.requests import body_of

FOLDER = "tensorboard"
"""The first piece of its addresses."""
PASS = "pass"
"""The second one where a pass follows: see `passes`."""
ASKING = ThreadPoolExecutor(8, thread_name_prefix="asking tensorboard")
"""Threads that wait for its answers: those in which the server looks up people's runs are not for that."""


async def tensorboard(request: Request) -> Response:
    """TensorBoard on the asker's own logs; with a pass on those of the person whose pass it is."""
    path = "/" + request.path_params["path"]
    owner = owner_of(request.headers)
    with_pass = path.removeprefix(f"/{PASS}/")
    if with_pass != path:
        word, _slash, path = with_pass.partition("/")
        owner, path = passes.owner(word), f"/{path}"
    if not owner:
        return PlainTextResponse("No such page.", 404)
    try:
        body = await body_of(request)
    except ValueError:
        return PlainTextResponse("This is too long.", 413)
    question = host.Request(request.method, path, request.url.query, request.headers.get("content-type", ""), body)
    try:
        asking = asyncio.get_running_loop()
        answer = await asking.run_in_executor(ASKING, manager().tensorboard.ask, manager().store.logs(owner), question)
    except Gone:
        return PlainTextResponse("TensorBoard does not answer: try again in a moment.", 503)
    return Response(answer.body, answer.status, dict(answer.headers))


routes = [Route(route(FOLDER, "{path:path}"), tensorboard, methods=["GET", "POST"])]
