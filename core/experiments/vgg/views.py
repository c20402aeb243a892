"""What the screen shows of the VGG: its blocks, how signal and gradient pass through the depth, the test set."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.experiments.vgg.config import VGGConfig
from core.experiments.vgg.loop import to_input
from core.images.focus import image_focus, image_frame, looked_at, shown_images
from core.models import VGG
from core.snapshot import Frame, Snapshot
from core.views.images import saliency, tested
from core.views.stack import LEVELS, colour_filters, depth, maps_of_blocks, shown_blocks

PARTS = ("layers", "depth", "test")
"""What a viewer may look at: all blocks for one image, how signal and gradient pass through the depth, the test set."""
VIEWED_FLOPS = 4e10
"""About as many floating-point operations one look may take."""
MEASURED = 32
"""Test images of which the depth's activations are taken."""


def focus(wish: Any) -> dict[str, Any]:
    """What a viewer wants to look at, checked, see `image_focus`."""
    return image_focus(wish, PARTS)


def at_once(config: VGGConfig, most: int) -> int:
    """How many images one look may send through the network."""
    return int(max(4, min(most, VIEWED_FLOPS // config.stack.flops)))


def view(config: VGGConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """What the screen draws of one step: the part that the viewer looks at."""
    net = snapshot.net
    assert isinstance(net, VGG)
    image, label = looked_at(focus, *shown_images(config))
    unseen = next(net.parameters()).is_meta
    views = {
        "layers": lambda: view_layers(config, net, image) if not unseen else {"input": image.numpy()},
        "depth": lambda: view_depth(config, net) if not unseen else {},
        "test": lambda: view_test(config, net),
    }
    names = [f"{row.kind} {row.channels}" for row in config.stack.weighted]
    sides = [config.stack.block_sides[number] for number in shown_blocks(len(config.stack.block_sides))]
    return image_frame(snapshot, focus, label, views, unseen=unseen, names=names, sides=sides)


def view_layers(config: VGGConfig, net: VGG, image: Tensor) -> dict[str, np.ndarray]:
    """One image through all blocks: the first filters and their gradients, each block's maps, the probabilities."""
    first = net.features[0]
    x = to_input(config, image_batch(config, image)).to(next(net.parameters()).device)
    maps, features = maps_of_blocks(net.features, x)
    probability = torch.softmax(net.classifier(features.flatten(start_dim=1)), dim=1)[0]
    filters = colour_filters(first) if isinstance(first, nn.Conv2d) else {}
    return {
        "input": image.numpy(),
        **filters,
        **{f"maps{number}": block for number, block in enumerate(maps, start=1)},
        "probability": torch.nan_to_num(probability).cpu().numpy(),
        "saliency": saliency(net, x, LEVELS)[:: max(1, config.size // 56), :: max(1, config.size // 56)].copy(),
    }


def image_batch(config: VGGConfig, image: Tensor) -> Tensor:
    """One image as a batch of the set's kind: a drawing becomes coloured where the set is."""
    if image.dim() == 2 and not config.grey_data:
        side = config.image_set.size
        image = nn.functional.interpolate(image[None, None].float(), size=side, mode="bilinear")[0, 0].to(torch.uint8)
        image = image.expand(3, side, side)
    return image[None]


def view_depth(config: VGGConfig, net: VGG) -> dict[str, np.ndarray]:
    """The gradient's size and the signal's in every layer with weights."""
    images, _ = shown_images(config)
    if not len(images):
        images = torch.zeros(4, *images.shape[1:], dtype=torch.uint8)
    x = to_input(config, images[: at_once(config, MEASURED)]).to(next(net.parameters()).device)
    return depth(net, x)


def view_test(config: VGGConfig, net: VGG) -> dict[str, np.ndarray]:
    """The first test images: confusion matrix, surest mistakes, and the last layer's inputs in 2-D."""
    images, labels = shown_images(config)
    if next(net.parameters()).is_meta:
        images, labels = images[:0], labels[:0]
    count = at_once(config, len(images)) if len(images) else 0
    images, labels = images[:count], labels[:count]
    device = next(net.parameters()).device
    parts = [
        net.features(to_input(config, images[start : start + config.batch_size]).to(device)).flatten(start_dim=1)
        for start in range(0, count, config.batch_size)
    ]
    features = torch.cat(parts) if parts else torch.zeros(0, config.n_features)
    logits = net.classifier(features) if parts else torch.zeros(0, config.n_classes)
    return tested(images, labels, features, logits, config.n_classes)
