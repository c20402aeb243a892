"""Cookies as Streamlit signs them for people who come back from their provider."""

from __future__ import annotations

import time
from typing import Any
from unittest.mock import patch

from streamlit.auth_util import set_cookie_with_chunks
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME as USER_COOKIE

from pages.shared.server.sign_in import Settings

SETTINGS = Settings(("default",), True, "http://testserver/", "s" * 32)
"""Those of a server where everyone has to sign in."""
ADA: dict[str, Any] = {
    "iss": "https://school.example.org",
    "sub": "1815",
    "name": "Ada Lovelace",
    "email": "Ada@school.org",
    "is_logged_in": True,
    "origin": "http://testserver",
    "provider": "default",
}
"""What is said of someone who has signed in."""


def cookies_of(claims: dict[str, Any], secret: str = SETTINGS.secret, age: float = 0) -> str:
    """The Cookie header of someone who signed in.

    Args:
        age: seconds since.
    """
    cookies: list[str] = []

    def sign(name: str, value: str) -> bytes:
        with patch("itsdangerous.TimestampSigner.get_timestamp", lambda _signer: int(time.time() - age)):
            return create_signed_value(secret, name, value)

    def keep(name: str, value: str) -> None:
        cookies.append(f"{name}={sign(name, value).decode()}")

    set_cookie_with_chunks(keep, sign, USER_COOKIE, claims, cookie_attr_size=60)
    return "; ".join(cookies)
