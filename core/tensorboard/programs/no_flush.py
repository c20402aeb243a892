"""A writer neither flushed nor closed: what is still in its queue is lost when the program is killed."""

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

ENDS = {"runs/forgotten": "", "runs/flushed": "writer.flush()", "runs/closed": "writer.close()"}
for log_dir, end in ENDS.items():
    subprocess.run([sys.executable, "-c", PROGRAM.format(log_dir=log_dir, end=end)], check=False)
    found = EventAccumulator(log_dir).Reload()
    known = found.Tags()["scalars"]
    steps = len(found.Scalars("Train/Loss")) if "Train/Loss" in known else 0
    print(f"{log_dir}: {steps} of 5 steps in the file")
