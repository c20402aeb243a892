"""After step 8: two processes train one network. Each has half of the data; their gradients are averaged."""

import os
import tempfile

import torch
import torch.distributed as dist
import torch.distributed.nn  # imported later, it would keep the process group and its threads beyond the end
import torch.multiprocessing as mp
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler

WORLD_SIZE = 2


def train(rank: int, meeting_point: str) -> None:
    """What each process does. With GPUs: backend="nccl", and net.to(rank)."""
    dist.init_process_group("gloo", init_method=f"file://{meeting_point}", rank=rank, world_size=WORLD_SIZE)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x = torch.randn(400, 2)
    dataset = TensorDataset(x, (x.sum(dim=1) > 0).long())
    sampler: DistributedSampler[object] = DistributedSampler(dataset)  # shares the indices out among the processes
    loader = DataLoader(dataset, batch_size=20, sampler=sampler)
    net = DistributedDataParallel(nn.Linear(2, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    for epoch in range(3):
        sampler.set_epoch(epoch)  # otherwise every epoch has the same order
        seen = 0
        for inputs, labels in loader:
            loss = nn.functional.cross_entropy(net(inputs), labels)
            optimizer.zero_grad()
            loss.backward()  # here the gradients are averaged over all processes
            optimizer.step()
            seen += len(inputs)
        weight = next(net.parameters())[0, 0].item()
        line = f"epoch {epoch}  rank {rank}  {seen} samples  loss {loss.item():.4f}  first weight {weight:.6f}\n"
        print(line, end="", flush=True)  # in one piece, since the other process prints too
    dist.destroy_process_group()


if __name__ == "__main__":
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(train, args=(f"{folder}/meeting_point",), nprocs=WORLD_SIZE)  # type: ignore[attr-defined]
