"""Training a VGG in a real browser, and editing its list."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Person
from tests.browser.screen import TRAINING, Screen


@pytest.fixture
def screen(person: Callable[..., Person]) -> Screen:
    """A new person's tab with the VGG."""
    return person().open("/vgg")


def chips(screen: Screen) -> list[str]:
    """What the list reads on the screen."""
    labels: list[str] = screen.part("stack").evaluate(
        "(row) => [...row.querySelectorAll('button')].map((chip) => chip.textContent)"
    )
    return labels


def until_chips(screen: Screen, wanted: list[str]) -> None:
    screen.until(
        "JSON.stringify([...behind.part('stack').querySelectorAll('button')].map((c) => c.textContent)) === it",
        "[" + ",".join(f'"{chip}"' for chip in wanted) + "]",
    )


@pytest.mark.long
def test_it_trains_and_batch_norm_makes_the_difference(person: Callable[..., Person]) -> None:
    screen = person().open("/vgg?compare=batch_norm&width=1/8&precision=bfloat16&num_epochs=20")
    screen.press("tab-depth")
    before = screen.until("behind.pixels('.tp-depth') || null")
    screen.play(speed=0)
    screen.until("behind.pixels('.tp-depth') !== it", before, timeout=TRAINING)
    screen.until("Number(behind.part('depth-other').dataset.first) > 0", timeout=TRAINING)
    first, last = (float(screen.part("depth-other").get_attribute(f"data-{end}") or "nan") for end in ("first", "last"))
    assert first < 1e-3 * last, "without batch norm the gradient fades"
    first, last = (float(screen.part("depth-run").get_attribute(f"data-{end}") or "nan") for end in ("first", "last"))
    assert first > 0.05 * last
    screen.until(r"/^[\d,.]+ images\/s · \d+:\d\d left$/.test(behind.part('pace').textContent)", timeout=TRAINING)
    screen.until("behind.steps().at(-1) >= 60", timeout=TRAINING)
    assert screen.look("behind.losses()[59]") < 1.5
    assert screen.look("behind.connection().history.other['loss/train'].value[59]") > 2.1
    screen.press("tab-layers")
    screen.until("behind.pixels('[data-testid=strip-maps5]') !== 0")
    screen.press("reset")
    screen.status("idle")


def test_the_list_is_edited_and_all_stays_in_step(screen: Screen) -> None:
    screen.section("The network")
    expect(screen.part("stack")).to_be_visible()
    typed = screen.page.get_by_test_id("stSidebar").get_by_label("cfg", exact=True)
    screen.press("preset-small")
    until_chips(screen, ["64", "M", "128", "M", "256", "M", "Linear"])
    expect(typed).to_have_value("[64, 'M', 128, 'M', 256, 'M']")
    screen.press("layer-2")
    screen.part("layer-channels").fill("32")
    screen.part("layer-channels").press("Enter")
    until_chips(screen, ["64", "M", "32", "M", "256", "M", "Linear"])
    screen.press("layer-add-conv")
    until_chips(screen, ["64", "M", "32", "32", "M", "256", "M", "Linear"])
    screen.press("layer-add-pool")
    until_chips(screen, ["64", "M", "32", "32", "M", "M", "256", "M", "Linear"])
    screen.press("layer-remove")
    until_chips(screen, ["64", "M", "32", "32", "M", "256", "M", "Linear"])
    start, end = (screen.part(f"layer-{number}").bounding_box() for number in (5, 0))
    assert start is not None and end is not None
    screen.page.mouse.move(start["x"] + 8, start["y"] + 8)
    screen.page.mouse.down()
    screen.page.mouse.move(end["x"] + 30, end["y"] + 8, steps=6)
    screen.page.mouse.move(end["x"] + 2, end["y"] + 8, steps=3)
    screen.page.mouse.up()
    until_chips(screen, ["256", "64", "M", "32", "32", "M", "M", "Linear"])
    expect(typed).to_have_value("[256, 64, 'M', 32, 32, 'M', 'M']")
    expect(screen.page.get_by_text("cfg = [64, 16, 'M', 8, 8, 'M', 'M']").first).to_be_visible()
    typed.fill("cfg = [16, 'M', 1000000000]")
    typed.press("Enter")
    expect(screen.page.get_by_text("“1000000000” is neither 'M' nor a number of channels").first).to_be_visible()
    typed.fill("[16, 'M', 8]")
    typed.press("Enter")
    until_chips(screen, ["16", "M", "8", "Linear"])
    expect(screen.page.get_by_text("neither 'M' nor")).to_have_count(0)
    screen.play(speed=0)
    screen.until("behind.last('accuracy/test') !== undefined", timeout=TRAINING)


def test_28_pixels_are_red_at_the_fifth_m_and_full_width_says_what_it_costs(screen: Screen) -> None:
    screen.section("The network")
    screen.page.get_by_test_id("stSidebar").get_by_role("combobox", name="Image size").click()
    screen.page.get_by_role("option", name="28 x 28").click()
    expect(screen.page.get_by_text("Layer 18, an M, gets 1 x 1 pixels").first).to_be_visible()
    broken = screen.part("stack").locator("[data-broken=true]")
    expect(broken).to_have_count(1)
    assert broken.locator("button").get_attribute("data-testid") == "layer-17"
    expect(screen.part("message").get_by_text("Not all settings can be used")).to_be_visible()
    screen.page.goto(screen.url + "/vgg?width=1&batch_size=16")
    screen.shown()
    estimate = screen.page.get_by_text(re.compile(r"An epoch takes about \d+ (s|min) on one core of this machine"))
    expect(estimate).to_be_visible(timeout=TRAINING)
    screen.status("idle")


def test_on_a_phone_nothing_is_wider_than_the_screen(person: Callable[..., Person]) -> None:
    screen = person(**PHONE).open("/vgg?dataset=shapes&cfg=32,M,64,M")
    screen.play(speed=30)
    for tab in ("depth", "mistakes", "confusion", "projection", "layers"):
        screen.press(f"tab-{tab}")
        screen.fits(".tp-live canvas, .tp-live button, .tp-live table")
    screen.section("The network")
    expect(screen.part("stack")).to_be_visible()
    screen.until("document.documentElement.scrollWidth <= innerWidth")
