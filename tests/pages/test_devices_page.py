"""The page of devices, without a browser, as it is without a GPU."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from pages.devices.measured import readable
from tests.pages.tabs import BOB, Tab

NO_GPU = pytest.mark.skipif(
    torch.cuda.is_available() or torch.backends.mps.is_available(), reason="this machine has a GPU"
)


@NO_GPU
def test_the_machine_and_the_three_moves(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("devices")
    assert f"**PyTorch {torch.__version__}**" in page.words
    assert "The **meta** device stands in" in page.words
    stages = page.data_of("devices moves picture")["stages"]
    assert [sum(place["there"] for place in stage["places"]) for stage in stages] == [0, 2, 3, 5, 6, 6]
    assert [stage["error"].split(":")[0] for stage in stages] == ["", "", "", "", "", "NotImplementedError"]
    assert stages[-1]["told"].endswith("on it this line ends in a NotImplementedError.")
    assert "pred_y" not in [place["name"] for place in stages[-1]["places"]], "it was never made"
    page.set("devices moves", "cpu")
    stages = page.data_of("devices moves picture")["stages"]
    assert "Measured:" in stages[3]["told"]
    assert "pred_y" in [place["name"] for place in stages[-1]["places"]] and not stages[-1]["error"]


@NO_GPU
def test_mistakes_are_made_and_mended(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("devices").set("devices section", "pitfalls")
    assert any("is not on the expected device" in error for error in page.errors)
    assert any("can't convert meta device type tensor" in error for error in page.errors)
    page.set("devices pitfall data", True)
    assert not any("is not on the expected device" in error for error in page.errors)
    assert "That can't be shown without one." in page.words


def test_measurements_wait_for_a_press(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("devices")
    for section in ("sweep", "precision", "threads", "lesson"):
        page.set("devices section", section)
        assert page.errors == []
    page.set("devices section", "threads").press("devices threads button")
    assert page.errors == []
    assert "Net(2, 10, 2)" in page.words


@pytest.mark.parametrize(
    ("number", "read"),
    [
        (0.0, "0"), (1.0, "1"), (65504.0, "65,504"), (24.83, "25"), (0.77, "0.77"), (0.0009765625, "0.00098"),
        (6.103515625e-05, "0.000061"), (2.0**-52, "2.2 × 10⁻¹⁶"), (3.4028234663852886e38, "3.4 × 10³⁸"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_people_read_them(number: float, read: str) -> None:
    assert readable(number).replace("\u00a0", " ") == read


def test_section_and_measurement_are_there_after_a_refresh(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("devices").set("devices section", "threads").press("devices threads button")
    measured = [element.value for element in page.at.caption if "Medians, measured on" in element.value]
    again = open_tab().open("devices")
    assert again.at.session_state["devices section"] == "threads"
    assert [element.value for element in again.at.caption if "Medians, measured on" in element.value] == measured != []
    assert "Net(2, 10, 2)" in again.words
    assert open_tab(BOB).open("devices").at.session_state["devices section"] == "moves"
