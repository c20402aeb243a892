"""The engine's step against the tutorial's plain loop, and the cost of being watched. Ratios, from one run.

Run: python -m tests.benchmarks.step_speed
"""

import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from core.experiments import experiment
from core.experiments.classifier import ClassifierConfig, make_data
from tests.benchmarks.rows import Row

STEPS = 1000
ROUNDS = 25
"""Short rounds in turn; the fastest of each is the one that nothing else on the machine disturbed."""


class TutorialNet(nn.Module):
    """The tutorial's Net; as printed it ends in a softmax, which does not belong before CrossEntropyLoss."""

    def __init__(self, n_feature: int, n_hidden: int, n_output: int, as_printed: bool):
        super().__init__()
        self.as_printed = as_printed
        self.n_hidden = nn.Linear(n_feature, n_hidden)
        self.out = nn.Linear(n_hidden, n_output)

    def forward(self, x_layer: torch.Tensor) -> Any:
        x_layer = torch.relu(self.n_hidden(x_layer))
        x_layer = self.out(x_layer)
        return nn.functional.softmax(x_layer) if self.as_printed else x_layer


def tutorial(steps: int, as_printed: bool = False) -> list[float]:
    """The tutorial's loop: every loss is read, nothing else."""
    x, y, _, _ = make_data(ClassifierConfig(device="cpu"))
    torch.manual_seed(1)
    net = TutorialNet(n_feature=2, n_hidden=10, n_output=2, as_printed=as_printed)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02)
    loss_func = nn.CrossEntropyLoss()
    losses = []
    for _ in range(steps):
        output = net(x)
        loss = loss_func(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def engine(steps: int, evaluate_every: int = 1000, as_printed: bool = False) -> list[float]:
    """The engine's own loop, yielding a snapshot a step."""
    config = ClassifierConfig(device="cpu", num_steps=steps, evaluate_every=evaluate_every)
    if as_printed:
        config = config.changed(bugs=("softmax",))
    return [s.metrics["loss/train"] for s in experiment("classifier").train(config, {}) if s.metrics]


def seconds(work: Callable[[], object]) -> float:
    """How many seconds a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(plain: Callable[[], object], ours: Callable[[], object]) -> tuple[float, float, float]:
    """Time both in turn.

    Returns:
        The ratio of the fastest of each, the median of the pairs' ratios, and the microseconds of one of our steps.
    """
    pairs = [(seconds(plain), seconds(ours)) for _ in range(ROUNDS)]
    tutorials, engines = min(one for one, _ in pairs), min(other for _, other in pairs)
    return tutorials / engines, statistics.median(one / other for one, other in pairs), 1e6 * engines / STEPS


def run(steps: int, evaluate_every: int = 10, as_printed: bool = False) -> list[float]:
    """The loop that a run is trained with, as a worker takes it."""
    config = ClassifierConfig(device="cpu", num_steps=steps, evaluate_every=evaluate_every)
    if as_printed:
        config = config.changed(bugs=("softmax",))
    known = experiment("classifier")
    train = known.fast(config) or known.train
    return [s.metrics["loss/train"] for s in train(config, {}) if s.metrics]


CASES: dict[str, tuple[Callable[[], object], Callable[[], object], float]] = {
    "as printed, with softmax": (lambda: tutorial(STEPS, True), lambda: engine(STEPS, as_printed=True), 0.97),
    "without the softmax": (lambda: tutorial(STEPS), lambda: engine(STEPS), 0.97),
    "and evaluating every 10 steps, the default": (lambda: tutorial(STEPS), lambda: engine(STEPS, 10), 0.95),
    "as a run takes it, with softmax": (lambda: tutorial(STEPS, True), lambda: run(STEPS, 1000, as_printed=True), 1.6),
    "as a run takes it, without the softmax": (lambda: tutorial(STEPS), lambda: run(STEPS, 1000), 1.6),
    "as a run takes it, evaluating every 10 steps": (lambda: tutorial(STEPS), lambda: run(STEPS), 1.6),
}
"""Name -> the tutorial's loop, ours, and what our speed should be at least."""


def rows() -> list[Row]:
    """Its rows of the table."""
    prepare()
    return [
        Row(f"the engine's step / the tutorial's loop, {name}", compare(plain, ours)[1], goal=goal)
        for name, (plain, ours, goal) in CASES.items()
    ]


def prepare() -> None:
    """One thread, and the same losses from both."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    assert tutorial(200) == engine(200), "the losses differ"
    assert tutorial(200, as_printed=True) == engine(200, as_printed=True), "the losses differ"
    assert tutorial(200) == run(200), "the losses differ"
    assert tutorial(200, as_printed=True) == run(200, as_printed=True), "the losses differ"


def main() -> None:
    """Print the ratios."""
    prepare()
    print("losses equal bit for bit over 200 steps, without the tutorial's softmax and with it")
    for name, (plain, ours, _) in CASES.items():
        fastest, median, microseconds = compare(plain, ours)
        print(
            f"{name}: the engine's speed is {fastest:.2f} x the tutorial's (median of the pairs {median:.2f}); "
            f"a step takes {microseconds:.0f} us"
        )


if __name__ == "__main__":
    main()
