"""A writer that is neither flushed nor closed: what waits in memory is not in the file, and dies with the program."""

import subprocess
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

PROGRAM = """
import os
from torch.utils.tensorboard import SummaryWriter

writer = SummaryWriter({log_dir!r})
for step in range(5):
    writer.add_scalar("Train/Loss", 1 / (step + 1), step)
{end}
os._exit(1)  # as when the power fails, or the system kills the program
"""

for log_dir, end in (("runs/forgotten", ""), ("runs/flushed", "writer.flush()"), ("runs/closed", "writer.close()")):
    subprocess.run([sys.executable, "-c", PROGRAM.format(log_dir=log_dir, end=end)], check=False)
    found = EventAccumulator(log_dir).Reload()
    steps = len(found.Scalars("Train/Loss")) if "Train/Loss" in found.Tags()["scalars"] else 0
    print(f"{log_dir}: {steps} of 5 steps in the file")
