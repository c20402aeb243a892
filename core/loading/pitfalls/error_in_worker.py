"""An error inside a worker: its traceback travels to the training and is raised there."""

from torch import Tensor, tensor
from torch.utils.data import DataLoader, Dataset

LINES = ["0.5, 1", "1.5, 0", "2.5, 1", "3.5, 0", "4.5; 1", "5.5, 0"]


class Table(Dataset[tuple[Tensor, int]]):
    """Numbers from the lines of a file. One line is written differently."""

    def __len__(self) -> int:
        return len(LINES)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        x, label = LINES[index].split(",")
        return tensor(float(x)), int(label)


if __name__ == "__main__":
    for x, label in DataLoader(Table(), batch_size=2, num_workers=2):
        print(x, label)
