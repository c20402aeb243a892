"""A network put together block by block, as a person does it: with the mouse, with the keyboard, on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import PHONE, Person
from tests.browser.screen import Screen

ORDER = ["Conv2d", "ReLU", "MaxPool2d", "Conv2d", "ReLU", "Flatten", "Linear"]
"""The blocks of the network that is there first."""
DRAGGED = ["MaxPool2d", "Conv2d", "ReLU", "Conv2d", "ReLU", "Flatten", "Linear"]
"""Those blocks once the third was dragged to the top."""
HEIGHT: int = PHONE["viewport"]["height"]  # type: ignore[index]
NAMES = "[...document.querySelectorAll('.tp-block-head code')].map((code) => code.textContent.split('(')[0])"


PASTED = """class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.eyes = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(True), nn.MaxPool2d(2))
        self.mouth = torch.nn.Linear(6 * 14 * 14, 10)

    def forward(self, x):
        return F.softmax(self.mouth(self.eyes(x).flatten(1)), dim=1)
"""


@pytest.fixture
def screen(person: Callable[..., Person]) -> Screen:
    return person().open("/build?num_epochs=4")


def head(screen: Screen, place: str) -> Locator:
    """The row of a block."""
    return screen.part(f"block-{place}").locator(".tp-block-head")


class Finger:
    """A finger on a phone's screen."""

    def __init__(self, screen: Screen):
        self.session = screen.page.context.new_cdp_session(screen.page)

    def tell(self, kind: str, *places: tuple[float, float]) -> None:
        """Send what the screen notices of it: "touchEnd" when it is lifted, "touchCancel" when something else comes."""
        points = [{"x": x, "y": y} for x, y in places]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def draw(self, begin: tuple[float, float], aim: tuple[float, float], steps: int = 8) -> None:
        """Put it down and draw it to another place, where it stays."""
        self.tell("touchStart", begin)
        for step in range(1, steps + 1):
            x, y = (a + (b - a) * step / steps for a, b in zip(begin, aim, strict=True))
            self.tell("touchMove", (x, y))


def middle(part: Locator) -> tuple[float, float]:
    """Where the middle of a part is in the window."""
    box = part.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def waited(screen: Screen, wanted: list[str]) -> None:
    """Wait until the list has these blocks."""
    screen.until(f"{NAMES}.join() === it", ",".join(wanted))


def test_a_network_is_built_repaired_and_trained(person: Callable[..., Person]) -> None:
    screen = person().open("/build?num_epochs=300")  # it trains throughout
    # A change that breaks it: red where it breaks, and the picture stays that of the last network that works.
    head(screen, "0").click()
    screen.part("argument-out_channels").fill("8")
    screen.page.keyboard.press("Enter")
    expect(screen.part("block-3")).to_have_attribute("data-state", "broken")
    expect(screen.part("why")).to_contain_text("Conv2d has in_channels=16, but its input has 8.")
    expect(screen.part("block-6")).to_have_attribute("data-state", "unknown")
    expect(screen.part("strip-stage-0")).to_be_visible()
    # What was typed stays in its field with one sentence.
    screen.part("argument-kernel_size").fill("0.5")
    screen.page.keyboard.press("Enter")
    expect(screen.part("block-0")).to_contain_text("kernel_size is a whole number from 1 to 64, not “0.5”.")
    expect(screen.part("argument-kernel_size")).to_have_value("0.5")
    screen.part("remedy").click()
    expect(screen.part("block-editor")).to_have_attribute("data-works", "true")
    expect(screen.page.locator(".tp-stages")).to_contain_text("Conv2d → ReLU: 8 × 14 × 14")
    # A block that fits in at once, moved by keyboard, taken out again.
    screen.part("block-0").get_by_test_id("add-below").select_option("BatchNorm2d")
    waited(screen, ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "Conv2d", "ReLU", "Flatten", "Linear"])
    expect(head(screen, "1")).to_contain_text("BatchNorm2d(8)")
    # Trained as it stands; a change while it trains starts again with the new network.
    first = screen.play(speed=0)
    screen.until("behind.last('accuracy/test') > 0.8")
    head(screen, "2").focus()
    screen.page.keyboard.press("Delete")
    second = screen.other_run(first)
    screen.reach(20)
    assert second == screen.run
    screen.section("Code")
    expect(screen.page.locator(".code-panel").first).to_contain_text("nn.BatchNorm2d(8)")
    screen.part("editor-undo").click()
    waited(screen, ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "Conv2d", "ReLU", "Flatten", "Linear"])
    screen.other_run(second)
    screen.until("behind.last('accuracy/test') > 0.9")
    screen.whole()
    # It is all there after a refresh.
    screen.reload()
    expect(head(screen, "1")).to_contain_text("BatchNorm2d(8)")


