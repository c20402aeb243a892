"""The small pictures beside what can be chosen: made from the real points, functions and images."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.experiments import experiment
from pages.shared.pictures import choices
from pages.shared.pictures.choices import picture, pictures_of
from pages.shared.pictures.palette import LIGHT
from tests.experiments import NAMES
from tests.pages.tabs import Tab


def addresses() -> dict[str, str]:
    """All pictures of all experiments: address -> what is chosen with it."""
    return {
        place: f"{setting}={choice}"
        for name in NAMES
        for setting, pictures in pictures_of(experiment(name).config).items()
        for choice, place in pictures.items()
    }


def test_all_pictures_are_served_and_differ() -> None:
    client = TestClient(Starlette(routes=choices.routes))
    drawn = {}
    for place, chosen in addresses().items():
        answer = client.get(place)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("image/svg"), chosen
        assert len(ElementTree.fromstring(answer.text)) > 0, chosen
        drawn[chosen] = answer.text
    unlike = set(drawn) - {"dataset=mnist", "signal=own", "nonlinearity=tanh", "nonlinearity=relu"}
    assert len({drawn[chosen] for chosen in unlike}) == len(unlike) > 25


@pytest.mark.parametrize("path", ["activation/Module", "features/x9", "dataset/none", "lr/1", "activation/.."])
def test_nothing_else_is_drawn(path: str) -> None:
    client = TestClient(Starlette(routes=choices.routes))
    assert client.get(f"/assets/choices/0/{path}.svg").status_code == 404


def test_every_data_set_and_signal_has_a_picture() -> None:
    for name in NAMES:
        config = experiment(name).config
        for setting in {"dataset", "signal"} & config.settings().keys():
            assert pictures_of(config)[setting].keys() == (config.settings()[setting].choices or {}).keys()


def test_points_have_their_classes_and_a_feature_its_sign() -> None:
    colours = re.findall('cx="([0-9.]+)" cy="([0-9.]+)" r="1.3" fill="(#......)"', picture("dataset", "clouds"))
    up_right = [colour for x, y, colour in colours if float(x) > 24 and float(y) < 12]
    assert len(up_right) >= 10 and set(up_right) == {LIGHT["classes"][0]}, "class 0 is around (2, 2)"
    squares = re.findall('fill="(#......)"', picture("features", "x1"))
    assert squares[:6] == [LIGHT["negative"]] * 6 and squares[6:12] == [LIGHT["positive"]] * 6


def test_choices_have_a_picture_beside_their_name(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().open("classifier")
    for setting, most in (("dataset", 7), ("features", 7), ("activation", 5)):
        labels = [option.content for option in page.widget(f"classifier.{setting}").proto.options]
        pictured = [label for label in labels if re.fullmatch(r"!\[\]\(assets/choices/\S+\.svg\) \S.*", label)]
        assert len(pictured) == most
    page.set("classifier.dataset", "moons").set("classifier.features", ["x1", "x1*x2"])
    assert (page.config.dataset, page.config.features) == ("moons", ("x1", "x1*x2"))
    page = open_tab().open("classifier", lang="zh")
    assert page.config.dataset == page.widget("classifier.dataset").value == "moons"
