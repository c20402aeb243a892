"""The first HTML has the words for the case that nothing follows it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pages.shared.page.arrival import SCRIPT, arrival_text
from pages.shared.person.language import HAN
from pages.shared.server.pack import language_of
from tests.pages.door import door


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "en"), ("en-GB,en;q=0.9,zh;q=0.5", "en"), ("zh-CN,zh;q=0.9", "zh"), ("ZH", "zh"), ("fr", "en"), ("*", "en")],
)
def test_the_language_is_the_browsers_first(accepted: str, language: str) -> None:
    assert language_of(accepted) == language


def test_every_page_begins_with_why_nothing_follows(tmp_path: Path) -> None:
    with door(tmp_path) as client:
        for address in ("/", "/classifier", "/logging"):
            for accepted, language in (("en-GB", "en"), ("zh-CN", "zh")):
                answer = client.get(address, headers={"accept": "text/html", "accept-language": accepted})
                assert "Accept-Language" in answer.headers["vary"]
                [words] = re.findall(r'<script type="application/json" id="tp-arrival">(.*?)</script>', answer.text)
                assert json.loads(words) == arrival_text(language)
                assert answer.text.index(SCRIPT.read_text(encoding="utf-8")) < answer.text.index("assets/pack/")
                [needed] = re.findall(r"<noscript>\s*<p[^>]*>(.*?)</p>", answer.text)
                assert bool(HAN.search(needed)) is (language == "zh") and "JavaScript" in needed


def test_every_reason_has_words() -> None:
    named = set(re.findall(r"\[\"([a-z]+)\", (?:\"|address)", SCRIPT.read_text(encoding="utf-8"))) | {
        "origin",
        "socket",
    }
    assert named == set(arrival_text("en")) == set(arrival_text("zh"))
    assert not [text for text in arrival_text("zh").values() if not HAN.search(text)]
