"""The shapes drawn on the spot."""

from __future__ import annotations

import torch

from core.data.coloured_shapes import SHAPES, coloured_shapes


def test_shapes_types_and_balance() -> None:
    images, labels = coloured_shapes(40, seed=3)
    assert images.shape == (40, 3, 32, 32) and images.dtype == torch.uint8
    assert labels.dtype == torch.int64
    assert torch.bincount(labels).tolist() == [4] * len(SHAPES)
    assert coloured_shapes(3, seed=3, size=28)[0].shape == (3, 3, 28, 28)


def test_the_seed_fixes_all_chance_and_nothing_else_is_drawn() -> None:
    before = torch.get_rng_state()
    images, _ = coloured_shapes(20, seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(images, coloured_shapes(20, seed=3)[0])
    assert not torch.equal(images, coloured_shapes(20, seed=4)[0])


def test_every_shape_is_seen_against_its_ground() -> None:
    images, labels = coloured_shapes(1000, seed=0)
    corner = images[:, :, :2, :2].float().mean(dim=(2, 3), keepdim=True)
    differs = ((images.float() - corner).abs().amax(dim=1) > 60).float().mean(dim=(1, 2))
    for label in range(len(SHAPES)):
        share = differs[labels == label]
        assert share.min() > 0.01 and share.max() < 0.7, SHAPES[label]
