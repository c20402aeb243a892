"""Requests that are not what they seem: from other pages, with other programs' cookies, for other people's runs."""

from __future__ import annotations

import http.client
import re
from pathlib import Path
from typing import Any

from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from pages.shared.server.routes import routes
from tests.faults.events import Outcome, event
from tests.faults.kills import LONG
from tests.faults.people import PATIENCE, Live, Person
from tests.faults.server import Server, damage, serving

STREAM = "/_stcore/stream"
"""The socket of Streamlit's own."""
ORIGINS = ("http://evil.example", "http://127.0.0.1:1", "http://localhost:1", "null", "http://[", "//", "é", "a b", "")
"""Pages that are not of this app, and what is no page at all."""
HOSTS = ("evil.example", "127.0.0.1:1", "a b", "é", "[", "x" * 3000)
"""Hosts under which this server is not known."""
COOKIES = ('prefs={"mode":"dark"}; {own}', "a=b c; {own}", "novalue; {own}", "{own}; x=\x07", "=; {own}", "é=é; {own}")
"""Cookies that other programs on the host set beside one's own."""

REFUSAL = re.compile(rb'{"reason":"(origin|cookie|run)"}')
"""What is answered to "why can't I reach this?"."""
UNASKED = ("WS", "HEAD")
"""What `ask` can't do, and what answers as GET does but without the content."""


def paths(run: str) -> list[tuple[str, str]]:
    """Every route of the app: its method and its path for a run; "WS" for a socket."""
    filled = []
    for route in routes:
        assert isinstance(route, Route | WebSocketRoute)
        path = route.path.replace("{run}", run).replace("{step:int}", "0").replace("{path:path}", "data/runs")
        path = path.replace("{hash}", "0").replace("{name}", "x.js")
        methods = sorted(route.methods or ()) if isinstance(route, Route) else ["WS"]
        filled += [(method, path) for method in methods]
    return filled


def ask(server: Server, method: str, path: str, **headers: str) -> tuple[int, bytes]:
    """The answer to a request: its status and its content."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value.encode("utf-8"))
        if method == "POST":
            connection.putheader("Content-Length", "2")
        connection.endheaders(b"{}" if method == "POST" else None)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def opens(server: Server, path: str, person: Person, origin: str | None, *subprotocols: Any) -> bool:
    """Whether a socket opens for a page of that origin and goes on being open."""
    try:
        with connect(
            f"ws://127.0.0.1:{server.port}{path}",
            origin=origin,  # type: ignore[arg-type]
            subprotocols=list(subprotocols) or None,
            additional_headers={"Cookie": person.cookie},
            open_timeout=PATIENCE,
            max_size=None,
        ):
            return True
    except (WebSocketException, ValueError, UnicodeError, OSError):
        return False


def is_answered(status: int, content: bytes) -> bool:
    """Whether a request got what it asked for: to be told why one is refused is a refusal, too."""
    return status < 400 and not REFUSAL.fullmatch(content)


def foreign_origins(server: Server, anne: Person, run: str) -> list[str]:
    """What pages of other origins get."""
    wrong = []
    for origin in ORIGINS:
        for path in (f"/live/{run}", STREAM):
            if opens(server, path, anne, origin):
                wrong.append(f"{path} opens for {origin!r}")
        for method, path in paths(run):
            if method not in UNASKED and f"/{run}" in path:
                if is_answered(*ask(server, method, path, Origin=origin, Cookie=anne.cookie)):
                    wrong.append(f"{method} {path} answers {origin!r}")
    return wrong


def foreign_hosts(server: Server, run: str) -> list[str]:
    """What is seen under a host of another name, where browsers have another cookie."""
    wrong = []
    for host in HOSTS:
        for method, path in paths(run):
            if method not in UNASKED and f"/{run}" in path and is_answered(*ask(server, method, path, Host=host)):
                wrong.append(f"{method} {path} answers under {host[:20]!r}")
    return wrong


def foreign_cookies(server: Server, anne: Person, run: str) -> list[str]:
    """What one's own cookie is worth beside others."""
    wrong = []
    for cookies in COOKIES:
        text = cookies.replace("{own}", anne.cookie)
        status, content = ask(server, "GET", f"/live/{run}/history", Cookie=text)
        if status != 200 or b"loss/train" not in content:
            wrong.append(f"beside {cookies!r} one's own run is answered with {status}")
    return wrong


@event(short=1, long=3)
def foreign_pages(times: int, folder: Path) -> Outcome:
    """Foreign cookies, origins and hosts: nobody else's page gets in, and one's own is never lost."""
    outcome = Outcome(times)
    with serving(folder) as server:
        anne = server.person()
        live = anne.open("classifier", num_steps=LONG).play().reach(3)
        for _ in range(times):
            outcome.lost += foreign_origins(server, anne, live.run)
            outcome.lost += foreign_hosts(server, live.run)
            outcome.lost += foreign_cookies(server, anne, live.run)
        live.reach(live.step + 1)
        server.stop()
        outcome.lost += damage(server, {live.run: live.catch_up().losses})
    outcome.note = f"{len(ORIGINS)} origins, {len(HOSTS)} hosts, {len(COOKIES)} headers of cookies"
    return outcome


@event(short=1, long=3)
def other_peoples_ids(times: int, folder: Path) -> Outcome:
    """One person's ids in another's hands, on every route: as if there were no such run."""
    outcome = Outcome(times)
    with serving(folder) as server:
        anne, bob = server.person(), server.person()
        tab = anne.open("classifier", num_steps=LONG)
        live = tab.play().reach(3)
        own = bob.open("classifier")
        for _ in range(times):
            for method, path in paths(live.run):
                if f"/{live.run}" not in path:
                    continue
                if method == "WS":
                    known, unknown = (opens(server, each, bob, server.url) for each in (path, path[:-1]))
                else:
                    headers = {"Origin": server.url, "Cookie": bob.cookie}
                    known, unknown = (  # type: ignore[assignment]
                        ask(server, method, each, **headers)
                        for each in (path, path.replace(live.run, "0123456789abcdef"))
                    )
                if known != unknown:
                    outcome.lost.append(f"{method} {path}: {known}, not {unknown}")
            status, content = ask(server, "GET", "/tensorboard/data/runs", Cookie=bob.cookie)
            if status == 200 and b"classifier" in content:
                outcome.lost.append("TensorBoard shows another person's runs")
            own.press("resume", speed=30, step=0)
            outcome.lost += own.run().exceptions
        outcome.lost += taken_over(server, bob, tab, live)
        server.stop()
        outcome.lost += damage(server)
    return outcome


def taken_over(server: Server, bob: Person, tab: Any, live: Live) -> list[str]:
    """What Bob sees who knows the id of the session of Anne's tab, once that has lost its connection."""
    tab.close()
    stolen = bob.open("classifier", session=tab.session)
    return [f"Bob's page shows Anne's run {live.run}"] if stolen.run_id == live.run else []
