"""Sockets open although other programs on the same host name have given the browser many cookies."""

from __future__ import annotations

from websockets import http11

LONGEST_LINE = 2**16
"""Bytes of a header line, as many as plain requests may have: browsers keep up to 180 cookies of 4 kB for a host."""


def take_long_headers() -> None:
    """Have sockets open whose Cookie header is longer than the 8 kB that websockets takes by itself.

    A longer line gets no answer at all, so the page would never learn why it stays empty.
    """
    http11.MAX_LINE_LENGTH = max(http11.MAX_LINE_LENGTH, LONGEST_LINE)
