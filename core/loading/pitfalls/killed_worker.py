"""A worker that is killed from outside, as Linux does when memory runs out: there is no traceback to travel."""

import os
import signal

from torch.utils.data import DataLoader, Dataset, get_worker_info


class Greedy(Dataset[int]):
    """Sample 5 takes all the memory there is; here the worker plays the system's part and kills itself."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> int:
        if index == 5 and get_worker_info() is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return index


if __name__ == "__main__":
    # one batch at a time: a worker's batch can't be fetched any more once that worker is dead
    for batch in DataLoader(Greedy(), batch_size=2, num_workers=2, prefetch_factor=1):
        print(batch)
