"""VGG-16 at a quarter of its width: the app's loop against the plain float32 loop, as a ratio in one run.

Run: python -m tests.benchmarks.vgg_speed
"""

import statistics
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from core.experiments.vgg import VGGConfig, build_net, make_data, to_input, train
from tests.benchmarks.rows import Row

STEPS = 12
ROUNDS = 5
BATCH = 50


def plain() -> float:
    """Images a second of the loop as the tutorial would write it: a DataLoader over float tensors, float32, Adam."""
    config = VGGConfig.create({"device": "cpu", "channels_last": False})
    images, labels, _, _ = make_data(config)
    loader = iter(DataLoader(TensorDataset(to_input(config, images), labels), batch_size=BATCH, shuffle=True))
    net = build_net(config)
    optimizer = torch.optim.Adam(net.parameters(), lr=config.lr)
    loss_func = nn.CrossEntropyLoss()
    for step in range(STEPS + 2):
        if step == 2:
            start = time.perf_counter()
        b_x, b_y = next(loader)
        loss = loss_func(net(b_x), b_y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
    return STEPS * BATCH / (time.perf_counter() - start)


def engine(precision: str) -> float:
    """Images a second of the app's own loop, without evaluations."""
    config = VGGConfig.create({"device": "cpu", "precision": precision, "batch_size": BATCH, "evaluate_every": 1000})
    snapshots = train(config, {})
    for _ in range(3):
        next(snapshots)
    start = time.perf_counter()
    for _ in range(STEPS):
        next(snapshots)
    return STEPS * BATCH / (time.perf_counter() - start)


def measure() -> list[tuple[float, float, float]]:
    """Images a second of the plain loop, of ours and of ours in bfloat16, rounds in turn."""
    torch.set_num_threads(1)
    return [(plain(), engine("float32"), engine("bfloat16")) for _ in range(ROUNDS)]


def rows() -> list[Row]:
    """Its rows of the table."""
    rounds = measure()
    unwatched = statistics.median(ours / loop for loop, ours, _ in rounds)
    halved = statistics.median(half / ours for _, ours, half in rounds)
    return [
        Row("VGG at 1/4 width, float32, unwatched / the plain loop", unwatched, goal=1.3),
        Row("VGG, bfloat16 / float32", halved),
    ]


def main() -> None:
    """Print the ratios."""
    rounds = measure()
    print(f"plain loop: {max(one[0] for one in rounds):,.0f} images/s")
    for name, column in (("float32", 1), ("bfloat16", 2)):
        ratio = statistics.median(one[column] / one[0] for one in rounds)
        fastest = max(one[column] for one in rounds)
        print(f"{name}: {fastest:,.0f} images/s, {ratio:.2f} x the plain loop (median of {ROUNDS} rounds)")


if __name__ == "__main__":
    main()
