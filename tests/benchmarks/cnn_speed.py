"""The CNN's loop against the tutorial's loop: images a second, as a ratio in one run.

Run: python -m tests.benchmarks.cnn_speed
"""

import os
import statistics
import time

import torch
import torchvision
from torch import nn
from torch.utils.data import DataLoader

from core.experiments import experiment
from core.experiments.cnn import CNNConfig, build_net
from tests.benchmarks.repeated_digits import mnist_of_digits
from tests.benchmarks.rows import Row

IMAGES = 12_000
ROUNDS = 5


def tutorial() -> float:
    """Images a second of the tutorial's way: torchvision's MNIST with ToTensor, a DataLoader, Adam.

    Inside `mnist_of_digits`.
    """
    root = os.environ["TORCH_PLAYGROUND_DATA"]
    images = torchvision.datasets.MNIST(root, train=True, transform=torchvision.transforms.ToTensor())
    torch.manual_seed(1)
    loader = DataLoader(torch.utils.data.Subset(images, range(IMAGES)), batch_size=50, shuffle=True)
    cnn = build_net(CNNConfig(device="cpu"))
    optimizer = torch.optim.Adam(cnn.parameters(), lr=0.001)
    loss_func = nn.CrossEntropyLoss()
    start = time.perf_counter()
    for b_x, b_y in loader:
        loss = loss_func(cnn(b_x), b_y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
    return IMAGES / (time.perf_counter() - start)


def engine(precision: str) -> float:
    """Images a second of the app's own loop, without evaluations but the last."""
    config = CNNConfig.create(
        {
            "dataset": "mnist",
            "train_size": IMAGES,
            "num_epochs": 1,
            "evaluate_every": 1000,
            "device": "cpu",
            "precision": precision,
        }
    )
    snapshots = experiment("cnn").train(config, {})
    next(snapshots)
    start = time.perf_counter()
    for _ in range(config.num_steps - 1):
        next(snapshots)
    return (config.num_steps - 1) * config.batch_size / (time.perf_counter() - start)


def measure() -> list[tuple[float, float, float]]:
    """Images a second of the tutorial's loop, of ours and of ours in bfloat16, rounds in turn."""
    torch.set_num_threads(1)
    with mnist_of_digits():
        return [(tutorial(), engine("float32"), engine("bfloat16")) for _ in range(ROUNDS)]


def rows() -> list[Row]:
    """Its rows of the table."""
    rounds = measure()
    unwatched = statistics.median(ours / plain for plain, ours, _ in rounds)
    halved = statistics.median(half / ours for _, ours, half in rounds)
    return [Row("CNN, float32, unwatched / the tutorial's loop", unwatched), Row("CNN, bfloat16 / float32", halved)]


def main() -> None:
    """Print the ratios."""
    rounds = measure()
    for name, column in (("float32", 1), ("bfloat16", 2)):
        ratio = statistics.median(one[column] / one[0] for one in rounds)
        fastest = max(one[column] for one in rounds)
        print(f"{name}: {fastest:,.0f} images/s, {ratio:.2f} x the tutorial's loop (median of {ROUNDS} pairs)")


if __name__ == "__main__":
    main()
