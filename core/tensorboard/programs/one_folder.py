"""Two runs that log into one folder: TensorBoard draws one line of them, back and forth."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter


def train(log_dir: str, lr: float) -> None:
    """Minimise w * w from w = 1, and log the loss of each step."""
    w = 1.0
    with SummaryWriter(log_dir) as writer:
        for step in range(4):
            writer.add_scalar("Train/Loss", w * w, step)
            w -= lr * 2 * w


def show(log_dir: str) -> None:
    """What TensorBoard reads in a folder."""
    events = EventAccumulator(log_dir, purge_orphaned_data=False).Reload().Scalars("Train/Loss")
    print(f"{log_dir}: " + ", ".join(f"step {event.step} {event.value:.3f}" for event in events))


for lr in (0.1, 0.4):
    train("runs/all", lr)
    train(f"runs/lr{lr}", lr)
for log_dir in ("runs/all", "runs/lr0.1", "runs/lr0.4"):
    show(log_dir)
