"""Refreshes, closed tabs, dead workers and dead servers."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.app import App
from tests.browser.conftest import Person
from tests.browser.screen import GROUPS, Screen
from tests.waiting import until_gone

LONG = "/classifier?num_steps=50000"


def start_long_run(screen: Screen, app: App) -> int:
    """Start a run that does not end by itself; returns its process."""
    before = set(app.workers())
    screen.play(speed=30)
    [worker] = set(app.workers()) - before
    return worker


def test_refresh_and_lost_connection_reattach_to_the_same_run(person: Callable[..., Person]) -> None:
    screen = person().open("/classifier?num_steps=2000")
    run = screen.play(speed=30)
    screen.reach(20)
    at = screen.step
    screen.reload()
    assert screen.other_run(None) == run
    screen.reach(at + 1)
    screen.status("running")
    screen.whole()
    assert len(screen.steps) >= at

    # The connection is lost, and found again.
    at = screen.step
    screen.look("behind.watchMessages()")
    screen.look("behind.connection().transport.socket.close()")
    screen.until("window.messages.some((words) => words.includes('The connection was lost'))")
    screen.until("behind.connection().online === 'open'")
    screen.reach(at + 5)
    assert screen.run == run
    screen.whole()

    # While it is paused, and after its end.
    screen.press("play")
    screen.status("paused")
    at = screen.step
    screen.reload()
    screen.status("paused")
    assert (screen.run, screen.step) == (run, at)
    screen.part("speed").select_option("0")
    screen.press("play")
    screen.status("finished")
    screen.until("behind.steps().at(-1) === 2000")
    last = screen.look("behind.last('loss/train')")
    screen.reload()
    screen.status("finished")
    screen.until("behind.steps().at(-1) === 2000")
    steps = screen.steps  # of so long a run a page gets as many points as its plot can show
    assert (screen.run, screen.step, steps[0]) == (run, 2000, 1) and steps == sorted(set(steps))
    assert screen.look("behind.last('loss/train')") == pytest.approx(last, rel=1e-6)


def test_killed_worker_is_told_and_resume_or_play_goes_on(person: Callable[..., Person], app: App) -> None:
    other = person().open(LONG)
    start_long_run(other, app)
    others = set(app.workers())
    screen = person().open("/classifier?num_steps=1000")
    worker = start_long_run(screen, app)
    screen.reach(60)  # of 1000, every 25th is kept
    run = screen.run
    os.kill(worker, signal.SIGKILL)
    screen.status("crashed")
    expect(screen.part("message")).to_contain_text("The training process ended unexpectedly at step")
    resumed_from = screen.look("behind.connection().message.kept_step")
    assert 0 < resumed_from <= screen.step
    expect(screen.part("resume")).to_have_text(f"Resume from step {resumed_from}")
    screen.press("resume")
    run = screen.other_run(run)
    screen.reach(resumed_from + 1)

    # Once more, and Play does the same.
    [worker] = set(app.workers()) - others
    os.kill(worker, signal.SIGKILL)
    screen.status("crashed")
    at = screen.look("behind.connection().message.kept_step")
    screen.press("play")
    screen.other_run(run)
    screen.reach(at + 1)
    screen.part("speed").select_option("0")
    screen.status("finished")
    screen.whole(1000)
    at = other.step
    other.reach(at + 3)
    other.status("running")


def test_a_run_that_does_not_answer_is_told_of_and_ended_at_a_click(person: Callable[..., Person], app: App) -> None:
    other = person().open(LONG)
    start_long_run(other, app)
    screen = person().open(LONG)
    worker = start_long_run(screen, app)
    screen.reach(60)
    screen.press("play")
    screen.status("paused")  # at which a step is kept
    at = screen.step
    screen.press("play")
    screen.reach(at + 5)
    expect(screen.part("end-silent")).to_be_hidden()
    os.kill(worker, signal.SIGSTOP)
    expect(screen.part("end-silent")).to_have_text("End it")
    expect(screen.part("message")).to_have_text(re.compile("The training process does not answer"))

    # It may go on by itself.
    os.kill(worker, signal.SIGCONT)
    expect(screen.part("end-silent")).to_be_hidden()
    reached = screen.step
    screen.reach(reached + 5)
    screen.status("running")
    screen.whole()

    # Pause is pressed in vain, and after a refresh it is told still.
    os.kill(worker, signal.SIGSTOP)
    expect(screen.part("end-silent")).to_be_visible()
    run = screen.run
    screen.press("play")
    screen.reload()
    assert screen.other_run(None) == run
    screen.press("end-silent")
    screen.status("crashed")
    until_gone([worker])
    expect(screen.part("end-silent")).to_be_hidden()
    expect(screen.part("message")).to_contain_text("no longer answered and was ended at step")
    resumed_from = screen.look("behind.connection().message.kept_step")
    assert at <= resumed_from <= screen.step
    screen.press("resume")
    screen.other_run(run)
    screen.status("running")
    screen.reach(resumed_from + 5)
    screen.whole()
    before = other.step
    other.reach(before + 5)
    other.status("running")


def test_closed_tab_ends_the_run_after_the_grace_and_keeps_its_record(
    person: Callable[..., Person], hasty_app: App
) -> None:
    me = person(hasty_app.url)
    screen = me.open(LONG)
    worker = start_long_run(screen, hasty_app)
    run = screen.run
    at = screen.step
    screen.page.close()
    closed = time.monotonic()
    until_gone([worker])
    assert time.monotonic() - closed > 2, "a refresh would have been too slow"
    again = me.open()
    assert again.other_run(None) == run
    again.status("stopped")
    assert len(again.steps) >= at
    again.whole()
    again.press("play")
    again.other_run(run)
    again.reach(len(again.steps) + 1)
    again.whole()


def first_deep_link(screen: Screen) -> None:
    """The first address that anyone asks a new server for is the classifier's."""
    screen.open(f"{LONG}&lr=0.5")
    expect(screen.page.get_by_role("heading", name="A simple classifier")).to_be_visible()
    bar = screen.page.get_by_test_id("stTopNav")
    expect(bar.get_by_role("link")).to_have_accessible_name("Home")
    for number, group in enumerate(GROUPS.values()):
        expect(bar.get_by_role("button").nth(number)).to_have_accessible_name(group)
    expect(screen.page.get_by_role("slider", name="Learning rate")).to_have_attribute("aria-valuetext", "0.5")
    expect(screen.page.get_by_role("dialog")).to_have_count(0)