def test_by_keyboard_alone_and_by_dragging(screen: Screen) -> None:
    head(screen, "1").focus()
    screen.page.keyboard.press("Alt+ArrowDown")
    waited(screen, ["Conv2d", "MaxPool2d", "ReLU", "Conv2d", "ReLU", "Flatten", "Linear"])
    expect(head(screen, "2")).to_be_focused()
    screen.page.keyboard.press("ArrowUp")
    expect(head(screen, "1")).to_be_focused()
    screen.page.keyboard.press("Delete")
    waited(screen, ["Conv2d", "ReLU", "Conv2d", "ReLU", "Flatten", "Linear"])
    assert screen.look("behind.status()") == "idle", "no key of the list starts a run"
    screen.page.keyboard.press("Control+z")
    waited(screen, ["Conv2d", "MaxPool2d", "ReLU", "Conv2d", "ReLU", "Flatten", "Linear"])
    screen.page.keyboard.press("Control+z")
    waited(screen, ORDER)
    head(screen, "2").locator(".tp-grip").drag_to(head(screen, "0"), target_position={"x": 40, "y": 4})
    waited(screen, DRAGGED)
    expect(head(screen, "0")).to_be_focused()
    expect(head(screen, "0")).to_have_attribute("aria-expanded", "false")
    screen.part("editor-undo").click()
    waited(screen, ORDER)
    # A drag that is given up changes nothing: there is still something to redo.
    head(screen, "2").hover()
    screen.page.mouse.down()
    head(screen, "0").hover(position={"x": 40, "y": 4})
    expect(screen.part("block-0")).to_have_class(re.compile("tp-over-above"))
    screen.page.keyboard.press("Escape")
    expect(screen.part("block-0")).not_to_have_class(re.compile("tp-over-above"))
    screen.page.mouse.up()
    expect(head(screen, "2")).to_have_attribute("aria-expanded", "false")
    screen.part("editor-redo").click()
    waited(screen, DRAGGED)
    # As text, with a mistake first.
    screen.part("editor-as_text").click()
    screen.part("network-text").fill("ReLU()," * 70)
    screen.part("apply-text").click()
    expect(screen.part("text-problem")).to_have_text("70 blocks are too many: at most 64.")
    expect(screen.part("network-text")).to_have_value("ReLU()," * 70)
    screen.part("network-text").fill("nn.Flatten(),\nnn.Linear(784, 30),\nnn.ReLU(),\nnn.Linear(30, 10)")
    screen.part("apply-text").click()
    waited(screen, ["Flatten", "Linear", "ReLU", "Linear"])
    expect(screen.part("network-text")).to_be_hidden()
    # As a class, with a softmax too many.
    screen.part("editor-as_text").click()
    screen.part("network-text").fill(PASTED)
    screen.part("apply-text").click()
    waited(screen, ["Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear", "Softmax"])
    expect(screen.part("note")).to_have_text("6 blocks were read, in the order of Reader.forward().")
    screen.part("advice").click()
    waited(screen, ["Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear"])
    expect(screen.part("note")).to_have_count(0)
    # What can't be put into a row of blocks changes nothing.
    screen.part("editor-as_text").click()
    screen.part("network-text").fill(PASTED.replace("return ", "return torch.cat([x, x], 1) + "))
    screen.part("apply-text").click()
    expect(screen.part("text-problem")).to_contain_text("The network stays as it was.")
    screen.page.get_by_role("button", name="Cancel").click()
    waited(screen, ["Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear"])


