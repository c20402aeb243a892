"""No main guard, and workers that start as on Windows and macOS: by spawn."""

import torch
from torch.utils.data import DataLoader, TensorDataset

dataset = TensorDataset(torch.arange(8))
loader = DataLoader(dataset, batch_size=4, num_workers=1, multiprocessing_context="spawn")
for (batch,) in loader:
    print(batch)
