"""The tutorial's RNN: a recurrent layer, and one Linear on what it puts out at each time step."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn


class RNN(nn.Module):
    """A recurrent layer and a Linear behind it.

    Args:
        input_size: numbers at each time step.
        hidden_size: numbers in the hidden state.
        num_layers: recurrent layers, one on top of the other.
        cell: nn.RNN, nn.LSTM or nn.GRU, or a partial of one.
        bias: whether the cells have biases.
        batch_first: whether x is (batch, time, feature), else (time, batch, feature).
        dropout: probability that a number between two recurrent layers is set to zero while training.
        bidirectional: whether a second pass goes from the end to the start.
        n_output: numbers put out at each time step.
    """

    def __init__(
        self,
        input_size: int = 1,
        hidden_size: int = 32,
        num_layers: int = 1,
        cell: Callable[..., nn.RNNBase] = nn.RNN,
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        n_output: int = 1,
    ):
        super().__init__()
        self.rnn = cell(
            input_size=input_size,
            hidden_size=hidden_size,
            num_layers=num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
        )
        self.out = nn.Linear(2 * hidden_size if bidirectional else hidden_size, n_output)

    def forward(self, x: Tensor, h_state: Any = None) -> tuple[Tensor, Any]:
        """What is put out at each time step, and the hidden state after the last one.

        Args:
            x: (batch, time, input_size), or (time, batch, input_size).
            h_state: (layers * directions, batch, hidden_size), a pair of them with nn.LSTM, None for zeros.

        Returns:
            (batch, time, n_output), or (time, batch, n_output), and the new h_state.
        """
        r_out, h_state = self.rnn(x, h_state)
        return self.out(r_out), h_state
