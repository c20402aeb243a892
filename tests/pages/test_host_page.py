"""The host's page: it opens to the key alone, and reaches everyone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from core import limits
from core.experiments.classifier import ClassifierConfig
from pages.shared.person import role
from pages.shared.server import announcement, host_key
from pages.shared.server.host_key import HOST_KEY, opens, problems
from tests.pages.tabs import ANNE, BOB, Tab
from tests.waiting import until

KEYWORD = "an old key that opens"
LONG = ClassifierConfig(num_steps=50_000, device="cpu")


@pytest.fixture(autouse=True)
def nothing_announced() -> Iterator[None]:
    yield
    announcement.announce("")


@pytest.fixture
def host(open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch) -> Tab:
    """A tab with the host's page, the key typed."""
    monkeypatch.setenv(HOST_KEY, KEYWORD)
    return type_key(open_tab().open("host"), KEYWORD)


def type_key(tab: Tab, text: str) -> Tab:
    tab.widget("host key").set_value(text)
    return tab.press("Open")


def boards(tab: Tab) -> list[object]:
    return [component for component in tab.at.get("bidi_component") if component.key == "host runs"]


def test_without_a_key_it_says_how_to_set_one_and_nothing_else(
    open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(HOST_KEY, raising=False)
    tab = open_tab().open("host")
    assert HOST_KEY in tab.words and not boards(tab) and not tab.at.text_input
    assert "`PEOPLE`" not in tab.words


def test_a_wrong_key_opens_nothing(open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOST_KEY, KEYWORD)
    monkeypatch.setattr(host_key, "WRONG", 0.0)
    tab = open_tab().open("host")
    for text in ("", KEYWORD[:-1], KEYWORD.upper(), "钥匙"):
        type_key(tab, text)
        assert tab.errors == ["This is not the key."] and not boards(tab)
        assert "`PEOPLE`" not in tab.words


def test_the_host_sees_who_trains_and_ends_a_run(host: Tab) -> None:
    run = host.manager.start(BOB, LONG, speed=50)
    until(lambda: run.step > 3)
    until(lambda: len(host.run().data_of("host runs")["runs"]) == 1)
    [row] = host.data_of("host runs")["runs"]
    assert row["id"] == run.id and row["cells"][1] == "Classifier"
    assert BOB not in str(host.data_of("host runs")), "a person's id would open their runs"
    host.tell("end", "host runs", run="no such run")
    assert run.alive
    host.tell("end", "host runs", run=run.id)
    assert run.message is not None and run.message["cause"] == "host"
    assert f"`PEOPLE` | {limits.PEOPLE}" in host.words and f"`RUN_MEMORY` | {limits.RUN_MEMORY:,.0f} MB" in host.words


def test_what_the_host_announces_is_on_every_page_as_it_was_typed(host: Tab, open_tab: Callable[..., Tab]) -> None:
    host.widget("host message").set_value("Stop *now* :material/home: $x$")
    host.press("Show it to everyone")
    other = open_tab(ANNE)
    for page in ("home", "classifier", "glossary"):
        other.open(page)
        [line] = [text.value for text in other.at.markdown if "campaign" in text.value]
        assert r"\*now\*" in line and r"\$x\$" in line and ":material/home:" not in line
    host.press("Take it back")
    assert "campaign" not in other.run().words


def test_only_the_key_is_the_key() -> None:
    waits: list[float] = []
    environment = {HOST_KEY: f" {KEYWORD} "}
    assert opens(KEYWORD, environment, waits.append) and opens(f"{KEYWORD}\n", environment, waits.append)
    assert not waits
    for wrong in ("", KEYWORD + "x", "x" * 100_000, "\udcff" * 20):
        assert not opens(wrong, environment, waits.append)
    assert not opens("", {}, waits.append) and not opens("", {HOST_KEY: " "}, waits.append), "no key opens nothing"
    assert waits == [host_key.WRONG] * 6


def test_a_short_key_stops_the_start_and_is_not_said() -> None:
    [sentence] = problems({HOST_KEY: "open sesame"})
    assert sentence == f"{HOST_KEY} has to have 16 to 1000 characters, not 11."
    assert problems({HOST_KEY: "x" * 1001}) and problems({HOST_KEY: "\udcff" * 20})
    longest = "x" * 1000
    assert not problems({HOST_KEY: longest}) and opens(longest, {HOST_KEY: longest})
    assert not problems({}) and not problems({HOST_KEY: ""}) and not problems({HOST_KEY: KEYWORD})


def test_it_opens_to_a_host_who_has_signed_in_and_to_no_teacher(
    open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(HOST_KEY, raising=False)
    monkeypatch.setattr(role, "roles", lambda: {"teacher"})
    assert not boards(open_tab().open("host"))
    monkeypatch.setattr(role, "roles", lambda: {"host"})
    assert boards(open_tab().open("host"))
