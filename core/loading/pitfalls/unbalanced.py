"""A rare class: 5 samples in 100. A Sampler decides which samples an epoch has."""

import torch
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

if __name__ == "__main__":
    torch.manual_seed(0)
    labels = torch.zeros(1000, dtype=torch.int64)
    labels[:50] = 1
    dataset = TensorDataset(torch.arange(1000), labels)

    weights = 1 / torch.bincount(labels)[labels]  # a sample of the rare class weighs 19 times as much
    sampler = WeightedRandomSampler(weights.tolist(), num_samples=len(dataset), replacement=True)
    for name, loader in (
        ("shuffle=True", DataLoader(dataset, batch_size=50, shuffle=True)),
        ("WeightedRandomSampler", DataLoader(dataset, batch_size=50, sampler=sampler)),
    ):
        drawn = [(index, label) for batch in loader for index, label in zip(*batch, strict=True)]
        rare = [int(index) for index, label in drawn if label == 1]
        common = [int(index) for index, label in drawn if label == 0]
        without = sum(1 not in batch_labels for _, batch_labels in loader)
        print(name)
        print(f"  rare class:   {len(rare):3} of {len(drawn)} samples, {len(set(rare))} different ones of 50")
        print(f"  common class: {len(common):3} of {len(drawn)} samples, {len(set(common))} different ones of 950")
        print(f"  batches without any of the rare class: {without} of {len(loader)}")
