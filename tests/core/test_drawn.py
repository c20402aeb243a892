"""Drawn digits are brought into MNIST's form."""

import base64

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.data.digits import digits
from core.data.drawn import BOX, SIDE, SIZE, centred, read_drawing
from core.experiments.cnn import CNNConfig, evaluate, train

places = st.integers(0, SIDE - 1)


def test_an_empty_pad() -> None:
    assert centred(torch.zeros(SIDE, SIDE, dtype=torch.uint8)).sum() == 0


@given(st.lists(st.tuples(places, places, st.integers(1, 255)), min_size=1, max_size=30))
def test_whatever_is_drawn_fits_the_box_with_its_mass_in_the_middle(dots: list[tuple[int, int, int]]) -> None:
    drawing = torch.zeros(SIDE, SIDE, dtype=torch.uint8)
    for row, column, ink in dots:
        drawing[row, column] = ink
    image = centred(drawing)
    assert image.shape == (SIZE, SIZE)
    assert image.max() == 255
    rows, columns = (image.amax(dim=axis).nonzero()[:, 0] for axis in (1, 0))
    assert rows[-1] - rows[0] < BOX
    assert columns[-1] - columns[0] < BOX
    mass = image.float() / image.sum()
    for axis, seen in ((1, rows), (0, columns)):
        centre = float((mass.sum(dim=axis) * torch.arange(SIZE)).sum())
        clamped = seen[0] == 0 or seen[-1] == SIZE - 1
        assert clamped or abs(centre - SIZE / 2) < 0.75


def test_a_dot_stays_small() -> None:
    drawing = torch.zeros(SIDE, SIDE, dtype=torch.uint8)
    drawing[50:59, 20:29] = 255
    assert (centred(drawing) > 0).sum() <= 36


def test_mnist_digits_are_read_as_well_as_before() -> None:
    config = CNNConfig.create({"device": "cpu", "num_epochs": 3, "evaluate_every": 1000})
    *_, snapshot = train(config, {})
    images, labels = digits()[2:]
    again = torch.stack([centred(image) for image in images])
    _, plain = evaluate(config, snapshot.net, images, labels)
    _, moved = evaluate(config, snapshot.net, again, labels)
    assert plain > 0.9
    assert moved == pytest.approx(plain, abs=0.003)


@pytest.mark.parametrize("text", ["", "!", "QUJD", base64.b64encode(bytes(SIDE * SIDE + 1)).decode(), "A" * 10**6])
def test_what_is_no_drawing(text: str) -> None:
    with pytest.raises(ValueError, match="no drawing"):
        read_drawing(text)


def test_a_drawing_is_read() -> None:
    content = bytes(i % 256 for i in range(SIDE * SIDE))
    assert read_drawing(base64.b64encode(content).decode()).flatten().tolist() == list(content)
