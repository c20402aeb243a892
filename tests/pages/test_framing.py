"""In which frames the app may be shown, and that a page of another site may load it there."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.shared.server.framing import FRAME_ANCESTORS, Framing, frame_ancestors, problems
from tests.pages.door import door

POLICY = "content-security-policy"
LMS = "https://moodle.school.org  https://*.instructure.com http://localhost:8080"


def test_only_the_apps_own_pages_may_frame_it_by_default(tmp_path: Path) -> None:
    with door(tmp_path) as client:
        for address in ("/", "/classifier", "/nonsense"):
            answer = client.get(address, headers={"accept": "text/html"})
            assert answer.headers.get_list(POLICY) == ["frame-ancestors 'self'"]


def test_a_frame_of_another_site_may_load_a_page_and_nothing_beside(tmp_path: Path) -> None:
    asked = {"sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe", "sec-fetch-mode": "navigate"}
    with door(tmp_path) as client:
        assert client.get("/classifier", headers=asked).status_code == 200
        assert client.get("/classifier", headers={**asked, "sec-fetch-mode": "no-cors"}).status_code == 403
        assert client.post("/classifier", headers={**asked, "origin": "https://moodle.school.org"}).status_code == 403


def test_named_sites_may_frame_every_document() -> None:
    def document(_request: object) -> Response:
        return HTMLResponse("x", headers={"Content-Security-Policy": "default-src 'self'"})

    ancestors = frame_ancestors({FRAME_ANCESTORS: LMS})
    routes = [Route("/", document), Route("/text", lambda _request: PlainTextResponse("x"))]
    app = Starlette(routes=routes, middleware=[Middleware(Framing, ancestors=ancestors)])
    client = TestClient(app)
    policies = client.get("/").headers.get_list(POLICY)
    assert policies == ["default-src 'self'", "frame-ancestors 'self' " + " ".join(LMS.split())]
    assert POLICY not in client.get("/text").headers


@pytest.mark.parametrize("value", ["", LMS, "*", "https://Moodle.Example.org:8443"])
def test_values_that_can_be_used(value: str) -> None:
    assert problems({FRAME_ANCESTORS: value}) == []


@pytest.mark.parametrize(
    "value",
    [
        "moodle.school.org",
        "https://moodle.school.org/course",
        "https://a.org; script-src *",
        "https://a.org,https://b.org",
        "'none'",
        "https://a.*.org",
        "https://",
        "ftp://a.org",
        "https://a.org:port",
        "https://a.org:99999",
    ],
)
def test_values_that_can_not_are_told_in_a_sentence(value: str) -> None:
    sentences = problems({FRAME_ANCESTORS: value})
    assert sentences and all(sentence.startswith(f"{FRAME_ANCESTORS} has to hold sites") for sentence in sentences)
