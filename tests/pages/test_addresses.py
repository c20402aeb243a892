"""Addresses: the same for every page, wherever the app's root is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import pytest
from streamlit import config

from pages.index import PAGES
from pages.shared.server.addresses import address, below_root, root_of, route, to_root
from pages.shared.server.origin import asks_for_health
from pages.shared.server.pack import index
from pages.shared.server.redirects import from_there
from tests.pages.door import door
from tests.pages.tabs import Tab

ROOTS = ("http://127.0.0.1:8501/", "https://school.org/class/a/", "https://hub.org/user/x/proxy/8501/", "http://h/cnn/")


@pytest.fixture
def below(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """Streamlit's setting of the path below which it serves the app."""
    base = str(getattr(request, "param", "class/a"))
    get_option = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: base if name == "server.baseUrlPath" else get_option(name))
    return base


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("page", ["", *(row.url_path for row in PAGES[1:])])
def test_every_page_leads_to_the_same_address(root: str, page: str) -> None:
    assert urljoin(root + page, address("live", "x", "history")) == f"{root}live/x/history"
    assert urljoin(f"{root}{page}?dataset=xor#up", address(query={"lang": "zh", "points": "1,2"})) == (
        f"{root}?lang=zh&points=1,2"
    )
    assert urljoin(root + page, address("tensorboard", "")) == f"{root}tensorboard/"
    assert root_of(f"{root}{page}?dataset=xor/moons#up/down") == root


@pytest.mark.parametrize("below", ["class/a", "/class/a/", "/class/a"], indirect=True)
def test_streamlits_setting_moves_what_the_server_answers_at(below: str) -> None:
    assert route("live", "{run}") == "/class/a/live/{run}" and route("tensorboard", "") == "/class/a/tensorboard/"
    assert route("") == "/class/a/"
    assert below_root("/class/a/classifier") == "classifier" and below_root("/class/a/") == ""
    assert [below_root(path) for path in ("/", "/classifier", "/class/ab", "/class/a")] == [None] * 4
    asking = {"type": "http", "method": "GET"}
    assert asks_for_health({**asking, "path": "/class/a/_stcore/health"})
    assert not asks_for_health({**asking, "path": "/_stcore/health"})


def test_without_the_setting_it_answers_at_its_root() -> None:
    assert route("live", "{run}") == "/live/{run}" and route("") == "/"
    assert below_root("/classifier") == "classifier" and below_root("/") == ""


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("asked", ["", "nonsense", "a/b/c", "classifier/"])
def test_a_page_that_is_not_there_leads_to_the_root(root: str, asked: str) -> None:
    assert urljoin(root + asked, to_root(asked) + address()) == root
    assert urljoin(root + asked, to_root(asked) + address("static", "x")) == f"{root}static/x"


def test_the_first_html_has_no_address_that_begins_at_the_servers_root(tmp_path: Path) -> None:
    for live in (False, True):
        text = re.sub(r"<script>\n.*?</script>", "", (index(live, "en") or b"").decode(), flags=re.DOTALL)
        assert '"./assets/pack/' in text and "./static/js/" in text
        assert not [start for start in ('"/', "'/", "`/", "=/", "(/", "location.origin") if start in text]
    with door(tmp_path) as client:
        client.headers["accept"] = "text/html"
        assert not re.findall("(?:href=|src=|url[(])[\"']?/", client.get("/a/b/c").text)


@pytest.mark.parametrize(
    ("asked", "led", "there"),
    [
        ("/classifier/", "/classifier?lang=zh", "../classifier?lang=zh"),
        ("/classifier//", "/classifier", "../../classifier"),
        ("/class/a", "http://play/class/a/", "./a/"),
        ("/\u00e9/", "/%C3%A9", "../%C3%A9"),
        ("/tensorboard", "logging", "logging"),
        ("/classifier/", "https://elsewhere/classifier", "https://elsewhere/classifier"),
        ("/login", "/", "/"),
    ],
)
def test_a_redirect_for_a_slash_is_the_way_from_there(asked: str, led: str, there: str) -> None:
    assert from_there(asked, led, "play") == there


def test_streamlits_redirects_lead_on_below_a_path(tmp_path: Path) -> None:
    with door(tmp_path) as client:
        answer = client.get("/classifier/?lang=zh", follow_redirects=False)
        assert urljoin("https://school.org/class/classifier/", answer.headers["location"]) == (
            "https://school.org/class/classifier?lang=zh"
        )
        assert client.get("/classifier/", follow_redirects=True).status_code == 200


def test_links_to_hand_on_keep_the_path(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open("classifier")
    for root in ROOTS[1:]:
        tab.at.context["url"] = f"{root}classifier"
        assert f"{root}classifier?" in tab.run().words
    tab = open_tab()
    tab.at.context["url"] = ROOTS[-1]
    assert f"{ROOTS[-1]}?lang=" in tab.open().words, "the name of a page may also be that of the path"
