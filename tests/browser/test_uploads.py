"""Files of the sizes that pages promise, in a real browser: they go in, and what is larger is refused in a sentence."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import torch
from playwright.sync_api import expect

from core import limits
from tests.browser.conftest import Person
from tests.browser.screen import PATIENCE


def weights(megabytes: float) -> bytes:
    """A file of torch.save of about that size."""
    file = io.BytesIO()
    torch.save({"weight": torch.zeros(round(megabytes * limits.MEGABYTE / 4))}, file)
    return file.getvalue()


def test_large_files_go_in_and_larger_ones_are_refused_in_a_sentence(
    person: Callable[..., Person], tmp_path: Path
) -> None:
    someone = person()
    page = someone.tab().page
    page.goto(f"{someone.url}/saving")
    page.get_by_role("radio", name="Load").check(force=True, timeout=PATIENCE)
    uploader = page.get_by_test_id("stFileUploader").filter(has_text="A file by torch.save")
    expect(uploader).to_contain_text(f"{limits.UPLOAD_MB}MB per file")
    for name, megabytes in {"vgg.pt": 14.9, "largest.pt": limits.UPLOAD_MB - 0.1}.items():
        (tmp_path / name).write_bytes(weights(megabytes))
        uploader.locator("input[type=file]").set_input_files(tmp_path / name)
        expect(uploader.get_by_text(name)).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_text("Tensors: 1")).to_be_visible(timeout=PATIENCE)
    (tmp_path / "larger.pt").write_bytes(weights(limits.UPLOAD_MB + 0.1))
    uploader.locator("input[type=file]").set_input_files(tmp_path / "larger.pt")
    expect(uploader.get_by_text(f"File must be {limits.UPLOAD_MB}.0MB or smaller.")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(f"At most {limits.UPLOAD_MB} MB. A larger file turns red")).to_be_visible()
    expect(page.get_by_text("Axios")).to_have_count(0)
