"""The RNN's loop against the tutorial's, which calls the last Linear once for each time step, in one thread.

Run: python -m tests.benchmarks.rnn_speed
"""

import math
import statistics
import time
from typing import Any

import torch
from torch import Tensor, nn

from core.experiments import experiment
from core.experiments.rnn import RNNConfig

ROUNDS = 5
CASES = (("RNN", 10, 400), ("RNN", 100, 120), ("LSTM", 10, 300), ("LSTM", 100, 60))
HIDDEN = 32
"""Units of the tutorial's network."""


class TutorialRNN(nn.Module):
    """The tutorial's class with its loop over time; its LSTM is a LSTMCell called in the same loop."""

    def __init__(self, cell: str, hidden: int) -> None:
        super().__init__()
        self.cell = cell
        self.rnn: Any = nn.LSTMCell(1, hidden) if cell == "LSTM" else nn.RNN(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x: Tensor, h_state: Any) -> tuple[Tensor, Any]:
        """Predictions (1, time, 1) and the hidden state."""
        outs = []
        if self.cell == "LSTM":
            for time_step in range(x.size(1)):
                h_state = self.rnn(x[:, time_step, :], h_state)
                outs.append(self.out(h_state[0]))
        else:
            r_out, h_state = self.rnn(x, h_state)
            for time_step in range(r_out.size(1)):
                outs.append(self.out(r_out[:, time_step, :]))
        return torch.stack(outs, dim=1), h_state


def tutorial(cell: str, time_steps: int, steps: int, hidden: int = HIDDEN) -> float:
    """Steps a second of the tutorial's loop."""
    net = TutorialRNN(cell, hidden)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    loss_func = nn.MSELoss()
    h_state: Any = None
    start = time.perf_counter()
    for step in range(steps):
        t = torch.linspace(step * math.pi, (step + 1) * math.pi, time_steps)
        x, y = torch.sin(t)[None, :, None], torch.cos(t)[None, :, None]
        prediction, h_state = net(x, h_state)
        h_state = tuple(part.detach() for part in h_state) if cell == "LSTM" else h_state.detach()
        loss = loss_func(prediction, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
    return steps / (time.perf_counter() - start)


def engine(cell: str, time_steps: int, steps: int) -> float:
    """Steps a second of the loop that a run is trained with."""
    config = RNNConfig.create({"device": "cpu", "cell": cell, "time_steps": time_steps, "num_steps": steps})
    known = experiment("rnn")
    snapshots = (known.fast(config) or known.train)(config, {})
    next(snapshots)
    start = time.perf_counter()
    for _ in snapshots:
        pass
    return steps / (time.perf_counter() - start)


def main() -> None:
    """Print the ratios, rounds in turn."""
    torch.set_num_threads(1)
    tutorial("RNN", 10, 20)
    for cell, time_steps, steps in CASES:
        pairs = [(tutorial(cell, time_steps, steps), engine(cell, time_steps, steps)) for _ in range(ROUNDS)]
        ratio = statistics.median(ours / theirs for theirs, ours in pairs)
        fastest = max(ours for _, ours in pairs)
        print(f"{cell}, {time_steps} points: {fastest:,.0f} steps/s, {ratio:.2f} x the tutorial's loop")


if __name__ == "__main__":
    main()
