"""Addresses that lead to no page, and those that are another's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from core.engine.manager import Manager
from pages.index import PAGES
from pages.shared.page.not_found import OURS
from pages.shared.server.owner import COOKIE
from tests.pages.door import door
from tests.pages.tabs import ANNE

WORDS = {"en": "There is no page at this address.", "zh": "这个地址没有对应的页面。"}


@pytest.fixture
def client(tmp_path: Path, manager: Manager) -> Iterator[TestClient]:
    """A browser at the door."""
    with door(tmp_path) as made:
        made.headers["accept"] = "text/html,*/*;q=0.8"
        yield made


@pytest.mark.parametrize(
    "path", ["/nonsense", "/classifier/missing", "/a/b/c", "/tensor board", "/static/js/none.js", "/index.html"]
)
def test_an_address_of_no_page_says_so(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"accept-encoding": "gzip"})
    assert answer.status_code == 404
    assert WORDS["en"] in answer.text and '<html lang="en">' in answer.text
    assert "stream" not in answer.text.lower()
    homes = [urljoin(path, home) for home in re.findall('<a href="([^"]+)">', answer.text)]
    assert homes == ["/", "/"] and "</svg>" in answer.text, "the logo leads home as well"
    [font] = re.findall(r'src: url\("(.+?)"\)', answer.text)
    assert client.get(urljoin(path, font)).headers["content-type"] == "font/woff2"
    [icon] = re.findall(r'<link rel="icon" href="(.+?)">', answer.text)
    assert client.get(urljoin(path, icon)).headers["content-type"] == "image/png", "or it is asked for elsewhere"


def test_every_page_is_found(client: TestClient) -> None:
    assert len(OURS) > len(PAGES)
    for row in PAGES[1:]:
        answer = client.get(f"/{row.url_path}?lang=zh")
        assert answer.status_code == 200 and WORDS["zh"] not in answer.text
    assert client.get("/").status_code == client.get("/favicon.png").status_code == 200
    assert client.get("/_stcore/health").text == "ok"


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [("", "zh-CN,zh;q=0.9", "zh"), ("", "de,en;q=0.5", "en"), ("?lang=zh", "en-GB", "zh"), ("?lang=xx", "zh-TW", "zh")],
)
def test_it_is_said_in_the_persons_language(client: TestClient, query: str, accepted: str, language: str) -> None:
    answer = client.get(f"/nonsense{query}", headers={"accept-language": accepted})
    assert WORDS[language] in answer.text


def test_the_language_chosen_before_comes_before_the_browsers(client: TestClient, manager: Manager) -> None:
    manager.store.prefer(ANNE, "language", "zh")
    answer = client.get("/nonsense", headers={"accept-language": "en-GB", "cookie": f"{COOKIE}={ANNE}"})
    assert WORDS["zh"] in answer.text and 'lang="zh-CN"' in answer.text


@pytest.mark.parametrize(
    ("asked", "led"), [("/tensorboard", "logging"), ("/tensorboard?lang=zh", "logging?lang=zh"), ("/home", "./")]
)
def test_a_guessed_address_leads_on(client: TestClient, asked: str, led: str) -> None:
    answer = client.get(asked, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, led)


def test_what_others_answer_passes_as_it_is(client: TestClient) -> None:
    assert client.get("/tensorboard/", headers={"cookie": ""}).text == "No such page."
    assert client.get("/assets/none.js").status_code == 404 and client.post("/nonsense").status_code != 200
    packed = client.get("/static/js/none.js", headers={"accept": "*/*", "accept-encoding": "gzip"})
    assert packed.status_code == 200, "scripts are none of its business"
