"""Uploads without cookies: Streamlit asks for a cookie that its page repeats in a header, and takes no file without."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME

from pages.shared.server.uploads import ADDRESS

METHODS = ("PUT", "DELETE")
"""Those of which Streamlit asks for it."""
HEADER = "X-Xsrftoken"


class UploadsWithoutCookies:
    """Middleware that gives an upload cookie and header where the browser sends no such cookie.

    They are to show that a page of the app asks. Whoever comes here with an Origin has shown that already: see Gate.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in METHODS and ADDRESS.search(scope["path"]):
            asked = Headers(scope=scope)
            cookies = "; ".join(asked.getlist("cookie"))
            if "origin" in asked and f"{XSRF_COOKIE_NAME}=" not in cookies:
                token = generate_xsrf_token_string()
                scope = {**scope, "headers": list(scope["headers"])}
                headers = MutableHeaders(scope=scope)
                headers[HEADER] = token
                headers["cookie"] = "; ".join(filter(None, [cookies, f"{XSRF_COOKIE_NAME}={token}"]))
        await self.app(scope, receive, send)
