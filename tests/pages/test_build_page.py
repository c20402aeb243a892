"""The page on networks of one's own, without a browser: its list of blocks, and what a person keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.blocks import MOST_BLOCKS
from core.blocks.presets import PRESETS
from core.experiments.build import TUTORIAL_CNN
from tests.core.blocks.test_pasted import TWO_PARTS
from tests.pages.tabs import BOB, Tab
from tests.pages.test_language import Message, assert_chinese, catalogs, messages  # noqa: F401
from tests.waiting import until

EDITOR = "blocks build"


class Builder:
    """A tab with the page open."""

    def __init__(self, tab: Tab, **query: str):
        self.tab = tab.open("build", **query)

    @property
    def space(self) -> Any:
        return self.tab.at.session_state["workspace build"]

    @property
    def data(self) -> dict[str, Any]:
        """What the list shows."""
        return self.tab.data_of(EDITOR)

    @property
    def network(self) -> str:
        """The network in the list, whether it works or not."""
        return str(self.data["network"]).replace("\n", "").replace(" ", "")

    def edit(self, do: str, **order: Any) -> Builder:
        self.tab.tell("edit", key=EDITOR, do=do, **order)
        return self


@pytest.fixture
def builder(open_tab: Callable[..., Tab]) -> Builder:
    return Builder(open_tab())


def test_begins_as_the_tutorials_network_with_all_shapes(builder: Builder) -> None:
    data = builder.data
    assert builder.network == TUTORIAL_CNN
    assert [row["output"] for row in data["rows"]] == [
        "16 × 14 × 14", "16 × 14 × 14", "16 × 7 × 7", "32 × 7 × 7", "32 × 7 × 7", "1568", "10",
    ]  # fmt: skip
    assert data["works"] and data["totals"].startswith("28,938 parameters")
    assert builder.tab.data_of("live view build")["picture"]["stages"][0]["name"] == "Conv2d → ReLU"


def test_what_breaks_is_red_there_and_a_click_fixes_it(builder: Builder) -> None:
    builder.edit("set", path=[0], name="out_channels", value="24")
    data = builder.data
    assert data["where"] == [3] and data["problem"] == "Conv2d has in_channels=16, but its input has 24."
    assert data["remedy"] == "Set in_channels of Conv2d to 24"
    assert builder.space.config.blocks == TUTORIAL_CNN, "the last network that works is what Play trains"
    builder.edit("remedy")
    assert builder.data["works"]
    assert builder.space.config.blocks == TUTORIAL_CNN.replace("1,16,5", "1,24,5").replace("(16,", "(24,")


def test_a_bad_value_is_told_where_it_was_typed_and_changes_nothing(builder: Builder) -> None:
    builder.edit("set", path=[0], name="kernel_size", value="five")
    refused = builder.data["refused"]
    assert (refused["path"], refused["name"], refused["typed"]) == ([0], "kernel_size", "five")
    assert refused["why"] == "Conv2d: kernel_size is a whole number from 1 to 64, not “five”."
    assert builder.network == TUTORIAL_CNN
    builder.edit("text", value="ReLU()," * (MOST_BLOCKS + 1))
    assert builder.data["refused"]["why"] == "65 blocks are too many: at most 64."
    assert builder.network == TUTORIAL_CNN
    builder.edit("set", path=[0], name="kernel_size", value="3")
    assert builder.data["refused"] is None


def test_blocks_come_and_go_and_undo_brings_them_back(builder: Builder) -> None:
    builder.edit("insert", path=[1], value="BatchNorm2d")
    assert builder.network.startswith("Conv2d(1,16,5,stride=2,padding=2),BatchNorm2d(16),ReLU()"), "it fits at once"
    assert builder.data["chosen"] == [1] and builder.data["works"]
    builder.edit("move", path=[1], to=[3])
    assert builder.data["chosen"] == [2]
    builder.edit("copy", path=[2])
    builder.edit("remove", path=[0])
    assert builder.data["where"] == [1], "no convolution, so there is 1 channel"
    for _ in range(4):
        builder.edit("undo")
    assert builder.network == TUTORIAL_CNN and not builder.data["undo"]
    for _ in range(4):
        builder.edit("redo")
    assert builder.network.startswith("ReLU(),BatchNorm2d(16),BatchNorm2d(16),MaxPool2d(2)")


def test_what_makes_no_sense_is_ignored(builder: Builder) -> None:
    for order in (
        {"do": "remove", "path": [99]}, {"do": "remove", "path": [0, 0]}, {"do": "remove", "path": "x"},
        {"do": "insert", "path": [0], "value": "System"}, {"do": "fly"}, {"do": "move", "path": [0], "to": [-1]},
        {"do": "set", "path": [0], "name": "__class__", "value": "1"}, {"do": "preset", "value": "none"},
        {"do": "text"},
    ):  # fmt: skip
        builder.edit(**order)
        assert builder.network == TUTORIAL_CNN, order


def test_text_that_can_be_read_in_part_keeps_the_rest(builder: Builder) -> None:
    builder.edit("text", value="nn.Conv2d(1, 8, 3), nn.Foo(3), nn.Flatten(), nn.Linear(5, 10)")
    assert builder.data["where"] == [1] and builder.data["problem"] == "There is no block “Foo” here."
    builder.edit("type", path=[1], value="ReLU(, Tanh")
    assert builder.data["rows"][1]["kind"] == "" and len(builder.data["rows"]) == 4, "what follows stays as it was"
    builder.edit("type", path=[1], value="relu")
    builder.edit("fix")
    assert builder.network == "Conv2d(1,8,3),ReLU(),Flatten(),Linear(5408,10)"


def test_a_pasted_class_is_all_of_its_network(builder: Builder) -> None:
    builder.edit("text", value=TWO_PARTS)
    assert builder.data["works"] and builder.space.config.blocks == builder.network
    assert builder.network == (
        "Conv2d(1,6,3,padding=1),ReLU(),MaxPool2d(2),Conv2d(6,12,3,padding=1),ReLU(),MaxPool2d(2),Flatten(),"
        "Linear(588,10)"
    )
    assert builder.data["notes"] == ["8 blocks were read, in the order of Reader.forward()."]
    builder.edit("set", path=[0], name="out_channels", value="8")
    assert builder.data["notes"] == []


def test_a_pasted_class_that_is_no_row_of_blocks_leaves_the_network_as_it_was(builder: Builder) -> None:
    builder.edit("text", value=TWO_PARTS.replace("self.mouth(", "torch.cat([x, x], 1) + self.mouth("))
    refused = builder.data["refused"]
    assert refused["path"] is None and refused["why"].startswith(
        "Line 10 can't be put into a row of blocks: “torch.cat"
    )
    assert builder.network == TUTORIAL_CNN and not builder.data["undo"]
    builder.edit("text", value="What a fine network")
    assert builder.data["refused"]["why"].startswith("“What a fine network” is not a block")
    assert builder.network == TUTORIAL_CNN


def test_a_softmax_at_the_end_is_taken_out_by_a_button(builder: Builder) -> None:
    builder.edit("text", value="nn.Flatten(), nn.Linear(784, 10), nn.Softmax(dim=1)")
    assert builder.data["works"] and builder.data["better"] == "Take Softmax out"
    assert builder.data["advice"] == "CrossEntropyLoss takes logits: leave Softmax out at the end."
    builder.edit("advice")
    assert builder.network == "Flatten(),Linear(784,10)" and builder.data["advice"] == ""
    builder.edit("text", value="nn.Flatten(), nn.Linear(784, 10), nn.LogSoftmax(dim=1)")
    assert builder.data["problem"] == "Leave LogSoftmax out: CrossEntropyLoss does it itself."
    assert builder.data["remedy"] == "Take LogSoftmax out"
    builder.edit("remedy")
    assert builder.network == "Flatten(),Linear(784,10)" and builder.data["works"]


@pytest.mark.parametrize("name", PRESETS)
def test_a_network_to_begin_with_fits_the_data_there_is(builder: Builder, name: str) -> None:
    builder.tab.set("build.dataset", "shapes")
    assert not builder.data["works"] and builder.data["input"] == "3 × 32 × 32"
    builder.edit("preset", value=name)
    on_points = PRESETS[name].dataset == "spirals"
    assert builder.data["works"]
    assert builder.space.config.dataset == ("spirals" if on_points else "shapes")
    assert builder.tab.data_of("live view build")["picture"]["kind"] == ("plane" if on_points else "images")
    builder.edit("undo")
    assert builder.network == TUTORIAL_CNN and builder.data["input"] == "3 × 32 × 32"


def test_trains_and_a_change_begins_anew(builder: Builder) -> None:
    builder.tab.tell("play", key="live view build", speed=0, paused=False, steps=0)
    first = builder.space.run
    until(lambda: first.step > 2)
    builder.edit("set", path=[0], name="kernel_size", value="7")
    assert builder.space.run is first, "it does not fit yet: 28 - 7 + 4 gives 13 x 13"
    builder.edit("fix")
    second = builder.space.run
    assert second is not first and second.config.blocks == builder.network
    until(lambda: second.step > 2)
    builder.tab.tell("reset", key="live view build")


def test_a_link_carries_the_network(open_tab: Callable[..., Tab]) -> None:
    page = Builder(open_tab(BOB), blocks="nn.Linear(2, 8),Tanh,Linear(8,2)", dataset="moons")
    assert page.space.config.blocks == "Linear(2,8),Tanh(),Linear(8,2)"
    assert page.data["works"]
    bad = Builder(open_tab(), blocks="Linear(2,1000000000)")
    assert bad.network == TUTORIAL_CNN
    assert any("is a whole number from 1 to 8192, not “1000000000”" in error for error in bad.tab.errors)


def test_what_does_not_work_yet_is_there_on_the_next_visit(open_tab: Callable[..., Tab]) -> None:
    Builder(open_tab()).edit("remove", path=[5])
    again = Builder(open_tab())
    assert "Flatten" not in again.network and again.data["where"] == [5]
    again.edit("fix")
    assert Builder(open_tab()).data["works"]
    assert Builder(open_tab(BOB)).network == TUTORIAL_CNN


def test_saved_networks_are_ones_own(open_tab: Callable[..., Tab]) -> None:
    page = Builder(open_tab())
    page.edit("preset", value="points")
    page.tab.set("section build", "saved")
    page.tab.press("save network")
    assert page.tab.errors == ["Give it a name first."]
    page.tab.set("network name", "my *spirals*").press("save network")
    page.edit("preset", value="mlp")
    page.tab.set("network name", "digits").press("save network")
    assert [name for name in ("digits", "spirals") if name in page.tab.words] == ["digits", "spirals"]
    page.tab.press("load my *spirals*")
    assert page.space.config.dataset == "spirals" and page.data["works"]
    page.edit("undo")
    assert "784" in page.network
    other = Builder(open_tab(BOB))
    other.tab.set("section build", "saved")
    assert "Nothing saved yet." in other.tab.words
    [delete] = [button for button in page.tab.at.button if button.key == "delete digits"]
    delete.click()
    page.tab.run()
    assert "digits" not in page.tab.words.split("Saved networks are yours alone")[1]


def test_the_page_is_chinese(open_tab: Callable[..., Tab], messages: list[Message]) -> None:  # noqa: F811
    page = Builder(open_tab(), lang="zh")
    for section in ("lesson", "shapes", "saved", "code", "bugs"):
        page.tab.set("section build", section)
        assert_chinese(page.tab, messages)
    page.edit("set", path=[0], name="out_channels", value="x")
    assert page.data["refused"]["why"] == "Conv2d：out_channels 是 1 到 8192 之间的整数，不能是“x”。"
    page.edit("remove", path=[5])
    assert page.data["problem"] == "Linear 要求最后一轴有 1568 个数，收到的却是 32 x 7 x 7：请在它前面放一个 Flatten。"
    assert page.data["remedy"] == "在它前面加 Flatten"
    assert_chinese(page.tab, messages)
