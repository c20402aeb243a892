"""What has to work wherever the app is shown: at a host's root or below a path, in a tab or in a frame."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from playwright.sync_api import BrowserContext, Frame, Request, Response, expect

from tests.browser.screen import PATIENCE, POLLING, TRAINING

PAGE = "/classifier?dataset=circles&num_steps=50000"
"""A page whose run does not end while it is looked at."""


@contextmanager
def in_vain(context: BrowserContext, root: str, *others: str) -> Iterator[list[str]]:
    """What is asked for while inside and is not there, or is not below the app's own address: nothing, if all is well.

    Args:
        root: the app's address, without a slash at its end.
        others: addresses outside it that are asked for with good reason.
    """
    problems: list[str] = []

    def asked(request: Request) -> None:
        if request.url.startswith("http") and not request.url.startswith(f"{root}/") and request.url not in others:
            problems.append(f"outside: {request.url}")

    def answered(response: Response) -> None:
        if response.status >= 400:
            problems.append(f"{response.status}: {response.url}")

    context.on("request", asked)
    context.on("response", answered)
    yield problems
    context.remove_listener("request", asked)
    context.remove_listener("response", answered)


def wait(frame: Frame, condition: str, it: Any = None) -> None:
    """Wait until something of `BEHIND` is so."""
    frame.wait_for_function(f"(it) => window.behind && {condition}", arg=it, polling=POLLING, timeout=PATIENCE)


def train_and_pause(frame: Frame) -> tuple[str, int]:
    """Press Play, see the picture move, and pause; returns the run and the step at which it pauses."""
    wait(frame, "behind.pixels() !== 0")
    before = frame.evaluate("behind.pixels()")
    frame.get_by_test_id("play").click()
    wait(frame, "behind.step() > 5 && behind.pixels() !== it", before)
    frame.get_by_test_id("play").click()
    wait(frame, "behind.status() === 'paused'")
    run, step = frame.evaluate("[behind.run(), behind.step()]")
    return run, step


def is_kept(frame: Frame, run: str, step: int) -> None:
    """Wait until a page that was opened afresh shows the run as it was left."""
    wait(frame, "behind.run() === it[0] && behind.step() >= it[1] && behind.status() === 'paused'", [run, step])


def tensorboard_is_drawn(frame: Frame, root: str) -> None:
    """The page on TensorBoard has TensorBoard in it, with this person's own logs."""
    frame.goto(f"{root}/logging")
    board = frame.frame_locator("iframe[src*='/tensorboard/']")
    expect(board.get_by_text("first_example/first").first).to_be_visible(timeout=TRAINING)
    expect(board.locator("scalar-card, tb-line-chart, line-chart").first).to_be_visible(timeout=TRAINING)


def tensorboard_is_drawn_in_a_tab(frame: Frame) -> None:
    """What is in the frame on the page can be opened by itself, as the page's link does."""
    address = frame.locator("iframe[src*='/tensorboard/']").get_attribute("src")
    assert address is not None
    tab = frame.page.context.new_page()
    tab.goto(address)
    expect(tab.get_by_text("first_example/first").first).to_be_visible(timeout=TRAINING)
    tab.close()


def a_file_is_taken(frame: Frame, root: str) -> None:
    """A file that is uploaded arrives and is read. Where a kept step is known, its own file is offered at first."""
    frame.goto(f"{root}/saving")
    frame.get_by_role("radio", name="Load").check(force=True, timeout=PATIENCE)
    upload = frame.get_by_role("radio", name="upload a file")
    uploader = frame.get_by_test_id("stFileUploader").filter(has_text="A file by torch.save")
    expect(upload.or_(uploader).first).to_be_attached(timeout=PATIENCE)
    if upload.count():
        upload.check(force=True)
    file = io.BytesIO()
    torch.save({"weight": torch.zeros(3)}, file)
    small: Any = {"name": "small.pt", "mimeType": "application/octet-stream", "buffer": file.getvalue()}
    uploader.locator("input[type=file]").set_input_files(small)
    expect(frame.get_by_text("Tensors: 1")).to_be_visible(timeout=PATIENCE)
