"""TensorBoard as a person uses it: train, look inside the frame, switch on more, compare, take home."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.conftest import PHONE, Person
from tests.browser.screen import PATIENCE, TRAINING, Screen, settles
from tests.browser.test_files_and_devices import at, choose


def board(page: Page) -> FrameLocator:
    """The inside of TensorBoard's frame."""
    return page.frame_locator("iframe[src*='/tensorboard/']")


def open_tab(page: Page, name: str) -> None:
    """Open one of TensorBoard's own tabs by its address."""
    page.locator("iframe[src*='/tensorboard/']").evaluate(
        "(frame, name) => frame.contentWindow.location.hash = name", name
    )


def train(screen: Screen) -> None:
    """Train to the end at full speed."""
    screen.part("speed").select_option("0")
    screen.press("play")
    screen.status("finished")


def test_the_first_example_is_code_records_and_tensorboards_own_picture(person: Callable[..., Person]) -> None:
    page = at(person(), "/logging")
    expect(page.get_by_text("101 records")).to_be_visible(timeout=PATIENCE)
    frame = board(page)
    expect(frame.get_by_text("first_example/first").first).to_be_visible(timeout=TRAINING)
    expect(frame.locator("scalar-card, tb-line-chart, line-chart").first).to_be_visible(timeout=TRAINING)
    page.get_by_role("textbox", name="Name of the run").fill("../../x")
    page.get_by_role("textbox", name="Name of the run").press("Enter")
    expect(page.get_by_text("can't be the name of a run here")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("textbox", name="Name of the run").fill("second")
    page.get_by_role("textbox", name="Name of the run").press("Enter")
    expect(board(page).get_by_text("first_example/second").first).to_be_visible(timeout=TRAINING)
    # Other numbers in the same run: the picture is that of the new file alone.
    page.get_by_role("slider", name="Points").press("Home")
    expect(page.get_by_text("2 records")).to_be_visible(timeout=PATIENCE)
    address = "/tensorboard/data/plugin/scalars/scalars?tag=Example%2Fy&run=first_example%2Fsecond"
    points = page.evaluate("(address) => fetch(address).then((answer) => answer.json())", address)
    assert [step for _time, step, _value in points] == [0]
    expect(board(page).get_by_role("button", name="Settings")).to_be_visible(timeout=TRAINING)
    expect(board(page).locator("settings-view")).to_have_count(0)  # room for the picture
    page.reload()
    expect(page.get_by_text("2 records")).to_be_visible(timeout=PATIENCE)  # it is as it was left


def test_scalars_images_graph_and_histograms_are_seen_in_tensorboard(
    person: Callable[..., Person], tmp_path: Path
) -> None:
    someone = person()
    stranger = person()
    screen = someone.open("/cnn?num_epochs=1&train_size=1000&evaluate_every=10")
    screen.section("TensorBoard")
    expect(screen.page.get_by_text('writer.add_scalar("Train/Loss"')).to_be_visible(timeout=PATIENCE)
    for name in ("Histograms", "PR curves", "Embedding projector"):
        screen.page.get_by_test_id("stCheckbox").filter(has_text=re.compile(f"^{name}$")).locator("label").click()
    number = screen.page.get_by_role("spinbutton", name="Histograms every N steps")
    number.fill("5")
    number.press("Enter")
    slider = screen.page.get_by_role("slider", name=re.compile("^Every N steps"))
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "1")
    train(screen)
    expect(screen.page.get_by_text("In the last run:").first).to_be_visible(timeout=PATIENCE)

    page = at(someone, "/logging")
    choose(page, "TensorBoard")
    frame = board(page)
    run = frame.get_by_text(re.compile(r"^\s*cnn/train_size1000_\d{4}-\d{6}-\w{4}\s*$")).first
    expect(run).to_be_visible(timeout=TRAINING)
    expect(frame.locator("image-card, scalar-card").first).to_be_visible(timeout=TRAINING)
    for tab, there in (
        ("images", "tf-image-loader img"),
        ("graphs", "#svg g.node"),
        ("histograms", "vz-histogram-timeseries svg path"),
        ("pr_curves", "tf-pr-curve-card"),
        ("scalars", "tf-scalar-card svg"),
    ):
        open_tab(page, tab)
        expect(frame.locator(there).first).to_be_visible(timeout=TRAINING)
    expect(frame.get_by_role("tab", name="Projector")).to_be_attached(timeout=TRAINING)

    choose(page, "The same, drawn here")
    expect(page.get_by_text("Train/Loss")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("img").first).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the event files").click()
    names = zipfile.ZipFile(waiting.value.path()).namelist()
    assert any("events.out.tfevents" in name for name in names) and all(name.startswith("runs/") for name in names)

    other = at(stranger, "/logging")
    choose(other, "The same, drawn here")
    expect(other.get_by_text("first_example/first").first).to_be_visible(timeout=PATIENCE)
    expect(other.get_by_text("cnn/")).to_have_count(0)


def test_it_follows_light_and_dark_and_fits_a_phone(person: Callable[..., Person]) -> None:
    page = at(person(color_scheme="dark", **PHONE), "/logging")
    frame = board(page)
    expect(frame.locator("body.dark-mode")).to_be_attached(timeout=TRAINING)
    settles(lambda: page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
