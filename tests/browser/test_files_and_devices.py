"""Saving, loading, continuing, and where tensors live, as a person does it in a browser."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import torch
from playwright.sync_api import Page, expect

from core.models import Net
from tests.browser.conftest import PHONE, Person
from tests.browser.screen import PATIENCE, Screen, redrawn, settles
from tests.browser.screen import choose as choose_radio


class Harm:
    """A pickle that leaves a mark when it is opened."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


def at(person: Person, path: str) -> Page:
    """A page that has no live view."""
    page = person.tab().page
    page.goto(person.url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE)
    return page


def choose(page: Page, name: str) -> None:
    """Choose one of a row of buttons, and wait until the page has followed."""
    choose_radio(page.get_by_role("radio", name=name, exact=True))


def saved(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def upload(page: Page, label: str, name: str, data: bytes) -> None:
    """Give a file to an uploader."""
    chooser = page.get_by_test_id("stFileUploader").filter(has_text=label).locator("input[type=file]")
    with redrawn(page):
        chooser.set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": data})


def test_save_load_and_go_on(person: Callable[..., Person], tmp_path: Path) -> None:
    someone = person()
    page = at(someone, "/saving")
    page.get_by_role("button", name="Train the Classifier").click()
    expect(page.locator(".code-panel").filter(has_text="torch.save(net.state_dict()")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("treeitem").filter(has_text="hidden.0.weight")).to_be_visible()

    choose(page, "checkpoint")
    expect(page.get_by_role("treeitem").filter(has_text="optimizer")).to_be_visible(timeout=PATIENCE)
    slider = page.get_by_role("slider", name="Kept step")
    with redrawn(page):
        slider.press("ArrowLeft")
    step = int(slider.get_attribute("aria-valuetext") or 0)
    assert 0 < step < 200
    expect(page.get_by_text(f"classifier_step{step}_checkpoint.pt").first).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == f"classifier_step{step}_checkpoint.pt"
    checkpoint = Path(download.value.path()).read_bytes()

    choose(page, "ONNX")
    expect(page.get_by_role("treeitem").filter(has_text="Gemm(x, hidden.0.weight")).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == f"classifier_step{step}_onnx.onnx"
    program = Path(download.value.path()).read_bytes()

    choose(page, "Load")
    expect(page.get_by_text("All 4 keys fit")).to_be_visible(timeout=PATIENCE)
    choose(page, "upload a file")
    upload(page, "A file by torch.save", "again.onnx", program)
    expect(page.get_by_text("All 4 keys fit")).to_be_visible(timeout=PATIENCE)
    choose(page, "the file from “Save”")
    choose(page, "upload a file")
    torch.manual_seed(1)
    wrapped = {f"module.{name}": tensor for name, tensor in Net(2, 14, 2).state_dict().items()}
    upload(page, "A file by torch.save", "wide.pt", saved({"epoch": 3, "best": {"net": wrapped}}))
    expect(page.get_by_text("All 4 keys fit")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("module. was written by a wrapper")).to_be_visible()
    expect(page.get_by_text('weights_only=True)["best"]["net"]')).to_be_visible()
    page.get_by_role("combobox", name="Network to load into").click()
    page.get_by_role("option", name="Classifier, as in the run above").click()
    expect(page.get_by_text("PyTorch refuses. Another size: 3.")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("cell", name="another size").first).to_be_visible()
    choose(page, "the file from “Save”")
    expect(page.get_by_text("All 4 keys fit")).to_be_visible(timeout=PATIENCE)
    choose(page, "upload a file")
    upload(page, "A file by torch.save", "foreign.pt", saved(torch.nn.Sequential(torch.nn.Linear(4, 8)).state_dict()))
    expect(page.get_by_text("None of the names match")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Missing in the file: 4.")).to_be_visible()  # of the classifier, not of a VGG
    choose(page, "the file from “Save”")
    expect(page.get_by_text("All 4 keys fit")).to_be_visible(timeout=PATIENCE)
    choose(page, "upload a file")
    upload(page, "A file by torch.save", "evil.pt", saved({"w": Harm(tmp_path / "mark")}))
    refusal = page.get_by_role("alert").filter(has_text="This file would run code when opened")
    expect(refusal).to_be_visible(timeout=PATIENCE)
    assert not (tmp_path / "mark").exists()

    choose(page, "Continue training")
    upload(page, "A checkpoint of this app", "tomorrow.pt", checkpoint)
    page.get_by_role("button", name=f"Continue from step {step}", exact=True).click(timeout=PATIENCE)
    page.get_by_role("link", name="To the page “Classifier”").click(timeout=PATIENCE)
    screen = Screen(page, someone.url).shown()
    screen.status("paused")
    assert screen.look("behind.steps().length") == step
    screen.press("play")
    screen.reach(step + 5)
    screen.whole()

    stranger = at(person(), "/saving")
    expect(stranger.get_by_text("You have no run yet")).to_be_visible(timeout=PATIENCE)


def test_tensors_move_and_mistakes_are_fixed(person: Callable[..., Person]) -> None:
    page = at(person(**PHONE), "/devices")
    device = page.locator(".moves .place.device")
    expect(device.locator(".chip")).to_have_count(0, timeout=PATIENCE)
    for there in (2, 3, 5, 6):
        page.get_by_role("button", name="Next line").click()
        expect(device.locator(".chip")).to_have_count(there)
    page.get_by_role("button", name="Back", exact=True).click()
    expect(device.locator(".chip")).to_have_count(5)
    expect(device.get_by_text("64 × 1 × 28 × 28")).to_be_visible()
    settles(lambda: device.evaluate("box => box.scrollHeight > box.clientHeight"))
    choose(page, "Precision")
    expect(page.get_by_role("cell", name="65,504")).to_be_visible(timeout=PATIENCE)
    settles(lambda: page.get_by_test_id("stMain").evaluate("main => main.scrollWidth > 390 && main.scrollWidth"))
    choose(page, "Classic mistakes")
    mistake = page.get_by_test_id("stVerticalBlock").filter(has_text="The model moved, the data did not").last
    alert = mistake.get_by_role("alert")
    expect(alert).to_have_count(1, timeout=PATIENCE)
    mistake.get_by_text("fix it").click()
    expect(alert).to_have_count(0, timeout=PATIENCE)
