"""Whose cookie it is: our own is read by its name, whatever other programs on the same host set beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.testclient import TestClient
from streamlit.runtime.context import StreamlitHeaders

from core.engine.run import Run
from core.experiments.classifier import ClassifierConfig
from pages.shared.server.owner import COOKIE, TAB, cookie, new_owner, owner_in, owner_of, tab_in, was_framed
from pages.shared.server.owner import FRAMED as SECOND
from tests.pages.door import cookie_of, door, visit
from tests.pages.tabs import ANNE, BOB, Tab

NEIGHBOURS = [
    'prefs={"mode":"dark"}',
    "a=b c",
    "novalue",
    "",
    "=",
    "=value",
    'username-localhost-8888="2|1:0|10:1|23:username-localhost|a==|b"',
    "grafana_session=ü",
    f"x_{COOKIE}={BOB}",
    f"{COOKIE}_x={BOB}",
    f"{COOKIE}",
    f"{COOKIE}=",
    f"{COOKIE}=short",
    f'{COOKIE}="{BOB}"',
    f"{COOKIE}={BOB}x",
    f"{COOKIE} {COOKIE}={BOB}",
    "$Version=1",
    "expires=Thu, 01 Jan 1970 00:00:00 GMT",
    'q="unclosed',
    "\x00",
    "a=\\",
    "[]{}()<>@,:/?",
    "x" * 4000,
]
"""Cookies that are not ours, as other programs on the host set them, or as nobody should."""


def is_not_ours(text: str) -> bool:
    """Whether a cookie is none that we could have set."""
    return not re.fullmatch(rf"\s*{COOKIE}\s*=\s*\w{{32}}\s*", text)


texts = st.text(st.characters(max_codepoint=255, exclude_characters=";"), max_size=60)
neighbours = st.lists(st.sampled_from(NEIGHBOURS) | texts.filter(is_not_ours), max_size=6)


@given(neighbours, neighbours, st.sampled_from([";", "; ", " ;  "]), st.from_regex(r"[0-9a-f]{32}", fullmatch=True))
def test_ours_is_read_whatever_stands_beside_it(before: list[str], after: list[str], mark: str, owner: str) -> None:
    cookies = mark.join([*before, cookie_of(owner), *after])
    headers = Headers(raw=[(b"cookie", cookies.encode("latin-1"))])
    assert owner_of(headers) == owner
    assert owner_in(StreamlitHeaders(headers.items()).get_all("cookie")) == owner


@given(neighbours)
def test_nobodys_cookie_names_nobody(others: list[str]) -> None:
    assert owner_in([";".join(others)]) == ""


@given(neighbours, neighbours)
def test_the_first_valid_one_is_taken(before: list[str], between: list[str]) -> None:
    cookies = ";".join([*before, cookie_of(ANNE), *between, cookie_of(BOB)])
    assert owner_in([cookies]) == ANNE
    assert owner_in([";".join(before), cookie_of(BOB), cookies]) == BOB


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A browser at a door whose page says who its visitor is."""
    with door(tmp_path_factory.mktemp("door")) as made:
        yield made


@pytest.mark.parametrize("other", [other for other in NEIGHBOURS if "\x00" not in other], ids=lambda text: text[:20])
def test_page_and_routes_agree_on_the_person(client: TestClient, other: str) -> None:
    cookies = f"{other}; {cookie_of(ANNE)}; {other}"
    answer = client.get("/", headers={b"cookie": cookies.encode("latin-1")})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers or COOKIE not in answer.headers["set-cookie"], "a valid one is replaced"
    assert visit(client, cookies) == ANNE


def test_an_invalid_cookie_is_nobody_on_the_page_as_well(client: TestClient) -> None:
    for cookies in (f"{COOKIE}=short", f"{COOKIE}=../{'a' * 29}", f"{COOKIE}="):
        owner = visit(client, cookies)
        assert owner != cookies.partition("=")[2]
        assert re.fullmatch("[0-9a-f]{32}", owner)


