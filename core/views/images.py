"""What a network makes of images, as arrays for the screen: maps, what it looks at, its mistakes, its own order."""

import numpy as np
import torch
from torch import Tensor, nn

MOST_MISTAKES = 12
PROJECTED = 300
"""Images in the projection."""


def byte_maps(values: Tensor, levels: int = 127) -> np.ndarray:
    """Maps (C, H, W) as bytes: 128 for 0 and 255 for the largest size among them.

    Args:
        values: (C, H, W).
        levels: steps from 0 to the largest size; fewer of them pack smaller.
    """
    finite = torch.nan_to_num(values)
    size = finite.abs().amax().clamp(min=1e-12)
    return (128 + 127 * (levels * finite / size).round() / levels).round().to(torch.uint8).cpu().numpy()


def saliency(net: nn.Module, x: Tensor, levels: int = 255) -> np.ndarray:
    """How much each pixel moves the strongest logit, without touching the network's own gradients.

    Args:
        net: gives logits (1, classes).
        x: one image (1, C, H, W) as the network is given it.
        levels: steps from 0 to the largest; fewer of them pack smaller.

    Returns:
        uint8 (H, W): the size of the gradient of the largest logit, 255 where it is largest (Simonyan et al. 2013,
        "Deep Inside Convolutional Networks").
    """
    with torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        (gradient,) = torch.autograd.grad(net(x).max(), x)
    size = torch.nan_to_num(gradient).abs().amax(dim=(0, 1))
    steps = (levels * size / size.max().clamp(min=1e-30)).round()
    return (255 * steps / levels).round().to(torch.uint8).cpu().numpy()


def confusion(predicted: Tensor, labels: Tensor, classes: int) -> np.ndarray:
    """Int32 (classes, classes): row the true class, column the predicted one."""
    counts = torch.bincount(labels * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes).to(torch.int32).cpu().numpy()


def mistakes(probability: Tensor, labels: Tensor) -> Tensor:
    """The numbers of the images that are wrong, the surest mistake first.

    Args:
        probability: (N, classes).
        labels: (N,).
    """
    sure, predicted = torch.nan_to_num(probability).max(dim=1)
    wrong = (predicted != labels).nonzero()[:, 0]
    return wrong[sure[wrong].argsort(descending=True, stable=True)][:MOST_MISTAKES]


def projection(features: Tensor, labels: Tensor) -> np.ndarray:
    """The two directions in which features (N, D) differ most, by principal component analysis.

    Of the two signs each direction may have, the one that puts class 0 on the right, or class 1 at the top.

    Returns:
        float32 (N, 2), each axis scaled to lie between -1 and 1.
    """
    if len(features) < 2:
        return np.zeros((len(features), 2), np.float32)
    centred = torch.nan_to_num(features.double(), posinf=0, neginf=0)
    centred = centred - centred.mean(dim=0)
    values, vectors = torch.linalg.eigh(centred @ centred.T)
    places = vectors[:, [-1, -2]] * values[[-1, -2]].clamp(min=0).sqrt()
    for axis in (0, 1):
        of_class = places[labels == axis, axis]
        if len(of_class) and of_class.mean() < 0:
            places[:, axis] = -places[:, axis]
    size = places.abs().amax(dim=0)
    size = size.clamp(min=max(1e-12, 1e-4 * float(size.max())))  # of two points, or of points in a line, only noise
    scaled: np.ndarray = (places / size).float().cpu().numpy()
    return scaled


def tested(images: Tensor, labels: Tensor, hidden: Tensor, logits: Tensor, classes: int) -> dict[str, np.ndarray]:
    """What a test set shows: confusion matrix, surest mistakes, and the last layer's inputs in 2-D.

    Args:
        images: uint8 (N, H, W), to show the mistakes.
        labels: (N,).
        hidden: (N, D), what goes into the last layer.
        logits: (N, classes).
    """
    probability = torch.softmax(logits, dim=1).cpu()
    worst = mistakes(probability, labels)
    return {
        "labels": labels.to(torch.uint8).numpy(),
        "confusion": confusion(torch.nan_to_num(probability).argmax(dim=1), labels, classes),
        "mistakes": images[worst].numpy(),
        "mistake_numbers": worst.to(torch.int32).numpy(),
        "mistake_labels": labels[worst].to(torch.uint8).numpy(),
        "mistake_probability": torch.nan_to_num(probability[worst]).numpy(),
        "places": projection(hidden[:PROJECTED].cpu(), labels[:PROJECTED]),
    }
