"""The VGG's page without a browser: all its sections in Chinese, settings that can't work, what is refused."""

from collections.abc import Callable

import pytest

from core.shapes import memory
from tests.pages.tabs import Tab
from tests.pages.test_language import Message, assert_chinese, catalogs, messages  # noqa: F401

SECTIONS = ("lesson", "steps", "story", "network", "code", "bugs", "runs")


def test_the_vgg_is_chinese_in_every_section(open_tab: Callable[..., Tab], messages: list[Message]) -> None:  # noqa: F811
    page = open_tab().open("vgg", lang="zh", compare="batch_norm", dataset="shapes", width="1/8")
    for section in SECTIONS:
        page.set("section vgg", section)
        assert_chinese(page, messages)


@pytest.mark.parametrize(
    "query",
    [
        {"size": "28"}, {"cfg": "64,N"}, {"compare": "init", "init": "small", "head": "paper"}, {"dataset": "cifar10"},
        {"width": "1", "size": "224"}, {"cfg": "1024,1024,1024", "width": "9"},
    ],
)  # fmt: skip
def test_settings_and_complaints_are_chinese(
    query: dict[str, str],
    open_tab: Callable[..., Tab],
    messages: list[Message],  # noqa: F811
) -> None:
    assert_chinese(open_tab().open("vgg", lang="zh", **query), messages)


def test_a_typed_list_makes_the_network_and_a_bad_one_changes_nothing(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("vgg")
    page.set("section vgg", "network").set("vgg.cfg", "[16, 'M', 32]")
    assert "cfg = [4, 'M', 8]" in [code.value.split("\n")[0] for code in page.at.code]
    page.set("vgg.size", 28).set("vgg.cfg", "64, M, M, M, M, M")
    assert any("Layer 6, an M, gets 1 x 1 pixels" in error for error in page.errors)
    page.set("vgg.cfg", "64, M, M, M, M")
    assert page.errors == []


def test_a_run_that_would_not_fit_is_told_before_it_starts(
    open_tab: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available", lambda: memory.RESERVE + 60_000_000)
    assert open_tab().open("vgg").data_of()["note"] == (
        "Training would take about 0.1 GB of memory, and 0.1 GB are free: take a smaller width, size or batch."
    )
