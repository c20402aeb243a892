"""Random numbers in two workers: which of them come twice?"""

import random

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info


class Noise(Dataset[tuple[float, float, float, float]]):
    """Random numbers, drawn in four ways."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)  # made once, then copied into every worker

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> tuple[float, float, float, float]:
        return torch.rand(1).item(), random.random(), np.random.rand(), self.rng.random()


def seed_own_generator(worker_id: int) -> None:
    """The remedy: each worker makes its own generator, from the seed that PyTorch gave it."""
    worker = get_worker_info()
    assert worker is not None
    worker.dataset.rng = np.random.default_rng(worker.seed)  # type: ignore[attr-defined]


def seed_by_number(worker_id: int) -> None:
    """No remedy: the seed differs between workers, but not between epochs."""
    np.random.seed(worker_id)


def show(title: str, loader: DataLoader[tuple[float, float, float, float]]) -> None:
    """Print two epochs, and how many different numbers they have."""
    print(title)
    epochs = [list(loader) for _ in range(2)]
    for way, name in enumerate(("torch.rand", "random.random", "np.random.rand", "self.rng.random")):
        rows = [[sample[way].item() for sample in epoch] for epoch in epochs]
        different = len({number for row in rows for number in row})
        texts = [" ".join(f"{number:.3f}" for number in row) for row in rows]
        print(f"  {name:15}", "  |  ".join(texts), f"  {different} of 8 are different")


if __name__ == "__main__":
    torch.manual_seed(0)
    show("As it is", DataLoader(Noise(), num_workers=2))
    show("worker_init_fn=seed_by_number", DataLoader(Noise(), num_workers=2, worker_init_fn=seed_by_number))
    show("worker_init_fn=seed_own_generator", DataLoader(Noise(), num_workers=2, worker_init_fn=seed_own_generator))
