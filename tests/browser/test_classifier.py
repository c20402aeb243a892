"""Training the classifier in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Person
from tests.browser.screen import IDLE, Screen, settles

LONG = "/classifier?num_steps=50000"
"""A run that does not end while a test looks at it."""


def accuracy(screen: Screen) -> str:
    """The last test accuracy, as it is written on the page."""
    return format(screen.look("behind.last('accuracy/test')"), ".1%")


def test_play_moves_the_picture(person: Callable[..., Person]) -> None:
    screen = person().open(LONG)
    screen.look("behind.timeToMove()")
    screen.press("play")
    screen.look("window.moved")
    screen.reach(1)
    screen.status("running")
    screen.whole()


def test_a_first_visit_bends_a_boundary_in_three_seconds_and_the_clouds_are_one_click_away(
    person: Callable[..., Person],
) -> None:
    screen = person().open()
    screen.play()
    screen.reach(90)  # 30 steps a second, unless someone asks for more
    screen.press("play")
    screen.status("paused")
    screen.until("behind.last('accuracy/test') > 0.9")
    first = screen.look("behind.pixels()")
    screen.page.get_by_role("button", name="Tutorial's settings", exact=True).click()
    screen.status("idle")
    screen.until("behind.pixels() !== it", first)
    expect(screen.page.get_by_role("radio", name="two clouds", exact=True)).to_be_checked()
    screen.play(speed=0)
    screen.status("finished")
    screen.until("behind.last('accuracy/test') > 0.9")


def test_loss_falls_accuracy_rises_and_the_time_slider_looks_back_and_resumes(screen: Screen) -> None:
    first = screen.play(speed=200)
    screen.status("finished")
    assert screen.step == 300
    losses = screen.look("behind.losses()")
    assert len(losses) == 300 and losses[-1] < losses[0] / 2
    assert screen.look("behind.last('accuracy/test')") > 0.97
    expect(screen.part("run-accuracy-test")).to_have_text(accuracy(screen))
    screen.until("behind.part('loss-plot').data.some(({ y }) => y.length === 300)")
    percent, loss = accuracy(screen), screen.part("run-loss-test").inner_text()
    for name in (
        f"Decision boundary at step 300, test accuracy {percent}",
        f"Loss over the steps; test loss {loss} at step 300",
        f"Accuracy over the steps; test accuracy {percent} at step 300",
    ):
        expect(screen.page.get_by_role("img", name=name)).to_be_visible()
    expect(screen.page.get_by_role("figure", name="With the bug")).to_have_count(0)

    now = screen.look("behind.pixels()")
    screen.part("time").focus()
    screen.page.keyboard.press("Home")
    screen.until("behind.part('live-view').dataset.looking === '0'")
    screen.until("behind.pixels() !== it", now)
    assert screen.step == 0
    expect(screen.part("message")).to_have_text("You are looking at step 0.")
    for _time in range(10):
        screen.page.keyboard.press("ArrowRight")
    looking = screen.look("behind.connection().kept[10]")
    assert 0 < looking < 300
    screen.until("behind.part('live-view').dataset.looking === String(it)", looking)
    assert screen.step == looking
    screen.press("back-to-live")
    screen.until("behind.pixels() === it", now)
    assert screen.step == 300
    screen.part("time").focus()
    screen.page.keyboard.press("Home")
    for _time in range(10):
        screen.page.keyboard.press("ArrowRight")
    screen.until("behind.part('live-view').dataset.looking === String(it)", looking)
    screen.press("resume")
    screen.other_run(first)
    screen.status("finished")
    assert screen.look("behind.losses()") == losses


def test_a_validation_loss_that_stops_a_run_has_its_own_curve(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?stop=validation_loss&spread=4&points_per_class=20&optimizer=Adam&patience=20")
    expect(screen.part("run-loss-validation")).to_be_visible()
    screen.play()
    screen.status("finished")
    message = screen.part("message")
    expect(message).to_have_text(re.compile(r"Finished at step \d+: the validation loss was lowest at step \d+\."))
    stopped, lowest = map(int, re.findall(r"step (\d+)", message.inner_text()))
    assert screen.step == stopped >= lowest + 20
    expect(screen.part("run-loss-validation")).to_have_text(re.compile(r"\d"))
    measured = screen.look("behind.connection().history.run['loss/validation']")
    assert measured["step"][measured["value"].index(min(measured["value"]))] == lowest
    screen.page.get_by_role("button", name="Tutorial's settings", exact=True).click()
    expect(screen.part("run-loss-validation")).to_have_count(0)
    expect(screen.part("run-loss-test")).to_be_visible()


def test_a_lesson_has_a_sheet_to_print(screen: Screen) -> None:
    with screen.page.expect_popup() as opened:
        screen.page.get_by_role("link", name="Worksheet to print").click()
    sheet = opened.value
    expect(sheet.get_by_role("heading", name="A simple classifier")).to_be_visible()
    expect(sheet.get_by_text("I predict").first).to_be_visible()
    expect(sheet.get_by_text("What you should see")).to_have_count(0)


def test_plot_zoom_hover_and_theme_while_it_trains(person: Callable[..., Person]) -> None:
    screen = person().open(LONG)
    expect(screen.part("live-view")).to_have_attribute("data-theme", "light")
    light = screen.look("behind.pixels()")
    screen.page.emulate_media(color_scheme="dark")
    expect(screen.part("live-view")).to_have_attribute("data-theme", "dark")
    screen.until("behind.pixels() !== it", light)

    screen.look("window.kept = behind.nodes()")
    whole = screen.zoom
    run = screen.play(speed=30)
    screen.page.emulate_media(color_scheme="light")
    expect(screen.part("live-view")).to_have_attribute("data-theme", "light")
    screen.page.mouse.move(*screen.place(0.5, 0.5))
    tip = screen.part("plot-tip")
    expect(tip).to_contain_text("x1 = 0.5")
    expect(tip).to_contain_text("Predicted: class")
    screen.reach(screen.step + 5)
    expect(tip).to_be_visible()

    screen.drag((-3, 3), (1, -1))
    screen.until("Math.abs(behind.part('plot-run')._fullLayout.xaxis.range[0] + 3) < 0.2")
    zoomed = screen.zoom
    assert zoomed == pytest.approx([-3, 1, -1, 3], abs=0.2)
    before = screen.look("behind.pixels()")
    screen.until("behind.pixels() !== it", before)
    screen.slide("Learning rate", "ArrowRight")
    screen.until("behind.connection().events.length === 1")
    screen.reach(screen.step + 10)
    assert screen.zoom == zoomed
    assert screen.look("behind.nodes().every((node, i) => node === window.kept[i])")
    assert screen.run == run
    screen.press("reset-zoom")
    screen.until("behind.part('plot-run')._fullLayout.xaxis.range[0] < -5.9")
    assert screen.zoom == whole


def test_epoch_continue_pause_step_and_space(person: Callable[..., Person]) -> None:
    screen = person().open(f"{LONG}&batch_size=50")
    for epochs in (1, 2):
        screen.press("epoch")
        screen.until("behind.step() === it && behind.status() === 'paused'", 4 * epochs)
    expect(screen.part("epoch-count")).to_have_attribute("data-epoch", "2")
    run = screen.run
    screen.part("speed").select_option("30")
    screen.press("play")
    screen.reach(16)
    screen.press("play")
    screen.status("paused")
    at = screen.step
    screen.page.wait_for_timeout(400)
    assert screen.step == at
    for more in (1, 2, 3):
        screen.press("step")
        screen.until("behind.step() === it", at + more)
    screen.page.wait_for_timeout(400)
    assert screen.step == at + 3
    screen.page.get_by_role("heading", name="A simple classifier").click()
    screen.page.keyboard.press("Space")
    screen.status("running")
    screen.reach(at + 8)
    screen.page.keyboard.press("Space")
    screen.status("paused")
    assert screen.run == run
    screen.whole()


def test_single_step_then_play_then_reset_to_the_same_first_picture(screen: Screen) -> None:
    first = screen.look("behind.pixels()")
    screen.press("step")
    screen.until("behind.status() === 'paused' && behind.step() === 1")
    screen.until("behind.pixels() !== it", first)
    screen.until("behind.steps().length > 0")  # frames may overtake the metrics
    assert screen.steps == [1]
    screen.press("play")
    screen.reach(5)
    screen.press("reset")
    screen.status("idle")
    screen.until("behind.pixels() === it", first)
    assert screen.step == 0


def test_learning_rate_and_speed_act_without_a_restart(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?num_steps=1400")  # of more, a page that lags gets as many as a plot shows
    run = screen.play(speed=30)
    screen.slide("Learning rate", "ArrowRight", times=3)
    screen.until("behind.connection().events.some(({ lr }) => lr === 0.2)")
    at = screen.look("behind.connection().events.at(-1).step")
    screen.reach(at + 5)
    assert screen.run == run
    expect(screen.part("epoch-count")).to_contain_text("lr 0.2")
    screen.until("behind.part('loss-plot').layout.annotations.some(({ text }) => text === 'lr 0.2')")
    screen.whole()
    screen.part("speed").select_option("0")
    screen.status("finished")
    assert screen.run == run
    screen.whole(1400)
    screen.part("time").focus()
    screen.page.keyboard.press("Home")
    expect(screen.part("epoch-count")).to_contain_text("lr 0.02")
    screen.page.keyboard.press("End")
    expect(screen.part("epoch-count")).to_contain_text("lr 0.2")


def test_the_learning_rate_acts_while_it_is_dragged_at_most_five_times_a_second(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?dataset=spirals&num_steps=50000")
    run = screen.play(speed=30)
    slider = screen.page.get_by_role("slider", name="Learning rate")
    screen.look(
        "(window.told = [], window.addEventListener('torch-playground:change',"
        " ({ detail }) => window.told.push([detail.value, performance.now()])))"
    )
    box = slider.bounding_box()
    assert box
    across, middle = [box["x"] + box["width"] * share for share in (0.2, 0.3, 0.4, 0.5)], box["y"] + box["height"] / 2
    mouse = screen.page.mouse
    mouse.move(across[0], middle)
    mouse.down()
    for place in across[1:]:
        mouse.move(place, middle, steps=20)
        screen.until("behind.connection().lr === window.told.at(-1)[0]")
        screen.reach(screen.step + 2)
    assert len(screen.look("behind.connection().events")) >= 3, "it acts before it is let go"
    mouse.up()
    last = float(slider.get_attribute("aria-valuetext") or "nan")
    screen.until("behind.connection().lr === it", last)
    moments = [moment for _value, moment in screen.look("window.told")]
    assert all(later - sooner > 190 for sooner, later in pairwise(moments))
    screen.reach(screen.step + 10)
    assert screen.run == run and screen.look("behind.connection().lr") == last
    recorded = screen.look("behind.connection().events.map(({ lr }) => lr)")
    assert set(recorded) <= {value for value, _moment in screen.look("window.told")} | {last} and recorded[-1] == last


def test_learning_rate_dragged_until_it_breaks(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?spread=2")
    screen.press("step")
    screen.until("behind.status() === 'paused' && behind.step() === 1")
    screen.slide("Learning rate", "End")
    screen.until("behind.connection().lr === 100")
    screen.press("play")
    screen.status("diverged")
    step = screen.look("behind.connection().message.step")
    expect(screen.part("message")).to_contain_text(f"step {step}")
    expect(screen.part("message")).to_contain_text("learning rate was 100")
    expect(screen.part("resume")).to_be_hidden()
    screen.slide("Learning rate", "Home")
    diverged = screen.run
    screen.press("play")
    screen.other_run(diverged)
    screen.status("running")
    expect(screen.part("epoch-count")).to_contain_text("lr 0.0001")
    screen.reach(step + 5)


def test_hidden_layers_restart_it(person: Callable[..., Person]) -> None:
    screen = person().open(LONG)
    first = screen.play(speed=30)
    screen.reach(5)
    screen.slide("Hidden layers", "ArrowRight", times=2)
    expect(screen.page.get_by_role("slider", name="Neurons in layer 3")).to_be_visible()
    screen.other_run(first)
    screen.status("running")
    screen.reach(3)
    screen.whole()
    screen.until("document.querySelector('.tp-with-ghost')")
    expect(screen.part("message")).to_have_text("A new run. Changed: Hidden layers.")
    screen.press("undo")
    screen.until("behind.run() === it", first)
    screen.status("stopped")
    expect(screen.page.get_by_role("slider", name="Neurons in layer 3")).to_have_count(0)
    expect(screen.part("undo")).to_be_hidden()
    screen.whole()


def test_finished_run_goes_on_when_it_may_take_more_steps(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?num_steps=40")
    first = screen.play(speed=0)
    screen.status("finished")
    for button in ("step", "epoch"):
        expect(screen.part(button)).to_be_disabled()
    expect(screen.part("play")).to_have_text("Play")
    losses = screen.look("behind.losses()")
    screen.page.get_by_text("Training (1 changed)").click()
    steps = screen.page.get_by_role("spinbutton", name="Steps to run")
    steps.fill("90")
    steps.press("Enter")
    expect(screen.part("play")).to_have_text("Continue")
    expect(screen.part("step")).to_be_enabled()
    expect(screen.part("step-count")).to_contain_text("40 / 90")
    expect(screen.part("message")).to_contain_text("Continue trains on from step 40.")
    screen.press("play")
    screen.other_run(first)
    screen.status("finished")
    screen.whole(90)
    assert screen.look("behind.losses().slice(0, 40)") == losses


def test_learning_rate_bug_says_at_which_step_and_why(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?bugs=high_lr&spread=2")
    screen.play(speed=0)
    screen.status("diverged")
    step = screen.look("behind.connection().message.step")
    assert 1 < step < 100
    expect(screen.part("message")).to_contain_text(f"step {step}: its loss is no longer a finite number")
    expect(screen.part("message")).to_contain_text("The bug, not the slider, sets its learning rate to 50.")
    expect(screen.part("message")).to_contain_text("The correct run continued.")
    expect(screen.part("resume")).to_be_hidden()
    assert screen.look("document.querySelector('.tp-banner').dataset.kind") == "warning"
    screen.until("behind.part('loss-plot').layout.annotations.some(({ text }) => text.startsWith('↑'))")


def test_ghost_that_diverged_leaves_the_axes_alone(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?spread=2&lr=50")
    first = screen.play(speed=0)
    screen.status("diverged")
    expect(screen.part("step")).to_have_attribute("title", "This run is over. Press Play or Reset to begin again.")
    screen.slide("Learning rate", "Home")
    screen.press("play")
    screen.other_run(first)
    screen.status("finished")
    plot = "behind.part('loss-plot')"
    ghost = f"{plot}.data.find(({{ name }}) => name === 'previous run, train')"
    screen.until(f"Math.max(...({ghost}?.y ?? [0])) > 1e6 && {plot}.data.at(-1).x.at(-1) === 300")
    assert screen.look(f"{plot}.layout.yaxis.range[1]") <= 1
    screen.press("log-scale")
    screen.until(f"{plot}.layout.yaxis.type === 'log'")
    assert screen.look(f"{plot}.layout.yaxis.range[1]") <= 0.5


def test_curves_can_be_zoomed_into_and_tell_what_is_under_the_pointer(screen: Screen) -> None:
    lines, plot = "behind.pixels('[data-testid=loss-lines]')", "behind.part('loss-plot')"
    empty = screen.until(lines)
    screen.press("step")
    screen.until(f"{lines} !== it", empty)
    screen.part("speed").select_option("0")
    screen.press("play")
    screen.status("finished")
    screen.until(f"{plot}.data.at(-1).x.at(-1) === 300 && {plot}._fullLayout.xaxis.range[1] === 300")
    whole = screen.until(lines)

    box = screen.part("loss-plot").bounding_box()
    assert box
    middle, across = box["y"] + box["height"] / 2, [box["x"] + box["width"] * share for share in (0.4, 0.5, 0.6)]
    mouse = screen.page.mouse
    mouse.move(across[0], middle)
    hovered = screen.part("loss-plot").locator(".hoverlayer")
    expect(hovered).to_contain_text("train")
    step = int((hovered.text_content() or "").split("train")[0].removeprefix("step "))
    assert 80 < step < 160
    mouse.down()
    for place in across[1:]:
        mouse.move(place, middle, steps=4)
    mouse.up()
    screen.until(f"{plot}._fullLayout.xaxis.range[0] > 80 && {plot}._fullLayout.xaxis.range[1] < 250")
    screen.until(f"{lines} !== it", whole)
    assert screen.look(f"{plot}.data.every(({{ x }}) => x[0] > 70 && x.at(-1) < 260)"), "what is seen, in full"
    mouse.dblclick(across[1], middle)
    screen.until(f"String({plot}._fullLayout.xaxis.range) === '0,300'")
    screen.until(f"{lines} === it", whole)


def test_changes_of_the_learning_rate_do_not_stand_on_each_other(screen: Screen) -> None:
    for step in (1, 2, 3):
        screen.press("step")
        screen.until("behind.status() === 'paused' && behind.step() === it", step)
        lr = screen.look("behind.connection().lr")
        screen.slide("Learning rate", "ArrowRight")
        screen.until("behind.connection().lr !== it", lr)
    marks = screen.part("loss-plot").locator(".annotation-text-g")
    expect(marks).to_have_text(["lr 0.2", "lr 0.05"])  # of those that would stand on each other the last
    assert screen.look("behind.part('loss-plot').layout.shapes.filter(({ line }) => line.dash === 'dot').length") == 3
    boxes = [mark.bounding_box() for mark in marks.all()]
    for one, other in combinations([box for box in boxes if box], 2):
        apart = abs(one["x"] - other["x"]) >= min(one["width"], other["width"])
        assert apart or abs(one["y"] - other["y"]) >= 10


def test_points_by_clicking_and_from_a_csv_that_is_wrong_and_then_right(screen: Screen) -> None:
    page = screen.page
    screen.choose("Add points by clicking on the picture", "class 1")
    expect(screen.part("message")).to_have_text("Click on the plot to add a point of class 1.")
    screen.click_at(3, -2)
    own = page.get_by_text("Own points from a CSV (1 points now)")
    expect(own).to_be_visible()
    point = screen.until("(({ x, y }) => x.length && [x[0], y[0]])(behind.part('plot-run').data.at(-1))")
    assert point == pytest.approx([3, -2], abs=0.1)
    own.click()
    field = page.get_by_role("textbox", name="Paste a CSV")
    field.press_sequentially("1 2")
    expect(field).to_have_value("1 2")
    assert screen.look("behind.status()") == "idle", "in a text field Space is a space"
    field.fill("1,2,a\n1,hello,b\n")
    page.get_by_role("button", name="Use these points").click()
    expect(page.get_by_text("Line 2: “hello” is not a number.")).to_be_visible()
    field.fill("1,2,a\n-1,-2,b\n2,1,a\n-2,-1,b\n")
    field.press("Tab")
    expect(page.get_by_text("Own points from a CSV (4 points found, not used yet)")).to_be_visible()
    page.get_by_role("button", name="Use these points").click()
    expect(page.get_by_text("Own points from a CSV (4 points now)")).to_be_visible()
    expect(page.get_by_text("Line 2")).to_have_count(0)
    screen.play(speed=0)
    screen.status("finished")


def test_softmax_bug_beside_the_correct_run(screen: Screen) -> None:
    screen.section("Bugs")
    screen.page.get_by_role("button", name="softmax before the loss", exact=True).click()
    expect(screen.part("plot-correct")).to_be_visible()
    expect(screen.part("plot-run")).to_be_visible()
    screen.play(speed=0)
    screen.status("finished")
    marks = "behind.part('loss-plot').layout"
    screen.until(f"{marks}.annotations.some((mark) => mark.text === 'cannot go below 0.3133')")
    assert screen.look(f"{marks}.shapes.some(({{ y0, y1 }}) => Math.abs(y0 - 0.3133) < 1e-4 && y1 === y0)")
    losses = screen.look("['run', 'correct'].map((lane) => behind.last('loss/train', lane))")
    assert losses[0] > 0.3133 > losses[1]
    for lane, loss in zip(("run", "correct"), losses, strict=True):
        screen.until(f"Math.abs(behind.part('{lane}-loss-train').textContent - it) < 1e-3", loss)


def test_inside_the_network_moves_and_the_downloaded_script_is_the_code_shown(screen: Screen, tmp_path: Path) -> None:
    screen.section("Inside the network")
    expect(screen.part("network")).to_be_visible()
    drawn = "behind.pixels('.tp-network')"
    before = screen.until(drawn)
    screen.play(speed=30)
    screen.until(f"{drawn} !== it", before)
    screen.until("behind.colours('.tp-network') > 20")
    expect(screen.part("gradient-norms")).to_be_visible()

    screen.section("Code")
    code = screen.page.locator(".code-panel pre")
    expect(code).to_contain_text("optimizer.zero_grad()")
    with screen.page.expect_download() as download:
        screen.page.get_by_role("button", name="Download .py").click()
    download.value.save_as(tmp_path / "script.py")
    text = (tmp_path / "script.py").read_text()
    compile(text, "script.py", "exec")
    lines = screen.page.locator(".code-panel .line").all_text_contents()
    assert [line for line in text.splitlines() if line] == [line for line in lines if line]


def test_chinese_by_the_switch_survives_a_refresh(screen: Screen) -> None:
    chosen = screen.page.get_by_test_id("stSidebar").get_by_role("radiogroup").nth(1).get_by_role("radio", checked=True)
    expect(chosen).to_have_accessible_name("two clouds")
    screen.page.get_by_role("radio", name="中文").click()
    expect(chosen).to_have_accessible_name("两团点")
    heading = screen.page.get_by_role("heading", level=2).first
    expect(heading).not_to_have_text("A simple classifier")
    play = screen.part("play")
    expect(play).not_to_have_text("Play")
    words = play.inner_text()
    screen.reload()
    expect(screen.part("play")).to_have_text(words)
    screen.play(speed=30)


def test_dark_theme_by_the_link(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?embed=true&embed_options=dark_theme")
    expect(screen.part("live-view")).to_have_attribute("data-theme", "dark")
    screen.play(speed=30)


def overflow(screen: Screen) -> list[str]:
    """What sticks out of the window to the right."""
    elements: list[str] = screen.page.evaluate(
        """() => [...document.querySelectorAll("html, [data-testid=stMain], [data-testid=stMain] *")]
            .filter((node) => node.getBoundingClientRect().right > innerWidth + 1 && node.checkVisibility())
            .filter((node) => !node.closest("pre, table, [data-testid=stDataFrame], .katex, [role=radiogroup]"))
            .map((node) => `${node.tagName}.${node.className}`.slice(0, 80))"""
    )
    return elements


def fits(screen: Screen) -> None:
    """Nothing is wider than a phone."""
    screen.until("document.querySelector('[data-testid=stMain]').scrollWidth <= 390")
    settles(lambda: overflow(screen))


def test_phone(person: Callable[..., Person]) -> None:
    screen = person(**PHONE).open("/classifier?dataset=clouds")
    expect(screen.part("play")).to_be_in_viewport()
    fits(screen)
    screen.part("play").tap()
    screen.reach(1)
    boxes = [screen.part(name).bounding_box() for name in ("plot-run", "loss-plot")]
    assert boxes[0] and boxes[1] and boxes[0]["y"] < boxes[1]["y"], "picture first"
    assert boxes[0]["width"] > 250
    for name in ("Step by step", "Inside the network", "Code", "Bugs", "Runs", "Lesson"):
        screen.section(name)
        fits(screen)


def test_everything_is_on_the_first_screen_and_nothing_jumps(screen: Screen) -> None:
    for name in ("play", "step-count", "plot-run", "loss-plot", "accuracy-plot"):
        expect(screen.part(name)).to_be_in_viewport(ratio=1)
    expect(screen.page.get_by_role("slider", name="Learning rate")).to_be_in_viewport()
    place = """['play', 'step-count', 'plot-run', 'loss-plot', 'time'].map((name) => {
        const { right, top, height } = behind.part(name).getBoundingClientRect();
        return [right, top, height];
    })"""
    screen.until(IDLE)  # what is below may bring a scroll bar
    before = screen.look(place)
    screen.play(speed=30)
    screen.reach(10)
    assert screen.look(place) == before
    screen.part("speed").select_option("0")
    screen.status("finished")
    assert screen.look(place) == before
