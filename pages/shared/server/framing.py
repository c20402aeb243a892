"""Which pages may show the app in a frame: its own, and those that the host names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FRAME_ANCESTORS = "TORCH_PLAYGROUND_FRAME_ANCESTORS"
"""The environment variable that names the sites: "https://moodle.school.org https://*.instructure.com", or "*" for
all of them. Where it is not set, only the app's own pages may."""
SITE = re.compile(r"\*|https?://(\*\.)?[0-9a-z-]+(\.[0-9a-z-]+)*(:[0-9]{1,5})?", re.IGNORECASE)
"""What names a site: scheme, host, and port where it is not the usual one."""
LAST_PORT = 65535


class Framing:
    """Middleware that tells browsers with each document in which frames it may be shown.

    Args:
        ancestors: the sites, as in Content-Security-Policy.
    """

    def __init__(self, app: ASGIApp, ancestors: list[str]):
        self.app = app
        self.policy = " ".join(["frame-ancestors 'self'", *ancestors])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("Content-Security-Policy", self.policy)
            await send(message)

        await self.app(scope, receive, send_with_policy if scope["type"] == "http" else send)


def frame_ancestors(environment: Mapping[str, str]) -> list[str]:
    """The sites that an environment names."""
    return environment.get(FRAME_ANCESTORS, "").split()


def problems(environment: Mapping[str, str]) -> list[str]:
    """What of the environment can't be used, a sentence each."""
    return [
        f"{FRAME_ANCESTORS} has to hold sites such as https://moodle.example.org or https://*.example.org, with spaces "
        f"between them, not “{site[:60]}”."
        for site in frame_ancestors(environment)
        if not SITE.fullmatch(site) or ((port := site.rpartition(":")[2]).isdigit() and int(port) > LAST_PORT)
    ]
