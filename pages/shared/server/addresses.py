"""Every address of the app is made here, and nowhere else.

An address has no slash in front. All pages stand directly below the app's root, so a browser that takes an address from
the page that it shows finds the root by itself, wherever a proxy or Streamlit's `server.baseUrlPath` has put it.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urljoin

from streamlit import config


def address(*parts: str | int, query: Mapping[str, str] | None = None) -> str:
    """The address of something that the app serves, from any of its pages.

    Args:
        parts: its path, piece by piece: ("live", run_id, "history"); an empty last piece ends the path with a slash.
        query: what follows the question mark, unescaped; commas stay as they are.
    """
    path = "/".join(map(str, parts)) or "./"
    return path + (f"?{urlencode(query, safe=',')}" if query else "")


def route(*parts: str) -> str:
    """The path at which this server answers, for a route; its parts are those of `address`."""
    return _base() + address(*parts).removeprefix("./")


def below_root(path: str) -> str | None:
    """A request's path as `address` has it; None for one that is not below the app's root."""
    base = _base()
    return path.removeprefix(base) if path.startswith(base) else None


def to_root(path: str) -> str:
    """The way from an address to the app's root, to stand before another address."""
    return "../" * path.count("/")


def root_of(page: str) -> str:
    """The app's root, with a slash at its end, as a browser has it that shows this page of the app."""
    return urljoin(page, "./")


def _base() -> str:
    """Where Streamlit's settings put the root on this server, a slash at both ends."""
    base = config.get_option("server.baseUrlPath").strip("/")
    return f"/{base}/" if base else "/"
