"""What the screen shows of a network of one's own: an image on its way through the blocks, and the test set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.blocks import Block, read
from core.blocks.fitting import check
from core.experiments.build.config import BuildConfig
from core.experiments.build.loop import SHOWN, to_input
from core.experiments.build.plane import view_plane
from core.experiments.build.portions import SHOWN_FLOPS, at_once, device_of, in_parts
from core.images.focus import image_focus, image_frame, looked_at, shown_images
from core.snapshot import Frame, Snapshot
from core.views.images import byte_maps, tested

PARTS = ("blocks", "test")
"""What a viewer may look at of a network for images: one image on its way, or what the test set shows."""
MOST_STAGES = 8
"""Blocks whose maps are drawn."""
MOST_BYTES = 60_000
"""Bytes of all maps of a frame."""


def focus(wish: Any) -> dict[str, Any]:
    """What a viewer wants to look at, checked, see `image_focus`."""
    return image_focus(wish, PARTS)


@dataclass(frozen=True)
class Stage:
    """Blocks that are looked at as one: a convolution with its norm and activation, say.

    Attributes:
        name: the blocks' names.
        end: the number of the block after the last one.
        shape: what it puts out.
    """

    name: str
    end: int
    shape: tuple[int, ...]


@lru_cache(maxsize=128)
def stages(blocks: str, input_shape: tuple[int, ...], n_classes: int, batches: tuple[int, ...]) -> list[Stage]:
    """The stages whose outputs are drawn: all but reshapings and the last layer, spread over the network."""
    network = read(blocks)
    checked = check(network, input_shape, n_classes, batches)
    drawn: list[Stage] = []
    for number, block in enumerate(network[: last_linear(network)]):
        output = checked.rows[(number,)].output or ()
        follows = not any(word in block.kind for word in ("Conv", "Pool", "Linear", "Residual"))
        if block.kind == "Flatten":
            continue
        if follows and drawn and drawn[-1].end == number:
            drawn[-1] = Stage(f"{drawn[-1].name} → {block.kind}", number + 1, output)
        else:
            drawn.append(Stage(block.kind, number + 1, output))
    if len(drawn) > MOST_STAGES:
        drawn = [drawn[round(i * (len(drawn) - 1) / (MOST_STAGES - 1))] for i in range(MOST_STAGES)]
    return drawn


def last_linear(network: tuple[Block, ...]) -> int:
    """The number of the last Linear; of the last block where there is none."""
    return max((n for n, block in enumerate(network) if block.kind == "Linear"), default=len(network) - 1)


def stages_of(config: BuildConfig) -> list[Stage]:
    """The stages of a config's network."""
    return stages(config.blocks, config.input_shape, config.n_classes, config.batches)


def view(config: BuildConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """What the screen draws of one step: the boundary of points, or the part of images that the viewer looks at."""
    net = snapshot.net
    if config.on_points:
        return view_plane(config, snapshot)
    image, label = looked_at(focus, *shown_images(config), drawn=config.grey)
    views: dict[str, Callable[[], dict[str, np.ndarray]]] = {
        "blocks": lambda: view_blocks(config, net, image),
        "test": lambda: view_test(config, net),
    }
    return image_frame(snapshot, {**focus, "part": focus.get("part", "blocks")}, label, views)


def moving(config: BuildConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """The same while it trains: the boundary of an expensive network is computed at fewer points."""
    return view_plane(config, snapshot, moving=True) if config.on_points else view(config, snapshot, focus)


def layers_of(net: nn.Module) -> nn.Sequential:
    """The layers of a network of one's own."""
    layers = net.layers
    assert isinstance(layers, nn.Sequential)
    return layers


def view_blocks(config: BuildConfig, net: nn.Module, image: Tensor) -> dict[str, np.ndarray]:
    """One image on its way through the network: each stage's maps, and the probabilities."""
    x = to_input(config, image[None]).to(device_of(net))
    arrays = {"input": image.numpy()}
    layers, done = layers_of(net), 0
    drawn = stages_of(config)
    for number, stage in enumerate(drawn):
        x = layers[done : stage.end](x)
        done = stage.end
        arrays[f"maps{number}"] = maps_of(x[0], MOST_BYTES // len(drawn))
    probability = torch.softmax(layers[done:](x), dim=1)[0]
    return arrays | {"probability": torch.nan_to_num(probability).cpu().numpy()}


def maps_of(output: Tensor, most: int) -> np.ndarray:
    """What a block puts out as byte maps (count, rows, columns) of at most `most` bytes: the first ones.

    Args:
        output: (numbers,), (channels, length) or (channels, height, width).
    """
    maps = output.reshape(len(output), 1, -1) if output.dim() < 3 else output
    if max(maps.shape[1:]) > 32:
        rows, columns = (min(32, side) for side in maps.shape[1:])
        maps = nn.functional.adaptive_avg_pool2d(maps[: max(1, most // 32)], (rows, columns))
    count = max(1, min(128, most // (maps.shape[1] * maps.shape[2])))
    return byte_maps(maps[:count])


def view_test(config: BuildConfig, net: nn.Module) -> dict[str, np.ndarray]:
    """The first test images: confusion matrix, surest mistakes, and the last Linear's inputs in 2-D."""
    images, labels = shown_images(config)
    count = int(min(SHOWN, max(50, SHOWN_FLOPS // max(1, config.checked.flops))))
    images, labels = images[:count], labels[:count]
    layers, last = layers_of(net), last_linear(config.network)
    few = at_once(config)
    hidden = in_parts(lambda x: layers[:last](to_input(config, x).to(device_of(net))), images, few)
    return tested(images, labels, hidden.flatten(1), in_parts(layers[last:], hidden, few), config.n_classes)
