"""The page of the layers, without a browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from core.frames import decode
from core.layers import CARDS
from core.layers.card import Refused
from pages.layers.form import CardForm
from tests.pages.tabs import BOB, Tab

Open = Callable[..., Tab]


def form(tab: Tab, name: str = "conv2d") -> CardForm:
    """The tab's form of a card."""
    form: CardForm = tab.at.session_state[f"card form {name}"]
    return form


def picture(tab: Tab) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What the page tells the picture: facts and arrays."""
    header, arrays = decode(base64.b64decode(tab.data_of("card picture")["frame"]))
    facts: Any = header["card"]
    return facts, {key.removeprefix("card/"): array for key, array in arrays.items()}


def code(tab: Tab) -> str:
    """The lines result."""
    lines = tab.data_of("card lines")["lines"]
    return "\n".join("".join(text for _kind, text in line["parts"]) for line in lines)


def test_every_card_shows_its_lines_and_their_numbers(open_tab: Open) -> None:
    page = open_tab().open("layers", card=next(iter(CARDS)))
    for name, card in CARDS.items():
        assert page.at.session_state["card chosen"] == name
        assert page.data_of("card picture")["card"] == name
        assert not page.errors
        result = card.show(card.config(), None)
        assert code(page) == "\n".join(result.lines)
        marked = [line for line in page.data_of("card lines")["lines"] if line["marked"]]
        assert len(marked) == result.lines_of_it
        arrays = picture(page)[1]
        assert all(np.array_equal(arrays[key], result.arrays[key], equal_nan=True) for key in result.drawn)
        page.press("card next")


def test_a_slider_changes_line_picture_shape_and_formula(open_tab: Open) -> None:
    page = open_tab().open("layers", card="conv2d")
    assert "(1, 1, 48, 48)` → `(1, 1, 48, 48)" in page.words
    page.set("card conv2d.stride", 2)
    assert "stride=2" in code(page)
    assert "→ `(1, 1, 24, 24)`" in page.words
    assert r"\frac{48 + 2\cdot1 - 1\cdot2 - 1}{2}\right\rfloor + 1 = 24" in page.words
    assert picture(page)[1]["y"].shape == (1, 24, 24)
    assert "**9** parameters" in page.words


def test_what_torch_refuses_is_told_at_the_control_and_the_picture_stays(open_tab: Open) -> None:
    page = open_tab().open("layers", card="conv2d").set("card conv2d.groups", 2)
    assert page.errors == ["in\\_channels = 1 can't be split into 2 equal groups."]
    assert picture(page)[1]["y"].shape == (1, 48, 48)
    assert "groups" not in code(page)
    page.set("card conv2d.groups", 1)
    assert not page.errors


def test_a_link_brings_the_arguments_and_tells_what_it_can_not_use(open_tab: Open) -> None:
    page = open_tab().open("layers", card="maxpool2d", kernel_size="3", stride="1", ceil_mode="perhaps")
    assert form(page, "maxpool2d").config.to_query() == {"kernel_size": "3", "stride": "1"}
    assert page.errors == ["“perhaps” is neither true nor false."]
    assert not page.set("card maxpool2d.stride", 2).errors, "it stays until something is changed"
    page = open_tab(BOB).open("layers", card="convolution")
    assert page.errors == ["There is no card “convolution”."]
    page = open_tab("c" * 32).open("layers", card="conv2d", preset="own", kernel="0,1,0,1,-4,1,0,1,0")
    assert picture(page)[1]["weight"].ravel().tolist() == [0, 1, 0, 1, -4, 1, 0, 1, 0]


def test_the_link_shown_leads_back(open_tab: Open) -> None:
    page = open_tab().open("layers", card="gelu")
    page = open_tab().open("layers", card="activations", functions="GELU,SiLU", reach="7")
    [link] = [element.value for element in page.at.code if "card=activations" in element.value]
    query = dict(part.split("=") for part in link.split("?")[1].split("&"))
    other = open_tab(BOB).open("layers", **query)
    assert form(other, "activations").config == form(page, "activations").config


def test_choices_survive_a_refresh_and_are_nobody_elses(open_tab: Open) -> None:
    open_tab().open("layers", card="avgpool2d").set("card avgpool2d.kernel_size", 4)
    again = open_tab().open("layers")
    assert again.at.session_state["card chosen"] == "avgpool2d"
    assert again.widget("card avgpool2d.kernel_size").value == 4
    assert open_tab(BOB).open("layers").at.session_state["card chosen"] == "conv2d"


def test_the_menu_and_the_arrows(open_tab: Open) -> None:
    page = open_tab().open("layers").set("cards of pooling", "lppool2d")
    assert page.at.session_state["card chosen"] == "lppool2d"
    assert page.widget("cards of convolution").value is None
    page.press("card next")
    assert page.at.session_state["card chosen"] == "dropout"
    page.press("card before")
    page.press("card before")
    assert page.at.session_state["card chosen"] == "adaptiveavgpool2d"


def test_a_button_draws_again_and_comes_back_to_the_first_draw(open_tab: Open) -> None:
    page = open_tab().open("layers", card="dropout2d")
    first = form(page, "dropout2d").config.draw
    before = picture(page)[1]["y"]
    page.press("Draw again")
    assert f"torch.manual_seed({first + 1})" in code(page)
    assert not np.array_equal(picture(page)[1]["y"], before)
    page = open_tab().open("layers", card="dropout2d", draw="50").press("Draw again")
    assert "torch.manual_seed(0)" in code(page)


def test_the_first_draw_of_dropout2d_keeps_some_maps_and_drops_some(open_tab: Open) -> None:
    maps = picture(open_tab().open("layers", card="dropout2d"))[1]["y"]
    kept = [bool(np.any(channel)) for channel in maps]
    assert any(kept) and not all(kept)


def test_reset(open_tab: Open) -> None:
    page = open_tab().open("layers", card="linear", in_features="6", bias="false").press("Reset")
    assert form(page, "linear").config.to_query() == {}
    assert page.widget("card linear.in_features").value == 4


def test_a_number_of_the_kernel_makes_it_ones_own(open_tab: Open) -> None:
    page = open_tab().open("layers", card="conv2d")
    numbers = [0, 0, 0, 0, 2.5, 0, 0, 0, 0]
    page.tell("kernel", key="kernel conv2d")  # nothing sensible
    assert form(page).config.to_query() == {}
    tell_list(page, numbers)
    assert form(page).config.to_query() == {"preset": "own", "kernel": "0.0,0.0,0.0,0.0,2.5,0.0,0.0,0.0,0.0"}
    assert page.widget("card conv2d.preset").value == "own"
    assert picture(page)[1]["weight"].ravel().tolist() == numbers
    tell_list(page, [999] * 9)
    assert picture(page)[1]["weight"].ravel().tolist() == numbers


def tell_list(page: Tab, numbers: list[float]) -> None:
    """What the kernel's editor tells the page."""
    from streamlit.components.v2.bidi_component.main import _make_trigger_id
    from streamlit.proto.WidgetStates_pb2 import WidgetState

    [component] = [element for element in page.at.get("bidi_component") if element.key == "kernel conv2d"]
    states = page.at._tree.get_widget_states()
    payload = json.dumps([{"event": "kernel", "value": numbers}])
    states.widgets.append(WidgetState(id=_make_trigger_id(component.proto.id, "events"), json_trigger_value=payload))
    page._as_owner(lambda: page.at._run(states))
    page.run()


def test_a_start_is_clicked(open_tab: Open) -> None:
    page = open_tab().open("layers", card="optimizers")
    page.tell("start", key="card picture", x=4.0, y=-1.5)
    assert form(page, "optimizers").config.to_query() == {"start_x": "4", "start_y": "-1.5"}
    assert picture(page)[1]["paths"][:, 0].tolist() == [[4.0, -1.5]] * 4
    page.tell("start", key="card picture", x="a lot", y=None)
    assert form(page, "optimizers").config.to_query() == {"start_x": "4", "start_y": "-1.5"}


def test_torchs_own_words_where_the_card_did_not_know(open_tab: Open) -> None:
    page = open_tab().open("layers", card="linear")

    def refuse(config: Any, own: Any) -> Any:
        raise Refused("mat1 and mat2 *shapes* can't be multiplied")

    object.__setattr__(
        form(page, "linear"), "card", CARDS["linear"].__class__(**{**vars(CARDS["linear"]), "show": refuse})
    )
    page.run()
    assert page.errors == ["torch refuses: mat1 and mat2 \\*shapes\\* can't be multiplied"]
