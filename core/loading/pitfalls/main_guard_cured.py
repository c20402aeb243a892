"""The same with the main guard: a worker imports this file and finds nothing to run."""

import torch
from torch.utils.data import DataLoader, TensorDataset


def main() -> None:
    """What should happen once, in the main program."""
    dataset = TensorDataset(torch.arange(8))
    loader = DataLoader(dataset, batch_size=4, num_workers=1, multiprocessing_context="spawn")
    for (batch,) in loader:
        print(batch)


if __name__ == "__main__":
    main()
