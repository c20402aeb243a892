"""The page on which one signs in: it is no page of Streamlit's, so nothing of the app runs for someone who has not."""

from __future__ import annotations

from html import escape
from typing import Literal
from urllib.parse import quote

from starlette.datastructures import Headers, QueryParams
from starlette.responses import HTMLResponse, Response

from pages.shared.page.not_found import FONT, LOGO, spoken
from pages.shared.person.language import CODES, LANGUAGES, filled, in_language
from pages.shared.pictures.palette import PALETTE
from pages.shared.server.sign_in import DEFAULT, Settings
from pages.shared.server.streamlit_files import ICON

Why = Literal["asked", "ended", "out", "failed", "unreachable"]
"""What led someone to the page: they asked for it or for what it guards, their sign-in has ended, they signed out, it
did not work, or the provider does not answer."""
LAYOUT = """<!doctype html>
<html lang="{lang}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title} · Torch Playground</title>
<link rel="icon" href="{root}{icon}">
<style>
:root {{ color-scheme: light dark; --primary: light-dark({light}, {dark}); }}
@font-face {{ font-family: "Source Sans"; src: url("{root}{font}") format("woff2"); font-weight: 200 900; }}
body {{
  font: 1.1rem/1.6 "Source Sans", system-ui, sans-serif; max-width: 26rem; margin: 14vh auto 2rem; padding: 0 1.25rem;
  background: Canvas; color: CanvasText;
}}
a {{ color: var(--primary); }}
header {{ display: flex; align-items: center; gap: 0.6rem; font-weight: 600; }}
header svg {{ width: 2.5rem; height: 2.5rem; }}
h1 {{ font-size: 2rem; line-height: 1.2; margin: 1.5rem 0 0.5rem; }}
ul {{ list-style: none; padding: 0; margin: 1.5rem 0; display: grid; gap: 0.75rem; }}
ul a {{
  display: block; padding: 0.6rem 1rem; border-radius: 0.5rem; text-align: center; text-decoration: none;
  font-weight: 600; background: var(--primary); color: Canvas;
}}
ul a:hover {{ filter: brightness(1.12); }}
a:focus-visible {{ outline: 3px solid var(--primary); outline-offset: 2px; }}
footer {{ font-size: 1rem; }}
</style></head>
<body><header>{logo} Torch Playground</header>
<main><h1>{title}</h1><p>{sentence}</p><ul>{buttons}</ul></main>
<footer><a href="{switch}" lang="{other_code}" hreflang="{other_code}">{other}</a></footer></body>
</html>
"""


def provider_name(provider: str) -> str:
    """A provider as it is called on the page: as the secrets have it, with a capital letter."""
    return provider[:1].upper() + provider[1:]


def address_of(root: str, provider: str, back: str) -> str:
    """Where signing in begins.

    Args:
        root: the app's own address, or the way there.
        back: the page to come back to, below the app's address.
    """
    return f"{root}sign-in/{quote(provider, safe='')}?back={quote(back, safe='/?=,')}"


def sign_in_page(settings: Settings, why: Why, back: str, root: str, headers: Headers, query: QueryParams) -> Response:
    """Answer with the page.

    Args:
        back: the page to come back to, below the app's address.
        root: the way to the app's root from the address that was asked for.
    """
    language = spoken(headers, query)
    other = next(code for code in LANGUAGES if code != language)
    _ = in_language(language)
    sentences = {
        "asked": _("Sign in, and your runs are yours alone: you find them again on every machine."),
        "ended": _("Your sign-in has ended. Sign in again: your runs are kept."),
        "out": _("You have signed out. Your runs are kept."),
        "failed": _("Signing in did not work. Try again; if that does not help, tell whoever runs this server."),
        "unreachable": _("The service that signs you in can't be reached now. Try again in a while: nothing is lost."),
    }
    names = {
        provider: _("Sign in")
        if provider == DEFAULT
        else filled(_("Sign in with {name}"), name=provider_name(provider))
        for provider in settings.providers
    }
    buttons = (
        f'<li><a href="{escape(address_of(settings.site, provider, back))}" rel="nofollow">{escape(name)}</a></li>'
        for provider, name in names.items()
    )
    text = LAYOUT.format(
        lang=CODES[language],
        title=escape(_("Sign in")),
        sentence=escape(sentences[why]),
        buttons="".join(buttons),
        switch=escape("?" + "&".join([*(f"{quote(k)}={quote(v)}" for k, v in _kept(query)), f"lang={other}"])),
        other=LANGUAGES[other],
        other_code=CODES[other],
        root=root,
        font=FONT,
        icon=ICON,
        light=PALETTE["light"]["primary"],
        dark=PALETTE["dark"]["primary"],
        logo=LOGO.read_text(encoding="utf-8"),
    )
    return HTMLResponse(text, 200 if why == "out" else 401, {"Cache-Control": "no-store"})


def _kept(query: QueryParams) -> list[tuple[str, str]]:
    return [(key, value) for key, value in query.multi_items() if key != "lang"]
