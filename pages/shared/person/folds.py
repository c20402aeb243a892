"""The marks in a page's text: `<!-- more: Title -->` begins a folded part, `<!-- try: ... -->` asks for a button."""

from __future__ import annotations

import re

CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOLD = re.compile(r"^<!-- more: *(?P<title>.+?) *-->$|^<!-- end -->$", re.MULTILINE)
"""Where a folded part begins, with its title, and where it ends."""
HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
"""Ends a folded part as well."""
TRIES = re.compile(r"((?:^<!-- try: .+ -->$\n?)+)", re.MULTILINE)
"""Lines in a row, each of which asks for a button."""
TRY = re.compile(r"^<!-- try: (.+) -->$", re.MULTILINE)


def folded_pieces(text: str) -> list[tuple[str, str]]:
    """The title and the Markdown of each folded part, and of what is in sight between them, without a title."""
    pieces: list[tuple[str, str]] = []
    begin, title = 0, ""
    for mark in [*FOLD.finditer(text), None]:
        piece = text[begin : mark.start() if mark else len(text)]
        heading = HEADING.search(CODE.sub(lambda code: "." * len(code.group()), piece)) if title else None
        if heading is not None:
            pieces += [(title, piece[: heading.start()]), ("", piece[heading.start() :])]
        else:
            pieces.append((title, piece))
        if mark is not None:
            begin, title = mark.end(), mark["title"] or ""
    return pieces
