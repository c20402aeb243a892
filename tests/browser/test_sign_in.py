"""Where people sign in: one person at two machines, two people at one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import App, free_port
from tests.browser.conftest import Person
from tests.oidc import CLIENT, SECRET, provider
from tests.waiting import until

PEOPLE: dict[str, dict[str, Any]] = {
    "Ada": {"sub": "1815", "name": "Ada Lovelace", "email": "ada@school.org", "email_verified": True},
    "Alan": {"sub": "1912", "name": "Alan Turing", "email": "alan@school.org", "email_verified": True},
}


@pytest.fixture(scope="module")
def school_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A server where one has to sign in, at a provider with two people."""
    folder = tmp_path_factory.mktemp("school")
    port = free_port()
    home = f"http://127.0.0.1:{port}/oauth2callback"
    with provider(PEOPLE, {home}) as school:
        (folder / "secrets.toml").write_text(
            f'[auth]\nredirect_uri = "{home}"\ncookie_secret = "{secrets.token_hex()}"\n'
            f'[auth.school]\nclient_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
            f'server_metadata_url = "{school.issuer}/.well-known/openid-configuration"\n',
            encoding="utf-8",
        )
        environment = {
            "STREAMLIT_SECRETS_FILES": str(folder / "secrets.toml"),
            "TORCH_PLAYGROUND_TEACHERS": "ada@school.org",
        }
        made = App(folder, port=port, environment=environment)
        yield made
        made.end()
    assert [problem for problem in school.problems if "favicon" not in problem] == []


def sign_in(page: Page, button: str, name: str) -> None:
    """Go through the page on which one signs in, and the provider's."""
    page.get_by_role("link", name=button).click()
    page.get_by_role("link", name=name, exact=True).click()


def status_of(page: Page, path: str) -> int:
    """What the server answers to the page's own request."""
    status: int = page.evaluate("async (path) => (await fetch(path)).status", path)
    return status


def opened(page: Page, path: str) -> bool:
    """Whether a page's socket opens."""
    script = """(path) => new Promise((resolve) => {
        const socket = new WebSocket(new URL(path, location.href.replace("http", "ws")));
        socket.onopen = () => { resolve(true); socket.close(); };
        socket.onerror = () => resolve(false);
    })"""
    answer: bool = page.evaluate(script, path)
    return answer


def test_runs_follow_a_person_and_are_nobody_elses(person: Callable[..., Person], school_app: App) -> None:
    ada = person(school_app.url)
    first = ada.tab()
    first.page.goto(f"{school_app.url}/classifier?num_steps=50000&lr=0.05")
    expect(first.page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(first.page, "Sign in with School", "Ada")
    first.shown()
    expect(first.page.get_by_test_id("live-view")).to_contain_text(re.compile(r"Step 0 / 50.?000"))  # the link's
    run = first.play(speed=30)

    at_home = person(school_app.url, locale="zh-CN")
    second = at_home.tab()
    second.page.goto(f"{school_app.url}/classifier")
    sign_in(second.page, "用 School 登录", "Ada")
    second.shown()
    assert second.other_run(None) == run
    second.status("running")
    second.press("play")
    first.status("paused")
    first.press("play")
    second.status("running")

    aside = ada.open("/classifier")
    first.page.get_by_test_id("stPopoverButton").filter(has_text="Ada").click()
    expect(
        first.page.get_by_text(re.compile("ada@.?school.org"))
    ).to_be_visible()  # a joiner keeps it from being a link
    expect(first.page.get_by_text("Teacher", exact=True)).to_be_visible()
    first.page.get_by_role("button", name="Sign out").click()
    expect(first.page.get_by_text("You have signed out.")).to_be_visible()
    expect(aside.page.get_by_text("You have signed out.")).to_be_visible()
    expect(aside.page.get_by_test_id("live-view")).to_have_count(0)
    assert status_of(first.page, f"/live/{run}/history") == 401
    assert not opened(first.page, f"/live/{run}")

    aside.page.get_by_role("button", name="Sign in with School").click()
    aside.page.get_by_role("link", name="Alan", exact=True).click()
    aside.shown()
    assert aside.run is None and aside.step == 0
    assert status_of(aside.page, f"/live/{run}/history") == 404
    assert not opened(aside.page, f"/live/{run}")
    second.status("running")
    until(lambda: second.step > 0)
    ada.errors.clear()
