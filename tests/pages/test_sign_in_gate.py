"""What is answered before one has signed in, and the way to a provider and back, without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from streamlit import config
from streamlit.runtime.secrets import secrets_singleton

from core.engine.manager import Manager
from core.experiments.classifier import ClassifierConfig
from pages.shared.page import sign_in_gate
from pages.shared.page.sign_in_gate import SIGNED_OUT, page_below
from pages.shared.server import sign_in
from pages.shared.server.owner import COOKIE
from pages.shared.server.sign_in import id_of
from tests.oidc import CLIENT, SECRET, Provider, chosen, provider
from tests.pages.door import HERE, door, visit
from tests.pages.signed import SETTINGS
from tests.pages.tabs import ANNE
from tests.waiting import until

PEOPLE: dict[str, dict[str, Any]] = {
    "Ada": {"sub": "1815", "name": "Ada"},
    "Alan": {"sub": "1912", "name": "Alan", "groups": ["x" * 9000]},
}
PAGE = {"accept": "text/html"}
"""What a browser says that goes to an address."""


@pytest.fixture
def school() -> Iterator[Provider]:
    """The provider."""
    with provider(PEOPLE, {f"{HERE}/oauth2callback"}) as made:
        yield made
    assert made.problems == []


@pytest.fixture
def client(manager: Manager, school: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A browser at the door of a server where one has to sign in."""
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(
        f'[auth]\nredirect_uri = "{HERE}/oauth2callback"\ncookie_secret = "{SETTINGS.secret}"\n'
        f'client_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
        f'server_metadata_url = "{school.issuer}/.well-known/openid-configuration"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(secrets_singleton, "_secrets", None)
    monkeypatch.setattr(secrets_singleton, "_file_watchers_installed", True)
    monkeypatch.setattr(sign_in, "settings", lambda: SETTINGS)
    monkeypatch.setattr(sign_in, "_known_taken", None)
    before = config.get_option("secrets.files")
    config.set_option("secrets.files", [str(secrets)])
    with door(tmp_path) as made:
        yield made
    config.set_option("secrets.files", before)


def begin(client: TestClient, back: str = "") -> str:
    """Choose the provider; returns where that leads."""
    answer = client.get("/sign-in/default", params={"back": back}, follow_redirects=False)
    assert answer.status_code == 302
    return answer.headers["location"]


def come_back(client: TestClient, name: str, back: str = "") -> str:
    """Sign in as someone; returns where one is led in the end."""
    answer = client.get(chosen(begin(client, back), name), follow_redirects=False)
    assert answer.status_code == 302
    return answer.headers["location"]


def cookies(client: TestClient) -> str:
    """The Cookie header of this browser."""
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def why(address: str) -> list[str]:
    """What led someone to the page for signing in."""
    assert urlsplit(address).path == "/sign-in"
    return parse_qs(urlsplit(address).query)["why"]


def refused(client: TestClient, path: str) -> int:
    """The status with which a socket is refused."""
    headers = {"origin": HERE, "cookie": cookies(client)}
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect(path, headers=headers):
        pass
    return denied.value.status_code


def test_nothing_is_answered_before_one_has_signed_in(client: TestClient, manager: Manager) -> None:
    mine = manager.start(ANNE, ClassifierConfig(num_steps=50_000), speed=10)
    client.cookies.set(COOKIE, ANNE)
    for path in ("/", "/classifier", "/tensorboard/", "/no-such-page"):
        answer = client.get(path, headers=PAGE)
        assert answer.status_code == 401 and "set-cookie" not in answer.headers
        assert "Sign in" in answer.text and "streamlit" not in answer.text.lower()
        [icon] = re.findall(r'<link rel="icon" href="(.+?)">', answer.text)
        assert client.get(urljoin(path, icon)).headers["content-type"] == "image/png"
    for path in (
        f"/live/{mine.id}/history",
        "/tensorboard/data/runs",
        "/_stcore/metrics",
        "/media/x.png",
        "/classifier",
    ):
        assert (client.get(path).status_code, client.get(path).text) == (401, "Sign in first.")
    assert client.post(f"/live/{mine.id}/kept/0", content="{}").status_code == 401
    assert refused(client, f"/live/{mine.id}") == refused(client, "/nowhere") == 401
    assert client.get("/_stcore/health").text == "ok"
    assert manager.presence.present(ANNE) is False


def test_a_person_comes_back_to_the_page_that_they_had_asked_for(client: TestClient, school: Provider) -> None:
    asked = "/classifier?lr=0.5&hidden_sizes=8,8&points=a%2Bb%26c&lang=zh"
    page = client.get(asked, headers=PAGE)
    assert 'lang="zh-CN"' in page.text and "登录" in page.text
    [link] = [unescape(link) for link in re.findall(r'<li><a href="([^"]+)"', page.text)]
    asking = client.get(link, follow_redirects=False).headers["location"]
    back = client.get(chosen(asking, "Ada"), follow_redirects=False).headers["location"]
    assert back == HERE + asked
    assert visit(client, cookies(client)) == id_of(
        parse_qs(urlsplit(asking).query).get("iss", [issuer(asking)])[0], "1815"
    )


def issuer(address: str) -> str:
    """The provider that an address belongs to."""
    return f"http://{urlsplit(address).netloc}"


def test_what_is_said_of_a_person_may_be_longer_than_a_cookie(client: TestClient, school: Provider) -> None:
    assert come_back(client, "Alan", "cnn") == f"{HERE}/cnn"
    assert visit(client, cookies(client)) == id_of(school.issuer, "1912")


def test_one_is_led_to_pages_of_the_app_alone(client: TestClient) -> None:
    for address in ("classifier", "classifier?lr=1&x=%2F", "", "?lang=zh"):
        assert page_below(address) == address
    for address in (
        "//evil.example.org",
        "https://evil.example.org",
        "/evil",
        "\\evil",
        "classifier/../x",
        "sign-in/default",
        "classifier?\r\nSet-Cookie: x=y",
        "classifier?" + "x" * 50_000,
    ):
        assert page_below(address) == ""
    assert come_back(client, "Ada", "//evil.example.org") == f"{HERE}/"


def test_what_goes_wrong_on_the_way_is_said(client: TestClient, school: Provider) -> None:
    address = come_back(client, "nobody", "classifier?lr=1")
    assert why(address) == ["failed"] and "back=classifier" in address
    assert "did not work" in client.get(address, headers=PAGE).text
    assert visit(client, cookies(client)) not in (id_of(school.issuer, "1815"), "")
    school.answers = False
    address = client.get("/sign-in/default?back=cnn", follow_redirects=False).headers["location"]
    assert why(address) == ["unreachable"]
    assert "reached" in client.get(address, headers=PAGE).text
    school.answers = True
    assert come_back(client, "Ada", "cnn") == f"{HERE}/cnn"


def test_a_code_counts_once_and_in_the_browser_that_asked(client: TestClient, school: Provider) -> None:
    back = chosen(begin(client), "Ada")
    other = TestClient(client.app)
    assert why(other.get(back, follow_redirects=False).headers["location"]) == ["failed"]
    assert client.get(back, follow_redirects=False).headers["location"] == f"{HERE}/"
    assert client.get(back, follow_redirects=False).headers["location"] == f"{HERE}/", (
        "who goes back is still signed in"
    )
    client.cookies.clear()
    assert why(client.get(back, follow_redirects=False).headers["location"]) == ["failed"]


def test_who_went_first_of_very_many_comes_back_to_the_first_page(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_gate, "MOST_BACK", 2)
    browsers = [TestClient(client.app) for _ in range(3)]
    ways = [chosen(begin(one, page), "Ada") for one, page in zip(browsers, ("cnn", "vgg", "build"), strict=True)]
    answers = [one.get(way, follow_redirects=False) for one, way in zip(browsers, ways, strict=True)]
    ends = [answer.headers["location"] for answer in answers]
    assert ends == [f"{HERE}/", f"{HERE}/vgg", f"{HERE}/build"]


def test_signing_out_ends_what_is_open_and_leaves_nothing(
    client: TestClient, manager: Manager, school: Provider
) -> None:
    come_back(client, "Ada")
    ada = id_of(school.issuer, "1815")
    run = manager.start(ada, ClassifierConfig(num_steps=50_000), speed=10)
    signed = cookies(client)
    headers = {"origin": HERE, "cookie": signed}
    with client.websocket_connect(f"/live/{run.id}", headers=headers) as socket:
        assert socket.receive_json()["kind"] == "hello"
        until(lambda: manager.presence.present(ada))
        out = client.get("/auth/logout", follow_redirects=False)
        message = socket.receive()
        while message["type"] != "websocket.close":
            message = socket.receive()
        assert message["code"] == SIGNED_OUT
    assert out.headers["location"].startswith(f"{school.issuer}/end_session?")
    until(lambda: not manager.presence.present(ada))
    end = client.get(f"{HERE}/oauth2callback", follow_redirects=False).headers["location"]
    assert why(end) == ["out"] and client.get(end, headers=PAGE).status_code == 200
    assert client.get(f"/live/{run.id}/history").status_code == 401
    come_back(client, "Alan")
    assert client.get(f"/live/{run.id}/history").status_code == 404
    come_back(client, "Ada")
    assert client.get(f"/live/{run.id}/history").status_code == 200
    assert run.alive


def test_where_it_is_optional_the_browsers_runs_come_along(
    client: TestClient, manager: Manager, school: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "settings", lambda: replace(SETTINGS, required=False))
    client.cookies.set(COOKIE, ANNE, domain="testserver.local")
    run = manager.start(ANNE, ClassifierConfig(num_steps=50_000), speed=10)
    assert client.get(f"/live/{run.id}/history").status_code == 200
    come_back(client, "Ada")
    assert visit(client, cookies(client)) == ANNE and client.get(f"/live/{run.id}/history").status_code == 200
    client.get("/auth/logout", follow_redirects=False)
    assert client.get(f"/live/{run.id}/history").status_code == 404, "the next person at this computer"
    other = TestClient(client.app)
    come_back(other, "Ada")
    assert other.get(f"/live/{run.id}/history").status_code == 200, "on another machine"


def test_without_auth_there_is_no_way_in(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "settings", lambda: None)
    assert client.get("/", headers=PAGE).status_code == 200
    assert client.get("/sign-in", headers=PAGE).status_code == 404
