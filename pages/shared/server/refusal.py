"""Why the server refuses what a page asks for: a socket that is refused tells its page nothing."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.shared.server.addresses import route
from pages.shared.server.live_routes import find
from pages.shared.server.origin import is_ours
from pages.shared.server.owner import owner_of


async def reach(request: Request) -> Response:
    """Answer with why a page can't reach what it asks about: "origin", "cookie", "run"; "" if it can.

    With its sockets and with what it posts a browser says where the page is, and not with such a question: so the page
    says it itself.
    """
    return JSONResponse({"reason": await _reason(request)}, headers={"Cache-Control": "no-store"})


async def _reason(request: Request) -> str:
    if not is_ours(request.query_params.get("page", ""), request.headers):
        return "origin"
    if "run" not in request.path_params or await find(request) is not None:
        return ""
    return "run" if owner_of(request.headers) else "cookie"


routes = [Route(route("live", "reach"), reach), Route(route("live", "{run}", "reach"), reach)]
