"""What may be sent to the app's own routes."""

from __future__ import annotations

from starlette.requests import Request

LONGEST_BODY = 64_000
"""Bytes of a request or of a viewer's command; a drawing to look at has 17,000."""


async def body_of(request: Request) -> bytes:
    """The request's body.

    Raises:
        ValueError: it is longer than LONGEST_BODY.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise ValueError("too long")
    return body