def test_points_instead_of_images_and_back(screen: Screen) -> None:
    screen.part("presets").select_option("points")
    screen.until("behind.part('plot-run')?._fullLayout")
    expect(screen.part("block-4")).to_contain_text("Linear(32, 2)")
    screen.play(speed=0)
    screen.status("finished")
    assert screen.look("behind.last('accuracy/test')") > 0.97
    screen.part("presets").select_option("resnet")
    screen.until("behind.part('pad') && behind.pixels('[data-testid=strip-stage-0]') !== 0")
    expect(screen.part("block-3-0")).to_contain_text("Conv2d(16, 16, 3, padding=1)")
    # A block moves into the residual block and out of it.
    head(screen, "2").focus()
    screen.page.keyboard.press("Alt+ArrowDown")
    expect(screen.part("block-2-0")).to_contain_text("ReLU")
    for tab in ("mistakes", "confusion", "projection", "blocks"):
        screen.press(f"tab-{tab}")
        screen.until("document.querySelector('.tp-panes').getAttribute('aria-busy') !== 'true'")


def test_a_link_brings_the_network_to_somebody_else(person: Callable[..., Any]) -> None:
    screen = person().open("/build?dataset=shapes&blocks=Conv2d(3,4,5,stride=4),ReLU,Flatten,Linear(196,10)")
    expect(screen.part("block-0")).to_contain_text("4 × 7 × 7")
    screen.page.get_by_test_id("stPopoverButton").click()
    link = screen.page.get_by_text("/build?dataset=shapes").inner_text()
    other = person(locale="zh-CN").tab()
    other.page.goto(link)
    other.shown()
    expect(other.part("block-0")).to_contain_text("Conv2d(3, 4, 5, stride=4)")
    other.until("behind.colours('.tp-pad') > 30")  # it is in colours


def test_fits_a_phone(person: Callable[..., Person]) -> None:
    screen = person(**{**PHONE, "locale": "zh-CN"}).open("/build?lang=zh")
    expect(screen.page.get_by_role("heading", name="自己搭一个网络")).to_be_visible()
    screen.until("document.documentElement.scrollWidth <= innerWidth")
    screen.page.get_by_test_id("stExpandSidebarButton").click()
    head(screen, "0").tap()
    screen.part("argument-out_channels").fill("24")
    screen.page.keyboard.press("Enter")
    expect(screen.part("why")).to_contain_text("Conv2d 的 in_channels 是 16，输入却有 24 个通道。")
    screen.fits(".tp-editor *")
    room = "document.querySelector('.st-key-blocks-build')"
    assert screen.look(f"{room}.scrollHeight <= {room}.clientHeight"), "the list is as high as what it holds"
    screen.part("fix").tap()
    expect(screen.part("block-editor")).to_have_attribute("data-works", "true")


def test_a_finger_drags_a_row_by_its_grip_and_scrolls_elsewhere(person: Callable[..., Person]) -> None:
    screen = person(**PHONE).open("/build")
    screen.page.get_by_test_id("stExpandSidebarButton").click()
    head(screen, "0").tap(trial=True)  # it has slid in
    finger = Finger(screen)
    grip, (_, top) = middle(head(screen, "2").locator(".tp-grip")), middle(head(screen, "0"))
    finger.draw(grip, (grip[0], top - 8))
    finger.tell("touchEnd")
    waited(screen, DRAGGED)
    expect(head(screen, "0")).to_have_attribute("aria-expanded", "false")
    head(screen, "0").locator(".tp-grip").tap()
    expect(head(screen, "0")).to_have_attribute("aria-expanded", "true")
    # At the screen's edge the list scrolls by itself. A call that comes in between leaves the row where it was.
    scrolled = "document.querySelector('[data-testid=stSidebarContent]').scrollTop"
    before = screen.look(scrolled)
    grip = middle(head(screen, "0").locator(".tp-grip"))
    finger.draw(grip, (grip[0], HEIGHT - 10))
    screen.until(f"{scrolled} > it", before)
    expect(screen.page.locator(".tp-dragging")).to_have_count(1)
    finger.tell("touchCancel")
    expect(screen.page.locator(".tp-dragging, .tp-dragged, .tp-over-above, .tp-over-below")).to_have_count(0)
    screen.part("editor-undo").tap()
    waited(screen, ORDER)
    # Beside the grip a finger scrolls.
    head(screen, "0").tap(trial=True)
    before = screen.look(scrolled)
    x, y = middle(head(screen, "2").locator("code"))
    finger.draw((x, y), (x, y - 150))
    screen.until(f"{scrolled} > it", before)
    finger.tell("touchEnd")
    assert screen.look(f"{NAMES}") == ORDER