def end(app: App, worker: int, how: signal.Signals) -> None:
    """End a server that has a run: none of its processes is left."""
    below = app.end(how)
    assert worker in below
    until_gone(below)


def test_a_killed_server_leaves_no_worker_and_the_next_goes_on_and_ends_with_all_it_started(
    person: Callable[..., Person], own_app: App
) -> None:
    me = person(own_app.url)
    screen = me.tab()
    first_deep_link(screen)
    worker = start_long_run(screen, own_app)
    screen.reach(20)
    run = screen.run
    screen.page.close()
    end(own_app, worker, signal.SIGKILL)
    following = App(own_app.data, port=own_app.port)
    try:
        screen = me.open()
        assert screen.other_run(None) == run
        screen.status("crashed")
        screen.press("resume")
        run = screen.other_run(run)
        screen.status("running")
        screen.reach(20)
        screen.whole()
        at = screen.step
        screen.page.close()
        end(following, following.workers()[0], signal.SIGTERM)
    finally:
        following.process.kill()
    folder = own_app.data / "runs" / run
    steps = [json.loads(line)["step"] for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= at
    assert json.loads((folder / "run.json").read_text())["status"] == "stopped"


def test_a_worker_that_does_not_answer_is_ended_at_a_click(own_app: App, person: Callable[..., Person]) -> None:
    screen = person(own_app.url).open(LONG)
    worker = start_long_run(screen, own_app)
    screen.reach(20)
    os.kill(worker, signal.SIGSTOP)
    end = screen.page.get_by_role("button", name="End it", exact=True)
    expect(end).to_be_visible()
    expect(screen.part("message")).to_contain_text("The training process does not answer.")
    end.click()
    screen.status("crashed")
    until_gone([worker])
    expect(screen.part("message")).to_contain_text("no longer answered and was ended")
    expect(end).to_have_count(0)
    run = screen.run
    screen.press("resume")
    screen.other_run(run)
    screen.status("running")
