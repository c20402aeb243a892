"""Links, tabs, and who sees whose runs."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.app import App
from tests.browser.conftest import Person
from tests.browser.screen import Screen
from tests.waiting import until


def share_link(screen: Screen) -> str:
    """The link that the page offers, from its path on."""
    screen.page.get_by_test_id("stPopoverButton").click()
    link = screen.page.get_by_test_id("stPopoverBody").get_by_test_id("stCode")
    expect(link).to_contain_text("/classifier?")
    parts = urlsplit(link.inner_text().strip())
    assert f"{parts.scheme}://{parts.netloc}" == screen.url
    return f"{parts.path}?{parts.query}"


def test_link_restores_every_setting_for_someone_else_and_starts_nothing(person: Callable[..., Person]) -> None:
    sender = person().open("/classifier?dataset=circles&optimizer=Adam&bugs=softmax&points=1,2,0_-1,2.5,1")
    sender.slide("Hidden layers", "ArrowRight", times=2)
    sender.slide("Neurons in layer 2", "ArrowLeft", times=3)
    sender.slide("Learning rate", "ArrowRight", times=2)
    expect(sender.page.get_by_role("slider", name="Neurons in layer 3")).to_be_visible()
    sender.play(speed=30)
    link = share_link(sender)

    receiver = person(locale="de").open(link)
    page = receiver.page
    assert receiver.look("behind.status()") == "idle"
    assert receiver.run is None
    assert receiver.step == 0
    chosen = page.get_by_role("radiogroup", name="Data set").get_by_role("radio", name="circles", exact=True)
    expect(chosen).to_be_checked()
    expect(page.get_by_role("combobox", name="Optimizer")).to_have_value("Adam")
    values = {"Hidden layers": "3", "Neurons in layer 2": "7", "Neurons in layer 3": "10", "Learning rate": "0.1"}
    for name, value in values.items():
        expect(page.get_by_role("slider", name=name)).to_have_attribute("aria-valuetext", value)
    expect(page.get_by_text("Own points from a CSV (2 points now)")).to_be_visible()
    expect(receiver.part("plot-correct")).to_be_visible()
    assert share_link(receiver) == link


def test_bad_link_says_what_is_wrong(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?lr=1000&dataset=<img src=x onerror=alert(1)>&colour=red&spread=2")
    alerts = screen.page.get_by_role("alert")
    expect(alerts).to_have_count(3)
    expect(alerts.filter(has_text="A number from 0.0001 to 100 is needed")).to_be_visible()
    expect(alerts.filter(has_text="<img src=x onerror=alert(1)>")).to_be_visible()
    expect(alerts.filter(has_text="There is no setting “colour”.")).to_be_visible()
    expect(screen.page.get_by_role("alert").locator("img")).to_have_count(0)
    screen.play(speed=30)


def test_others_never_see_my_runs(person: Callable[..., Person]) -> None:
    mine, stranger = person().open(), person()
    run = mine.play(speed=30)
    other = stranger.open()
    assert other.run is None
    assert other.look("behind.status()") == "idle"
    other.section("Runs")
    expect(other.page.get_by_text("No runs yet")).to_be_visible()
    for path in ("history", "kept/0"):
        status_of = "(path) => fetch(path).then(({ status }) => status)"
        assert other.page.evaluate(status_of, f"/live/{run}/{path}") == 404
        assert mine.page.evaluate(status_of, f"/live/{run}/{path}") == 200
    opened = """(path) => new Promise((resolve) => {
        const socket = new WebSocket(location.origin.replace("http", "ws") + path);
        socket.onmessage = () => { resolve(true); socket.close(); };
        socket.onclose = () => resolve(false);
    })"""
    assert mine.page.evaluate(opened, f"/live/{run}")
    assert not other.page.evaluate(opened, f"/live/{run}")
    until(lambda: other.look("true") and len(stranger.errors) >= 2, state=lambda: stranger.errors)
    refusals = [error for error in stranger.errors if "404" in error or "WebSocket connection" in error]
    assert stranger.errors == refusals
    stranger.errors.clear()


def test_a_second_tab_shows_the_same_run_and_one_tab_on_any_page_keeps_it(
    person: Callable[..., Person], hasty_app: App
) -> None:
    me = person(hasty_app.url)
    first = me.open("/classifier?num_steps=50000")
    run = first.play(speed=30)
    second = me.open()
    assert second.other_run(None) == run
    second.reach(first.step + 3)
    second.press("play")
    first.status("paused")
    second.status("paused")
    assert first.step == second.step
    first.whole()
    second.whole()
    first.page.close()
    second.press("play")
    second.status("running")
    at = second.step
    second.navigate("Home")
    expect(second.page.get_by_role("heading", name="Torch Playground")).to_be_visible()
    second.page.wait_for_timeout(7500)  # longer than the grace
    second.navigate("Classifier")
    second.shown()
    assert second.other_run(None) == run
    second.reach(at + 4 * 30)
    second.status("running")
    second.whole()


def test_old_run_opened_again(screen: Screen) -> None:
    first = screen.play(speed=0)
    screen.status("finished")
    losses = screen.look("behind.losses()")
    screen.slide("Hidden layers", "ArrowRight")
    screen.status("idle")
    screen.play(speed=0)
    screen.status("finished")
    screen.section("Runs")
    buttons = screen.page.get_by_test_id("stMain").get_by_role("button", name="Open", exact=True)
    expect(buttons).to_have_count(1)
    expect(screen.page.get_by_role("button", name="Shown", exact=True)).to_be_disabled()
    buttons.click()
    screen.until("behind.run() === it", first)
    screen.status("finished")
    assert screen.look("behind.losses()") == losses
    expect(screen.page.get_by_role("slider", name="Hidden layers")).to_have_attribute("aria-valuetext", "1")


def test_a_link_that_replaces_own_points_says_so_and_a_reload_leaves_the_way_back(
    person: Callable[..., Person],
) -> None:
    me = person()
    screen = me.open()
    page = screen.page
    own = page.get_by_text("Own points from a CSV (4 points now)")
    page.get_by_text("Own points from a CSV (0 points now)").click()
    pasted = page.get_by_role("textbox", name="Paste a CSV")
    pasted.fill("1,2,a\n-1,-2,b\n2,1,a\n-2,-1,b\n")
    pasted.press("Tab")
    expect(page.get_by_text("Own points from a CSV (4 points found, not used yet)")).to_be_visible()
    page.get_by_role("button", name="Use these points").click()
    expect(own).to_be_visible()
    screen = me.open("/classifier?spread=2")
    words = "Play starts a new run. Changed: Data set, Spread, Own points"
    expect(screen.part("message")).to_contain_text(words)
    screen.reload()
    expect(screen.part("message")).to_contain_text(words)
    expect(screen.page.get_by_text("Own points from a CSV (0 points now)")).to_be_visible()
    screen.press("undo")
    expect(screen.page.get_by_text("Own points from a CSV (4 points now)")).to_be_visible()
    expect(screen.part("undo")).to_be_hidden()
    screen.play(speed=0)
    screen.status("finished")
