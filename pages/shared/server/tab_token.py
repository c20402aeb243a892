"""A tab whose browser sends no cookie says who it is by a token that it made itself: see tab.js.

With requests the token comes in a header; with sockets, which can't have one from a page, as one of their protocols.
It never stands in an address, so no link, log or Referer has it.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.shared.server.owner import TAB

PROTOCOL = "torch-playground"
"""The protocol that a tab offers with each socket, and, after a dot, the same with its token."""
PROTOCOLS = "sec-websocket-protocol"
"""The header with all protocols that a socket offers."""


class TabToken:
    """Middleware that moves a socket's token to the header in which requests have it.

    What is behind it sees the protocols that it knows: Streamlit reads its own by their places.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        offered = Headers(scope=scope).get(PROTOCOLS, "") if scope["type"] == "websocket" else ""
        if PROTOCOL not in offered:
            await self.app(scope, receive, send)
            return
        names = [name.strip() for name in offered.split(",")]
        ours = [name for name in names if name.partition(".")[0] == PROTOCOL]
        others = [name for name in names if name not in ours]
        scope = {**scope, "headers": list(scope["headers"]), "subprotocols": others}
        headers = MutableHeaders(scope=scope)
        del headers[PROTOCOLS]
        if others:
            headers[PROTOCOLS] = ", ".join(others)
        del headers[TAB]
        for name in ours:
            if "." in name:
                headers.append(TAB, name.partition(".")[2])

        async def send_with_protocol(message: Message) -> None:
            # A browser that offered protocols closes a socket for which none was chosen.
            if message["type"] == "websocket.accept" and not message.get("subprotocol") and PROTOCOL in ours:
                message = {**message, "subprotocol": PROTOCOL}
            await send(message)

        await self.app(scope, receive, send_with_protocol)
