"""Training the CNN in a real browser, and drawing digits for it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.app import App
from tests.browser.conftest import PHONE, Person
from tests.browser.pad import answered, draw, says
from tests.browser.screen import TRAINING, Screen, redrawn
from tests.browser.strokes import digits
from tests.core.test_own_images import good, zipped
from tests.data_folder import MNIST

CANVASES = """() => {
  window.canvases = 0;
  const create = document.createElement;
  document.createElement = function (...names) {
    if (names[0] === "canvas") window.canvases += 1;
    return create.apply(this, names);
  };
}"""
"""Count from now on in window.canvases how many are made."""
NEEDED = 0.9
"""The share of drawn digits that must be recognised after one epoch of the full MNIST."""


@pytest.fixture
def screen(person: Callable[..., Person]) -> Screen:
    """A new person's tab with the CNN."""
    return person().open("/cnn")


def test_it_trains_tells_its_pace_and_the_close_up_adds_up_to_what_torch_gave(person: Callable[..., Person]) -> None:
    screen = person().open("/cnn?num_epochs=100")
    before = screen.look("behind.pixels()")
    screen.play(speed=0)
    screen.until("behind.pixels() !== it", before)
    screen.page.evaluate(CANVASES)
    at = screen.look("behind.connection().live.step")
    screen.until("behind.connection().live.step > it + 50", at)
    assert screen.look("window.canvases") == 0, "a frame is drawn with the canvases that are there"
    screen.until(r"/^[\d,]+ images\/s · \d+:\d\d left$/.test(behind.part('pace').textContent)")
    screen.until("behind.last('accuracy/test') > 0.9")
    expect(screen.part("verdict-run")).to_have_attribute("data-right", "true")
    screen.press("play")
    screen.status("paused")
    screen.part("strip-filters").click(position={"x": 8, "y": 8})
    canvas = screen.part("convolution-run")
    expect(canvas).to_be_visible()
    answered_sum = screen.part("sum-run")
    expect(answered_sum).to_contain_text("Sum of the products")
    seen = set()
    for key in ("ArrowLeft", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft"):
        canvas.press(key)
        torch, own = (float(answered_sum.get_attribute(f"data-{name}") or "nan") for name in ("torch", "value"))
        assert own == pytest.approx(torch, abs=1e-5)
        seen.add(answered_sum.inner_text())
    assert len(seen) >= 4
    before = answered_sum.inner_text()
    screen.press("filter-next")
    expect(answered_sum).not_to_have_text(before)
    expect(screen.page.get_by_text("filter 2 of 16")).to_be_visible()
    screen.press("reset")
    screen.status("idle")


def test_a_drawing_is_answered_before_during_and_after_training(screen: Screen) -> None:
    maps = "behind.pixels('[data-testid=strip-maps1]')"
    seven = next(strokes for label, strokes in digits() if label == 7)
    draw(screen, seven)
    expect(screen.page.get_by_text("yours")).to_be_visible()
    screen.play(speed=30)
    draw(screen, seven)
    screen.part("speed").select_option("0")
    screen.status("finished")
    answered(screen)
    assert says(screen) == "7"
    at_the_end = screen.look(maps)
    draw(screen, [])
    assert screen.look(maps) != at_the_end
    draw(screen, seven)
    assert says(screen) == "7"
    screen.part("time").evaluate("(slider) => { slider.value = 0; slider.dispatchEvent(new Event('input')); }")
    screen.until("behind.connection().past?.step === 0 && behind.connection().past.facts.drawn")
    screen.until(f"{maps} !== it", at_the_end)
    screen.press("back-to-live")
    screen.until(f"{maps} === it", at_the_end)


@pytest.mark.long
@pytest.mark.skipif(not MNIST.exists(), reason="the MNIST files are not here")
def test_drawn_digits_are_recognised_after_one_epoch_of_mnist(
    person: Callable[..., Person], app: App, record_property: Callable[[str, object], None]
) -> None:
    raw = app.data / "MNIST/raw"
    raw.mkdir(parents=True)
    for file in MNIST.glob("*.gz"):
        (raw / file.name).symlink_to(file)
    screen = person().open("/cnn?dataset=mnist&num_epochs=1")
    screen.play(speed=0)
    screen.until("behind.status() === 'finished'", timeout=TRAINING)
    wrong = []
    for number, (label, strokes) in enumerate(digits()):
        draw(screen, strokes)
        if says(screen) != str(label):
            wrong.append((number, label, says(screen)))
    record_property("drawn digits recognised", f"{len(digits()) - len(wrong)} of {len(digits())}")
    assert len(digits()) >= 50
    assert len(wrong) <= (1 - NEEDED) * len(digits())


def test_mistakes_and_confusion_agree_and_a_mistake_opens(person: Callable[..., Person]) -> None:
    screen = person().open("/cnn?num_epochs=3")
    screen.play(speed=30)
    screen.reach(3)
    screen.press("tab-confusion")
    screen.until("behind.connection().current?.facts.part === 'test'")
    screen.reload()
    screen.until("behind.connection().current?.facts.part === 'layers'")  # not what was looked at before
    screen.part("speed").select_option("0")
    screen.status("finished")
    said = screen.part("verdict-run").inner_text()
    screen.press("tab-confusion")
    table = screen.part("confusion-run")
    expect(table).to_be_visible()
    answered(screen)
    screen.reload()
    expect(screen.part("verdict-run")).to_have_text(said)
    screen.press("tab-confusion")
    answered(screen)
    counts = table.evaluate("(table) => [...table.querySelectorAll('td')].map((cell) => Number(cell.textContent) || 0)")
    assert sum(counts) == 1000
    right = sum(counts[11 * label] for label in range(10))
    assert right / 1000 == pytest.approx(screen.look("behind.last('accuracy/test')"))
    expect(screen.page.get_by_text(f"{1000 - right} are wrong.")).to_be_visible()
    screen.press("tab-projection")
    screen.until("behind.pixels('.tp-projection') !== 0")
    screen.press("tab-mistakes")
    answered(screen)
    card = screen.part("mistake").first
    expect(card).to_be_visible()
    truth, said = re.findall(r"\d", card.inner_text())
    assert truth != said
    card.click()
    expect(screen.part("verdict-run")).to_contain_text(f"Says {said}")
    expect(screen.part("verdict-run")).to_contain_text(f"It is {truth}.")


@pytest.mark.long
def test_a_bug_beside_the_correct_run(person: Callable[..., Person]) -> None:
    screen = person().open("/cnn?bugs=shuffled_labels&num_epochs=3")
    screen.play(speed=0)
    screen.status("finished")
    assert screen.look("behind.last('accuracy/test', 'correct')") > 0.85
    assert screen.look("behind.last('accuracy/test', 'run')") < 0.3
    expect(screen.part("verdict-correct")).to_be_visible()
    expect(screen.page.get_by_text("guessing among ten: 2.3026")).to_have_count(1)


def test_a_choice_that_can_not_work_is_red_where_it_breaks(screen: Screen) -> None:
    screen.section("Shapes")
    expect(screen.page.get_by_text("28 → 14 → 7")).to_be_visible()
    expect(screen.page.get_by_text("28,938")).to_be_visible()
    screen.page.goto(screen.url + "/cnn?kernel_size=7&padding=1")
    screen.shown()
    screen.page.get_by_test_id("stSidebar").get_by_text("Network", exact=False).first.click()
    screen.slide("Padding", "ArrowLeft")
    screen.section("Shapes")
    reason = "Conv2d gets 16 x 5 x 5: with padding 0 that is too small for a 7 x 7 kernel."
    expect(screen.page.get_by_text(reason)).to_be_visible()
    expect(screen.page.get_by_text("can't work")).to_be_visible()


def test_on_a_phone_nothing_is_wider_than_the_screen(person: Callable[..., Person]) -> None:
    screen = person(**PHONE).open("/cnn")
    screen.play(speed=30)
    for tab in ("convolution", "mistakes", "confusion", "projection", "layers"):
        screen.press(f"tab-{tab}")
        screen.fits(".tp-live canvas, .tp-live button, .tp-live table")


def test_own_images_from_a_zip(screen: Screen) -> None:
    sidebar = screen.page.get_by_test_id("stSidebar")
    sidebar.get_by_text("Own images from a zip").click()
    upload = sidebar.locator("input[type=file]")
    use = sidebar.get_by_role("button", name="Use these images")
    with redrawn(screen.page):
        upload.set_input_files({"name": "bad.zip", "mimeType": "application/zip", "buffer": b"no zip"})
    expect(sidebar.get_by_text("bad.zip")).to_be_visible()
    use.click()
    expect(sidebar.get_by_text("This is not a complete zip file")).to_be_visible()
    run = screen.play(speed=30)
    with redrawn(screen.page):
        sidebar.get_by_role("button", name="Remove").first.click()
    with redrawn(screen.page):
        upload.set_input_files({"name": "good.zip", "mimeType": "application/zip", "buffer": zipped(good())})
    expect(sidebar.get_by_text("good.zip")).to_be_visible()
    use.click()
    taken = "13 images to train on and 4 for testing, in 2 classes: cat, dog."
    expect(sidebar.get_by_text(taken)).to_be_visible()
    screen.other_run(run)
    screen.until("behind.last('accuracy/test') !== undefined")
    expect(screen.part("verdict-run")).to_contain_text(re.compile("It is (cat|dog)."))
    screen.press("tab-projection")
    expect(screen.page.get_by_text("4 test images, each shown as its true class")).to_be_visible()
    screen.until("behind.pixels('.tp-projection') !== 0")


def test_a_set_that_is_not_here_is_offered_and_can_not_be_played(person: Callable[..., Person]) -> None:
    screen = person().open("/cnn?dataset=kmnist")
    expect(screen.page.get_by_text("KMNIST is not on this machine yet.")).to_be_visible()
    expect(screen.page.get_by_role("button", name="Download")).to_be_visible()
    expect(screen.part("message")).to_have_text("KMNIST is not on this machine yet: fetch it first.")
    for button in ("play", "step", "epoch"):
        expect(screen.part(button)).to_be_disabled()
    screen.page.keyboard.press("Space")
    screen.press("tab-mistakes")
    expect(screen.page.get_by_text("The test images are not on this machine yet.")).to_be_visible()
    screen.status("idle")
    screen.choose("Data set", "5,000 digits")
    expect(screen.part("play")).to_be_enabled()
    screen.play()
