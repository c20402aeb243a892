"""Who is signed in: read from the cookie that Streamlit signs when someone comes back from an OpenID Connect provider.

Sign in is on where Streamlit's secrets have an `[auth]`. Scripts, routes and sockets ask the same function, which
believes nothing but that signature: no header, and not `st.user`, which only scripts have.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from streamlit import config
from streamlit.auth_util import (
    get_cookie_with_chunks,
    get_expose_tokens_config,
    get_redirect_uri,
    get_secrets_auth_section,
    is_authlib_installed,
)
from streamlit.errors import StreamlitAuthError
from streamlit.runtime.secrets import secrets_singleton
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME as USER_COOKIE

from core import limits
from core.disk import DiskError
from core.engine.manager import manager

SIGN_IN = "TORCH_PLAYGROUND_SIGN_IN"
"""The environment variable that says whether one has to sign in: `required`, which it is by default, or `optional`."""
MODES = ("required", "optional")
PERSON = re.compile(r"P[0-9a-f]{31}", re.ASCII)
"""What the id of someone who signs in looks like; no cookie that the app gives a browser looks like it."""
CALLBACK = "oauth2callback"
"""Where providers send people back to, below the app's own address."""
DEFAULT = "default"
"""Streamlit's name of the provider that is described in `[auth]` itself."""
KEYS = ("client_id", "client_secret", "server_metadata_url")
"""What Streamlit needs of each provider."""
TEXTS = (*KEYS, "redirect_uri", "cookie_secret")
"""What Streamlit needs as text."""
SHORTEST_SECRET = 32
"""Characters; whoever guesses the secret can be anyone."""
TAKES = "takes over"
"""The preference under which a person's id leads to that of the browser whose runs they took with them."""


_known_taken: dict[str, str] | None = None


@dataclass(frozen=True)
class Settings:
    """How one signs in, as Streamlit's secrets and the environment said when the server started.

    Attributes:
        providers: their names in the secrets.
        required: whether nothing is shown to those who have not signed in.
        site: the app's own address, with a slash at its end.
        secret: with which the cookie is signed.
    """

    providers: tuple[str, ...]
    required: bool
    site: str
    secret: str

    @property
    def origin(self) -> str:
        """Scheme, host and port of the app's own address."""
        return "/".join(self.site.split("/")[:3])


@dataclass(frozen=True)
class Person:
    """Someone who has signed in.

    Attributes:
        id: under which everything of theirs is stored.
        name: as they are called on the page.
        email: their address; "" where the provider does not give it.
        claims: all that the provider says of them.
        expired: whether it is too long ago.
        key: tells this sign-in from others of the same person.
    """

    id: str
    name: str
    email: str
    claims: Mapping[str, Any]
    expired: bool
    key: str


@cache
def settings() -> Settings | None:
    """How one signs in; None where nobody can. Read once: a secrets file that is being edited lets nobody in."""
    try:
        auth = get_secrets_auth_section()
    except (OSError, UnicodeError):  # `problems` says so, and the server does not start
        return None
    if not auth or not isinstance(auth, Mapping):
        return None
    return Settings(
        tuple(providers(auth)),
        os.environ.get(SIGN_IN, "").strip().lower() != "optional",
        (get_redirect_uri(auth) or "").removesuffix(CALLBACK),
        str(auth.get("cookie_secret", "")),
    )


def is_required() -> bool:
    """Whether nothing is shown to those who have not signed in."""
    known = settings()
    return known is not None and known.required


def person_in(cookies: Iterable[str]) -> Person | None:
    """Who has signed in by a request's Cookie headers; None where nobody has, or it is too long ago."""
    person = known_in(cookies)
    return None if person is None or person.expired else person


def known_in(cookies: Iterable[str]) -> Person | None:
    """The same, also where it is too long ago."""
    known = settings()
    if known is None:
        return None
    values: dict[str, list[str]] = {}
    for header in cookies:
        for cookie in header.split(";"):
            name, _, value = cookie.strip().partition("=")
            if name.startswith(USER_COOKIE):
                values.setdefault(name, []).append(value)
    if USER_COOKIE not in values:
        return None
    used: list[str] = []

    def verified(name: str) -> bytes | None:
        """What our signature stands under; other programs on the host may have set a cookie of the same name."""
        for value in values.get(name, []):
            text = decode_signed_value(known.secret, name, value)
            if text is not None:
                used.append(value)
                return text
        return None

    try:
        claims = json.loads(get_cookie_with_chunks(verified, USER_COOKIE) or b"null")
    except ValueError:
        return None
    if not isinstance(claims, dict) or not claims.get("is_logged_in") or claims.get("origin") != known.origin:
        return None
    if not claims.get("iss") or not claims.get("sub"):
        return None
    days = limits.SIGN_IN_HOURS / 24
    fresh = decode_signed_value(known.secret, USER_COOKIE, used[0], days) is not None
    email = _text(claims.get("email"))
    name = next(filter(None, (_text(claims.get(key)) for key in ("name", "preferred_username"))), email)
    id = id_of(str(claims["iss"]), str(claims["sub"]))
    return Person(_taken().get(id, id), name, email, claims, not fresh, hashlib.sha256(used[0].encode()).hexdigest())


def _text(value: object) -> str:
    return value.strip()[:200] if isinstance(value, str) else ""


