"""An IterableDataset in two workers: unless they divide the stream, each of them yields all of it."""

from collections.abc import Iterator

from torch.utils.data import DataLoader, IterableDataset, get_worker_info


class Countdown(IterableDataset[int]):
    """Ten numbers. It does not ask which worker it runs in."""

    def __iter__(self) -> Iterator[int]:
        yield from range(10, 0, -1)


class SharedCountdown(IterableDataset[int]):
    """The same ten numbers; each worker yields every second one, the second begins one later."""

    def __iter__(self) -> Iterator[int]:
        worker = get_worker_info()
        first, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        yield from list(range(10, 0, -1))[first::step]


if __name__ == "__main__":
    for dataset in (Countdown(), SharedCountdown()):
        for num_workers in (0, 2):
            batches = [batch.tolist() for batch in DataLoader(dataset, batch_size=5, num_workers=num_workers)]
            print(f"{type(dataset).__name__}, num_workers={num_workers}: {batches}")
