"""Addresses without a page: a moved one redirects, and every other one says so in the person's language."""

from __future__ import annotations

from html import escape
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.engine.manager import manager
from pages.index import ALL, page
from pages.shared.person.language import CODES, LANGUAGES, catalogue
from pages.shared.pictures.palette import PALETTE
from pages.shared.server.addresses import address, below_root, to_root
from pages.shared.server.owner import owner_of
from pages.shared.server.streamlit_files import ICON, STREAMLIT

MOVED = {"home": address(), "tensorboard": address(page("tensorboard").url_path)}
"""Where people are led who guess a page's address from its name. With a slash, tensorboard/ is TensorBoard itself."""
OURS = {"", *(address(row.url_path) for row in ALL)}
CONDITIONS = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"if-range", b"range")
"""Request headers that can make the answer less than the whole page."""
LOGO = Path(__file__).with_name("logo.svg")
FONTS = (STREAMLIT / "static" / "media").glob("SourceSansVF-Upright*.woff2")
FONT = next((address("static", "media", path.name) for path in FONTS), "")
"""Where Streamlit serves the font of all pages."""
LAYOUT = """<!doctype html>
<html lang="{lang}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title} · Torch Playground</title>
<link rel="icon" href="{icon}">
<style>
:root {{ color-scheme: light dark; }}
@font-face {{ font-family: "Source Sans"; src: url("{font}") format("woff2"); font-weight: 200 900; }}
body {{ font: 1.1rem/1.6 "Source Sans", system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem; }}
a {{ color: light-dark({light}, {dark}); }}
header a {{ display: inline-flex; align-items: center; gap: 0.6rem; font-weight: 600; text-decoration: none; }}
header svg {{ width: 2.5rem; height: 2.5rem; }}
</style></head>
<body><header><a href="{home}">{logo} Torch Playground</a></header>
<main><h1>{title}</h1><p>{sentence}</p><p><a href="{home}">{back}</a></p></main></body>
</html>
"""


class NotFound:
    """Middleware in front of Streamlit, which answers to every address with its page and says in English what it is."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page_wanted = scope["type"] == "http" and scope["method"] == "GET" and wants_page(Headers(scope=scope))
        wanted = below_root(scope["path"]) if page_wanted else None
        if wanted is None or wanted in OURS - MOVED.keys():
            await self.app(scope, receive, send)
            return
        if wanted in MOVED:
            query = scope["query_string"].decode("latin-1")
            target = MOVED[wanted] + (f"?{query}" if query else "")
            await RedirectResponse(target)(scope, receive, send)
            return
        held: list[Message] = []

        async def hold_pages(message: Message) -> None:
            """Hold back what may be Streamlit's page, and pass on all else."""
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                if message["status"] == 200 and answer.get("content-type", "").startswith("text/html"):
                    held.append(message)
                    return
            if held:
                held.append(message)
            else:
                await send(message)

        plain = [(name, value) for name, value in scope["headers"] if name not in CONDITIONS]
        await self.app({**scope, "headers": plain}, receive, hold_pages)
        if not held:
            return
        body = b"".join(message.get("body", b"") for message in held)
        if body == (STREAMLIT / "index.html").read_bytes():
            answer = await run_in_threadpool(
                not_found, to_root(wanted), Headers(scope=scope), QueryParams(scope["query_string"])
            )
            await answer(scope, receive, send)
            return
        for message in held:
            await send(message)


def wants_page(headers: Headers) -> bool:
    """Whether someone goes to an address, as opposed to a page that loads a script or a picture."""
    return "text/html" in headers.get("accept", "")


def not_found(root: str, headers: Headers, query: QueryParams) -> Response:
    """The page that says that there is none.

    Args:
        root: the way to the app's root from the address that was asked.
    """
    language = spoken(headers, query)

    def _(sentence: str) -> str:
        return escape(catalogue(language).get(sentence, sentence))

    text = LAYOUT.format(
        lang=CODES[language],
        title=_("Page not found"),
        sentence=_("There is no page at this address."),
        back=_("To the home page"),
        home=root or "./",
        font=root + FONT,
        icon=root + ICON,
        light=PALETTE["light"]["primary"],
        dark=PALETTE["dark"]["primary"],
        logo=LOGO.read_text(encoding="utf-8"),
    )
    return HTMLResponse(text, 404, {"Cache-Control": "no-store"})


def spoken(headers: Headers, query: QueryParams) -> str:
    """The language of someone who has no session yet: the link's, else that of earlier visits, else the browser's."""
    owner = owner_of(headers)
    chosen = query.get("lang") or (manager().store.preference(owner, "language") if owner else None)
    if chosen in LANGUAGES:
        return str(chosen)
    return "zh" if headers.get("accept-language", "").lower().startswith("zh") else "en"