def test_a_tab_without_cookies_stays_one_person(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    tab.cookies = "novalue"
    first = tab.open().at.session_state["owner"]
    assert tab.run().at.session_state["owner"] == first != ANNE


def test_runs_are_there_beside_a_malformed_cookie(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab().open("classifier")
    tab.set("classifier.num_steps", 20)
    run: Run = tab.play(speed=200)
    later = open_tab()
    later.cookies = f'prefs={{"mode":"dark"}}; a=b c; {later.cookies}; novalue'
    later.open("classifier")
    assert later.space.run_id == run.id
    assert isinstance(run.config, ClassifierConfig)


def test_new_people_have_ids_that_are_read() -> None:
    owners = {new_owner() for _ in range(100)}
    assert len(owners) == 100
    assert all(owner_in([cookie_of(owner)]) == owner for owner in owners)


def test_the_door_gives_a_cookie_to_who_has_none(client: TestClient) -> None:
    client.cookies.clear()
    assert re.match(rf"{COOKIE}=[0-9a-f]{{32}};", client.get("/").headers["set-cookie"])


FRAMED = {"sec-fetch-dest": "iframe", "sec-fetch-site": "cross-site"}


@pytest.mark.parametrize(
    ("scheme", "headers", "attributes"),
    [
        ("http", {}, "SameSite=Lax"),
        ("https", {}, "SameSite=Lax; Secure"),
        ("http", {"x-forwarded-proto": "https"}, "SameSite=Lax; Secure"),
        ("http", {"x-forwarded-proto": "HTTPS, http"}, "SameSite=Lax; Secure"),
        ("http", {"x-forwarded-proto": "http, https"}, "SameSite=Lax"),
        ("http", FRAMED, "SameSite=Lax"),
        ("https", FRAMED, "SameSite=None; Secure; Partitioned"),
        ("http", {**FRAMED, "x-forwarded-proto": "https"}, "SameSite=None; Secure; Partitioned"),
        ("https", {**FRAMED, "sec-fetch-site": "same-site"}, "SameSite=Lax; Secure"),
        ("https", {**FRAMED, "sec-fetch-dest": "document"}, "SameSite=Lax; Secure"),
    ],
)
def test_the_cookie_is_as_the_connection_asks_for_it(scheme: str, headers: dict[str, str], attributes: str) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    text = cookie(COOKIE, ANNE, {"type": "http", "scheme": scheme, "headers": raw})
    assert text == f"{COOKIE}={ANNE}; Path=/; Max-Age=31536000; HttpOnly; {attributes}"


def test_a_frame_of_another_site_has_a_second_cookie_that_says_so(client: TestClient) -> None:
    client.cookies.clear()
    framed = {**FRAMED, "sec-fetch-mode": "navigate", "x-forwarded-proto": "https"}
    given = client.get("/", headers=framed).headers.get_list("set-cookie")
    assert given[1] == f"{SECOND}=1; Path=/; Max-Age=31536000; HttpOnly; SameSite=None; Secure; Partitioned"
    sent = "; ".join(text.partition(";")[0] for text in given)
    assert was_framed([sent]) and owner_in([sent]) in given[0]
    client.cookies.clear()
    plain = client.get("/", headers={"x-forwarded-proto": "https"}).headers.get_list("set-cookie")
    assert len(plain) == 1 and not was_framed(plain) and not was_framed([f"x{SECOND}=1", f"{SECOND}=2", ""])


def test_a_tab_without_cookies_is_known_by_its_token() -> None:
    token = new_owner()
    owner = owner_of(Headers({TAB: token}))
    assert owner == tab_in([token]) and len(owner) == 32
    assert owner != token, "whoever sees the id of a person would have the token"
    assert owner_of(Headers({TAB: new_owner()})) != owner
    for text in ("", "short", f"{token}x", f"../{token[3:]}"):
        assert owner_of(Headers({TAB: text})) == ""


def test_a_cookie_goes_before_a_token() -> None:
    assert owner_of(Headers({TAB: new_owner(), "cookie": cookie_of(ANNE)})) == ANNE


def test_no_token_leads_to_the_person_of_a_cookie() -> None:
    assert owner_of(Headers({TAB: ANNE})) not in ("", ANNE)
