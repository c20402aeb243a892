"""The layers in a real browser: the pointer, the sliders, the kernel, one's own image, a telephone."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core.layers import CARDS
from tests.browser.conftest import PHONE, Person
from tests.browser.screen import PATIENCE, redrawn, settles

SUMS = ("conv1d", "conv2d", "conv3d", "convtranspose2d")
"""Cards, each the next of the one before, whose picture works out torch's number from the patch by itself."""


class CardPage:
    """One tab with the page of the layers."""

    def __init__(self, person: Person, path: str):
        self.page: Page = person.tab().page
        self.page.goto(f"{person.url}{path}")
        self.shown()

    def shown(self, card: str = "") -> None:
        """Wait until the picture is drawn."""
        chosen = f'[data-card="{card}"]' if card else ""
        expect(self.page.locator(f'[data-testid="card"]{chosen}[data-drawn]')).to_be_visible(timeout=PATIENCE)

    @property
    def card(self) -> Locator:
        """The picture's root."""
        return self.page.get_by_test_id("card")

    @property
    def readout(self) -> str:
        """The sentence below the picture."""
        return self.page.get_by_test_id("card-readout").inner_text()

    def point(self, right: float, down: float) -> None:
        """Move the pointer to a place of the picture, in shares of it."""
        box = self.page.get_by_test_id("card-picture").bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + right * box["width"], box["y"] + down * box["height"])

    def sums(self) -> tuple[float, float]:
        """What the browser added up, and what torch said."""
        return float(self.card.get_attribute("data-sum") or "nan"), float(
            self.card.get_attribute("data-torch") or "nan"
        )

    def following(self) -> None:
        """Go to the next card."""
        buttons = self.page.get_by_test_id("stMainBlockContainer").get_by_role("button")
        buttons.filter(has_text="chevron_right").click()


def test_the_patch_under_the_pointer_adds_up_to_torchs_number(person: Callable[..., Person]) -> None:
    seen = CardPage(person(), f"/layers?card={SUMS[0]}")
    for name in SUMS:
        seen.shown(name)
        readouts = set()
        for right, down in ((0.2, 0.2), (0.55, 0.12), (0.7, 0.3), (0.3, 0.42), (0.72, 0.45), (0.62, 0.9)):
            seen.point(right, down)
            by_hand, torch = seen.sums()
            assert by_hand == pytest.approx(torch, abs=1e-4), name
            readouts.add(seen.readout)
        assert len(readouts) >= 3, f"{name}: the picture answers the pointer"
        seen.page.get_by_test_id("card-picture").focus()
        before = seen.readout
        seen.page.keyboard.press("ArrowLeft")
        assert seen.readout != before, f"{name}: and the keyboard"
        seen.following()


def test_slider_kernel_refusal_and_refresh(person: Callable[..., Person]) -> None:
    seen = CardPage(person(), "/layers?card=conv2d&kernel_size=3")
    page = seen.page
    slider = page.get_by_role("slider", name="stride")
    slider.press("ArrowRight")
    expect(page.locator(".code-panel pre").first).to_contain_text("stride=2")
    expect(page.get_by_text("(1, 1, 24, 24)")).to_be_visible()
    middle = page.get_by_label("Kernel, row 2, column 2")
    middle.fill("much")
    middle.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="much")).to_be_visible()
    with redrawn(page, fragment=True):
        middle.fill("-3.5")
        middle.press("Enter")
    expect(page.get_by_role("combobox", name="Kernel")).to_have_value("your own")
    seen.point(0.75, 0.25)
    by_hand, torch = seen.sums()
    assert by_hand == pytest.approx(torch, abs=1e-4)
    page.reload()
    seen.shown("conv2d")
    expect(page.get_by_label("Kernel, row 2, column 2")).to_have_value("-3.5")
    expect(page.locator(".code-panel pre").first).to_contain_text("stride=2")
    groups = page.get_by_role("slider", name="groups")
    groups.press("ArrowRight")
    expect(page.get_by_text("can't be split into 2 equal groups")).to_be_visible()
    expect(page.locator(".code-panel pre").first).not_to_contain_text("groups")


def test_an_own_image_in_every_2d_card(person: Callable[..., Person]) -> None:
    out = io.BytesIO()
    Image.fromarray(np.tile(np.array([255, 0], np.uint8), (64, 32))).save(out, "PNG")
    seen = CardPage(person(), "/layers?card=conv2d")
    page = seen.page
    page.get_by_role("button", name="Your own image").click()
    upload = page.locator("input[type=file]")
    with redrawn(page, fragment=True):
        upload.set_input_files({"name": "no.png", "mimeType": "image/png", "buffer": b"no image"})
    expect(page.get_by_text("This image can't be read.")).to_be_visible()
    upload.set_input_files({"name": "stripes.png", "mimeType": "image/png", "buffer": out.getvalue()})
    chosen = page.get_by_role("combobox", name="Image")
    expect(chosen).to_have_value("your own image")
    expect(page.get_by_text("This image can't be read.")).to_have_count(0)
    page.reload()
    seen.shown("conv2d")
    expect(chosen).to_have_value("your own image")
    expect(page.get_by_text("You have not added an image yet")).to_have_count(0)
    page.goto(page.url.split("?")[0] + "?card=avgpool2d&image=own&side=4")
    seen.shown("avgpool2d")
    seen.point(0.1, 0.1)
    assert "/ 4 = y[0, 0" in seen.readout
    mean = float(seen.card.get_attribute("data-torch") or "nan")
    assert mean == pytest.approx(0.5, abs=0.05), "half of the stripes is white"
    other = CardPage(person(), "/layers?card=conv2d&image=own")
    expect(other.page.get_by_text("You have not added an image yet")).to_be_visible()


def test_optimizers_start_where_one_clicks(person: Callable[..., Person]) -> None:
    seen = CardPage(person(), "/layers?card=optimizers")
    page = seen.page
    box = page.get_by_test_id("card-picture").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 60, box["y"] + 250)
    expect(page.locator(".code-panel pre").first).not_to_contain_text("[-9.0, 2.5]")
    seen.point(0.8, 0.5)
    expect(page.get_by_test_id("card-readout")).to_contain_text("steps")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(".code-panel pre").first).to_contain_text("[-9.0, 2.5]")


@pytest.mark.long
def test_every_card_fits_a_telephone_in_chinese(person: Callable[..., Person]) -> None:
    options: dict[str, Any] = {**PHONE, "locale": "zh-CN", "color_scheme": "dark"}
    seen = CardPage(person(**options), "/layers?card=conv1d")
    page = seen.page
    for name in CARDS:
        seen.shown(name)
        expect(page.get_by_test_id("card-picture")).to_have_count(1)
        settles(lambda: page.evaluate("Math.max(0, document.documentElement.scrollWidth - window.innerWidth)"))
        outside = "(picture) => (({ left, right }) => left < 0 || right > 390)(picture.getBoundingClientRect())"
        settles(lambda: page.get_by_test_id("card-picture").evaluate(outside))  # noqa: B023
        seen.following()
    seen.shown("conv1d")
