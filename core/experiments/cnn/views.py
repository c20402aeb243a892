"""What the screen shows of the CNN: its layers, one convolution close up, the test set."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.experiments.cnn.config import CNNConfig
from core.experiments.cnn.loop import to_input
from core.images.focus import image_focus, image_frame, looked_at, shown_images
from core.models import CNN
from core.snapshot import Frame, Snapshot
from core.views.images import byte_maps, saliency, tested

PARTS = ("layers", "convolution", "test")
"""What a viewer may look at: all layers for one image, one convolution close up, or what the test set shows."""


def focus(wish: Any) -> dict[str, Any]:
    """What a viewer wants to look at, checked, see `image_focus`; "channel" is the filter seen close up."""
    return image_focus(wish, PARTS, [("channel", 63)])


def view(config: CNNConfig, snapshot: Snapshot, focus: Mapping[str, Any]) -> Frame:
    """What the screen draws of one step: the part that the viewer looks at."""
    net = snapshot.net
    assert isinstance(net, CNN)
    image, label = looked_at(focus, *shown_images(config))
    channel = focus.get("channel", 0)
    views = {
        "layers": lambda: view_layers(config, net, image),
        "convolution": lambda: view_convolution(config, net, image, channel % config.channels1),
        "test": lambda: view_test(config, net),
    }
    return image_frame(snapshot, focus, label, views, stride=config.stride, padding=config.padding, channel=channel)


def first_convolution(net: CNN) -> nn.Conv2d:
    """The network's first convolution."""
    first = net.conv1[0]
    assert isinstance(first, nn.Conv2d)
    return first


def view_layers(config: CNNConfig, net: CNN, image: Tensor) -> dict[str, np.ndarray]:
    """One image through all layers: the filters and their gradients, the maps, the probabilities, the saliency."""
    weight = first_convolution(net).weight
    gradient = torch.zeros_like(weight) if weight.grad is None else weight.grad
    x = to_input(image[None], config.normalize_test).to(weight.device)
    maps1 = net.conv1(x)
    maps2 = net.conv2(maps1)
    probability = torch.softmax(net.out(maps2.flatten(start_dim=1)), dim=1)[0]
    return {
        "input": image.numpy(),
        "filters": byte_maps(weight[:, 0]),
        "filter_gradients": byte_maps(gradient[:, 0]),
        "maps1": byte_maps(maps1[0]),
        "maps2": byte_maps(maps2[0]),
        "probability": torch.nan_to_num(probability).cpu().numpy(),
        "saliency": saliency(net, x),
    }


def view_convolution(config: CNNConfig, net: CNN, image: Tensor, channel: int) -> dict[str, np.ndarray]:
    """One filter of the first convolution: its input, weights and bias, and its output before the activation."""
    first = first_convolution(net)
    x = to_input(image[None], config.normalize_test).to(first.weight.device)
    return {
        "input": x[0, 0].cpu().numpy(),
        "kernel": first.weight[channel, 0].cpu().numpy(),
        "bias": torch.zeros(1).numpy() if first.bias is None else first.bias[channel : channel + 1].cpu().numpy(),
        "output": first(x)[0, channel].cpu().numpy(),
    }


def view_test(config: CNNConfig, net: CNN) -> dict[str, np.ndarray]:
    """The first 1,000 test images: confusion matrix, surest mistakes, and the last layer's inputs in 2-D."""
    images, labels = shown_images(config)
    hidden = net.conv2(net.conv1(to_input(images, config.normalize_test).to(net.out.weight.device))).flatten(1)
    return tested(images, labels, hidden, net.out(hidden), config.n_classes)
