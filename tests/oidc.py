"""A small OpenID Connect provider, as schools have one: whoever comes chooses who they are."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "playground", "a secret of the playground's"
HOUR = 3600


class Provider(ThreadingHTTPServer):
    """The provider. It gives codes only to addresses that are registered, once, and checks the proof of who asked.

    Args:
        people: what is said of each person, by the name that they choose.
        client_addresses: where it may send people back to.

    Attributes:
        answers: whether it is to be reached.
    """

    daemon_threads = True

    def __init__(self, people: Mapping[str, Mapping[str, Any]], client_addresses: set[str]):
        super().__init__(("127.0.0.1", 0), Answer)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.people = people
        self.client_addresses = client_addresses
        self.answers = True
        self.key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, private=True, auto_kid=True)
        self.codes: dict[str, dict[str, str]] = {}
        self.problems: list[str] = []

    def refuse(self, problem: str) -> None:
        """Note what was wrong with a request, for the test to see."""
        self.problems.append(problem)

    def id_token(self, asked: Mapping[str, str]) -> str:
        """What it says of a person, signed."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + HOUR, "nonce": asked["nonce"]}
        person = self.people[asked["person"]]
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, {**claims, **person}, self.key)


class Answer(BaseHTTPRequestHandler):
    """Answers to one request."""

    server: Provider

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = dict(parse_qsl(address.query))
        server = self.server
        if not server.answers:
            self.say({"error": "temporarily_unavailable"}, 503)
        elif address.path == "/.well-known/openid-configuration":
            ends = ("authorization_endpoint", "token_endpoint", "end_session_endpoint")
            ways = {name: f"{server.issuer}/{name.removesuffix('_endpoint')}" for name in ends}
            known = {"issuer": server.issuer, "jwks_uri": f"{server.issuer}/jwks", **ways}
            lists = {"response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"]}
            algorithms = {"id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"]}
            self.say({**known, **lists, **algorithms})
        elif address.path == "/jwks":
            self.say(KeySet([server.key]).as_dict(private=False))
        elif address.path == "/authorization":
            self.authorize(query)
        elif address.path == "/end_session" and query.get("post_logout_redirect_uri") in server.client_addresses:
            self.lead(query["post_logout_redirect_uri"])
        else:
            server.refuse(self.path)
            self.say({"error": "not_found"}, 404)

    def authorize(self, query: Mapping[str, str]) -> None:
        """Show who one may be, or send whoever has chosen back with a code."""
        wanted = {"client_id": CLIENT, "response_type": "code", "code_challenge_method": "S256"}
        wrong = [name for name, value in wanted.items() if query.get(name) != value]
        wrong += [name for name in ("state", "nonce", "code_challenge") if not query.get(name)]
        if "openid" not in query.get("scope", "").split():
            wrong.append("scope")
        if wrong or query.get("redirect_uri") not in self.server.client_addresses:
            self.server.refuse(f"authorization: {wrong}, {query.get('redirect_uri')}")
            self.say({"error": "invalid_request"}, 400)
        elif query.get("person") == "nobody":
            self.lead(query["redirect_uri"], {"error": "access_denied", "state": query["state"]})
        elif query.get("person") in self.server.people:
            code = secrets.token_urlsafe()
            self.server.codes[code] = dict(query)
            self.lead(query["redirect_uri"], {"code": code, "state": query["state"]})
        else:
            links = (
                f'<p><a href="?{escape(urlencode({**query, "person": name}))}">{escape(name)}</a></p>'
                for name in [*self.server.people, "nobody"]
            )
            self.say(f"<!doctype html><title>Provider</title><h1>Who are you?</h1>{''.join(links)}")

    def do_POST(self) -> None:
        body = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()))
        client, secret = body.get("client_id", ""), body.get("client_secret", "")
        kind, _, word = self.headers.get("Authorization", "").partition(" ")
        if kind == "Basic":
            client, secret = map(unquote, base64.b64decode(word).decode().split(":", 1))
        asked = self.server.codes.pop(body.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(body.get("code_verifier", "").encode()).digest())
        right = (
            urlsplit(self.path).path == "/token"
            and (client, secret) == (CLIENT, SECRET)
            and body.get("grant_type") == "authorization_code"
            and asked is not None
            and asked["redirect_uri"] == body.get("redirect_uri")
            and asked["code_challenge"] == proof.decode().rstrip("=")
        )
        if not right or asked is None:
            self.server.refuse(f"token: {sorted(body)}")
            self.say({"error": "invalid_grant"}, 400)
            return
        token = self.server.id_token(asked)
        self.say({"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "expires_in": 60, "id_token": token})

    def lead(self, address: str, query: Mapping[str, str] | None = None) -> None:
        """Send the browser to another address."""
        self.send_response(302)
        self.send_header("Location", address + (f"?{urlencode(query)}" if query else ""))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def say(self, answer: Mapping[str, Any] | str, status: int = 200) -> None:
        """Answer with a page, or with JSON."""
        page = isinstance(answer, str)
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8" if page else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def provider(people: Mapping[str, Mapping[str, Any]], client_addresses: set[str]) -> Iterator[Provider]:
    """A provider, while inside."""
    server = Provider(people, client_addresses)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def chosen(address: str, name: str) -> str:
    """Where the provider sends someone who chooses to be that person, without a browser."""
    where = urlsplit(address)
    connection = HTTPConnection(where.netloc)
    connection.request("GET", f"{where.path}?{where.query}&{urlencode({'person': name})}")
    back = connection.getresponse().headers["Location"]
    connection.close()
    return back
