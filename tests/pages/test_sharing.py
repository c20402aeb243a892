"""The link to hand on: an address that other machines reach, and its code for phones."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from streamlit import config, net_util

from pages.shared.page.share import LONGEST_CODE, qr_code
from pages.shared.server import origin
from pages.shared.server.reach import NOWHERE, site_for_others
from tests.pages.tabs import Tab


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets this machine's address in its network, and what the server answers to."""

    def make(number: str | None, listens: str | None = None, hosts: str = "") -> None:
        monkeypatch.setattr(net_util, "get_internal_ip", lambda: number)
        monkeypatch.setattr(config, "get_option", lambda name: listens if name == "server.address" else "")
        monkeypatch.setenv(origin.ALLOWED_HOSTS, hosts)

    return make


@pytest.mark.parametrize(
    ("here", "number", "listens", "hosts", "handed_on"),
    [
        ("http://localhost:8501/cnn", "192.168.1.5", None, "", "http://192.168.1.5:8501"),
        ("http://127.0.0.1:8600/", "192.168.1.5", "0.0.0.0", "", "http://192.168.1.5:8600"),
        ("http://[::1]:8501/", "192.168.1.5", "::", "", "http://192.168.1.5:8501"),
        ("https://localhost/", "192.168.1.5", None, "", "https://192.168.1.5"),
        ("http://192.168.1.9:8501/", "192.168.1.5", None, "", "http://192.168.1.9:8501"),
        ("https://play.school.org/vgg", "10.0.0.2", None, "", "https://play.school.org"),
        ("http://localhost:8501/", NOWHERE, None, "", "http://localhost:8501"),
        ("http://localhost:8501/", None, None, "", "http://localhost:8501"),
        ("http://127.0.0.1:8501/", "192.168.1.5", "127.0.0.1", "", "http://127.0.0.1:8501"),
        ("http://localhost:8501/", "192.168.1.5", None, "play.school.org,localhost", "http://localhost:8501"),
        ("http://localhost:8501/", "192.168.1.5", None, "192.168.1.5,localhost", "http://192.168.1.5:8501"),
    ],
)
def test_the_address_to_hand_on(
    here: str, number: str | None, listens: str | None, hosts: str, handed_on: str, network: Callable[..., None]
) -> None:
    network(number, listens, hosts)
    assert site_for_others(urlsplit(here)) == handed_on


ALONE = "This address leads to the server on this machine only."
OTHERS = "Others in the same network open the app at this address."


@pytest.mark.parametrize("folder", ["home", "classifier", "layers", "loading"])
def test_a_link_that_leads_nowhere_else_says_so(
    folder: str, open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(net_util, "get_internal_ip", lambda: None)
    tab = open_tab().open(folder)
    assert ALONE not in tab.words
    tab.at.context["url"] = f"http://localhost:8501/{folder}"
    words = tab.run().words
    assert ALONE in words and OTHERS not in words
    monkeypatch.setattr(net_util, "get_internal_ip", lambda: "192.168.1.5")
    words = tab.run().words
    path = "" if folder == "home" else folder
    assert ALONE not in words and (OTHERS in words) == (folder == "home")
    assert f"http://192.168.1.5:8501/{path}?" in words


def test_a_code_holds_the_longest_link_that_has_one() -> None:
    link = "http://192.168.1.5:8501/classifier?points=" + "1.5,2.25,0_" * 100
    picture = qr_code(link[:LONGEST_CODE])
    assert picture.startswith("<svg") and picture.endswith("</svg>")
    assert qr_code(link[:LONGEST_CODE]) is picture and qr_code(link[:100]) != picture