def id_of(issuer: str, subject: str) -> str:
    """The id of a person: a provider promises that its name for them, the subject, is nobody else's, and stays."""
    return "P" + hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()[:31]


def is_bare(id: str) -> bool:
    """Whether an id counts without signing in: those of people who sign in, and what they took with them, do not."""
    return not PERSON.fullmatch(id) and (settings() is None or id not in _taken().values())


def take_over(person: Person, browser: str) -> None:
    """What was made in a browser before anyone signed in there goes to the first who does and has no runs yet.

    Nothing is moved, so that a run goes on: the person is led to the browser's id, which no longer counts by itself.

    Args:
        browser: the id in its own cookie; "" where it has none.
    """
    store = manager().store
    if not browser or not is_bare(browser) or not PERSON.fullmatch(person.id):
        return
    if store.ids(browser) and not store.ids(person.id):
        _taken()[person.id] = browser
        with suppress(DiskError):  # then it holds until the server ends, and may be stored by then
            store.prefer(person.id, TAKES, browser)


def _taken() -> dict[str, str]:
    """The ids of people who took over what was in a browser, and of these browsers."""
    global _known_taken
    if _known_taken is None:
        store = manager().store
        taken = store.everyones(TAKES)
        if store.index.unreadable:
            return {}
        _known_taken = taken
    return _known_taken


def providers(auth: Mapping[str, Any]) -> list[str]:
    """The names of the providers that an `[auth]` describes."""
    named = [name for name, value in auth.items() if isinstance(value, Mapping) and name != "client_kwargs"]
    return [*([DEFAULT] if any(key in auth for key in KEYS) and DEFAULT not in named else []), *named]


def problems(environment: Mapping[str, str]) -> list[str]:
    """What of the settings can't be used, a sentence each."""
    sentences = []
    mode = environment.get(SIGN_IN, "").strip().lower()
    if mode and mode not in MODES:
        sentences.append(f"{SIGN_IN} has to be required or optional, not “{mode[:40]}”.")
    there = [path for path in config.get_option("secrets.files") if Path(path).is_file()]
    try:
        if not secrets_singleton.load_if_toml_exists() and there:
            return [*sentences, f"Streamlit's secrets can't be read: {', '.join(there)} is not valid TOML."]
    except (OSError, UnicodeError) as error:
        return [*sentences, f"Streamlit's secrets can't be read: {error}."]
    auth = get_secrets_auth_section()
    if not isinstance(auth, Mapping):
        return [*sentences, "auth in Streamlit's secrets has to be a table: [auth]."]
    if auth:
        return [*sentences, *_problems_of(auth)]
    if mode in MODES:
        sentences.append(f"{SIGN_IN} is set, but nobody can sign in: there is no [auth] in Streamlit's secrets.")
    return sentences


def _problems_of(auth: Mapping[str, Any]) -> Iterator[str]:
    """What of an `[auth]` can't be used, a sentence each."""
    secrets = "in Streamlit's secrets"
    if not is_authlib_installed() or find_spec("httpx") is None:
        yield f"[auth] {secrets} needs Authlib and httpx: pip install -r requirements-signin.txt."
    yield from _wrong_types(auth, f"[auth] {secrets}")
    redirect = str(auth.get("redirect_uri", ""))
    port = urlsplit(redirect).netloc.rpartition(":")[2] if "[" not in redirect else ""
    if port.isdigit() and int(port) > 65535:
        yield f"redirect_uri in [auth] {secrets} names port {port}, but ports go up to 65535."
    if not re.fullmatch(rf"https?://[^/\s?#]+/([^\s?#]*/)?{CALLBACK}", redirect):
        yield (
            f"redirect_uri in [auth] {secrets} has to be the app's address with {CALLBACK} at its end, such as "
            f"https://play.example.org/{CALLBACK}."
        )
    if len(str(auth.get("cookie_secret", ""))) < SHORTEST_SECRET:
        yield (
            f"cookie_secret in [auth] {secrets} has to be random, with at least {SHORTEST_SECRET} characters: "
            "python3 -c 'import secrets; print(secrets.token_hex())' makes one."
        )
    names = providers(auth)
    if not names:
        yield f"[auth] {secrets} names no provider: it needs {', '.join(KEYS)}."
    for name in names:
        place = f"[auth] {secrets}" if name == DEFAULT and DEFAULT not in auth else f"[auth.{name}] {secrets}"
        section = auth.get(name, auth)
        missing = [key for key in KEYS if not section.get(key)]
        if section is not auth:
            yield from _wrong_types(section, place)
        if "_" in name:
            yield f"{place}: the name of a provider can't have an underscore."
        if missing:
            yield f"{place} lacks {', '.join(missing)}."
        elif not re.match(r"https?://[^/\s]+/", str(section["server_metadata_url"])):
            yield f"server_metadata_url in {place} has to be an address that begins with https://."
    try:
        get_expose_tokens_config()
    except StreamlitAuthError:
        yield f'expose_tokens in [auth] {secrets} can only have "id" and "access".'


def _wrong_types(section: Mapping[str, Any], place: str) -> Iterator[str]:
    """Which values in a table can't be what they are for, a sentence each."""
    for key in TEXTS:
        if not isinstance(section.get(key, ""), str):
            yield f"{key} in {place} has to be a text in quotes."
    if not isinstance(section.get("client_kwargs", {}), Mapping):
        yield f"client_kwargs in {place} has to be a table."
