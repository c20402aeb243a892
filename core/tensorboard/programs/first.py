"""The first example: the line y = 2x, written for TensorBoard and read back."""

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

writer = SummaryWriter("runs/first")
for i in range(100):
    writer.add_scalar("y=2x", i * 2, i)
writer.close()

for path in Path("runs/first").iterdir():
    print(f"one file of {path.stat().st_size} bytes: events.out.tfevents…")
events = EventAccumulator("runs/first").Reload().Scalars("y=2x")
points = [(event.step, event.value) for event in events]
print("read back:", points[:4], "…", points[-1])
print("Now start in this folder: tensorboard --logdir runs")
