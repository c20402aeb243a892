"""What browsers tell Streamlit's socket: what no page of ours could say ends the connection, quietly."""

from __future__ import annotations

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from core.foreign import read_json

STREAM = "/_stcore/stream"
"""How the address of Streamlit's socket ends."""
PROTOCOL_ERROR = 1002
"""The code with which the socket counts as closed."""


class Orders:
    """Middleware in front of Streamlit's socket, which would answer such messages with a traceback in the log."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket" or not scope["path"].endswith(STREAM):
            await self.app(scope, receive, send)
            return

        async def receive_order() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and not is_order(message.get("bytes")):
                return {"type": "websocket.disconnect", "code": PROTOCOL_ERROR}
            return message

        await self.app(scope, receive_order, send)


def is_order(data: bytes | None) -> bool:
    """Whether a message is one of Streamlit's, and the JSON of components in it can be read."""
    if not data:
        return False
    try:
        states = BackMsg.FromString(data).rerun_script.widget_states.widgets
    except DecodeError:
        return False
    return all(_is_read(state.json_value or state.json_trigger_value) for state in states)


def _is_read(text: str) -> bool:
    """Whether a component's JSON is within bounds; where someone typed, it may end in half a character."""
    try:
        read_json(text or "null")
    except UnicodeEncodeError:
        return True
    except ValueError:
        return False
    return True
