"""TensorBoard on the asker's own logs, under the app's own address."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.engine.manager import manager
from core.tensorboard import host
from pages.shared.server.addresses import address
from pages.shared.server.owner import owner_of
from pages.shared.server.requests import body_of

FOLDER = host.PREFIX.strip("/")
"""The first piece of its addresses, which TensorBoard is told as well."""


async def tensorboard(request: Request) -> Response:
    """TensorBoard on the asker's own logs."""
    owner = owner_of(request.headers)
    if not owner:
        return PlainTextResponse("No such page.", 404)
    path = request.scope["path"].removeprefix(host.PREFIX)
    try:
        body = await body_of(request)
    except ValueError:
        return PlainTextResponse("This is too long.", 413)
    question = host.Request(request.method, path, request.url.query, request.headers.get("content-type", ""), body)
    try:
        answer = await run_in_threadpool(manager().tensorboard.ask, manager().store.logs(owner), question)
    except host.Gone:
        return PlainTextResponse("TensorBoard does not answer: try again in a moment.", 503)
    return Response(answer.body, answer.status, dict(answer.headers))


routes = [Route(address(FOLDER, "{path:path}"), tensorboard, methods=["GET", "POST"])]
