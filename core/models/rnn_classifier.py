"""A recurrent network that reads a sequence to its end and then says what it was."""

from collections.abc import Callable

from torch import Tensor, nn


class RNNClassifier(nn.Module):
    """A recurrent layer, and one Linear on what it puts out at the last time step.

    Args:
        input_size: numbers at each time step, such as the 28 pixels of a row.
        hidden_size: numbers in the hidden state.
        num_layers: recurrent layers, one on top of the other.
        cell: nn.RNN, nn.LSTM or nn.GRU.
        batch_first: whether x is (batch, time, feature), else (time, batch, feature).
        dropout: probability that a number between two recurrent layers is set to zero while training.
        n_output: number of classes.
    """

    def __init__(
        self,
        input_size: int = 28,
        hidden_size: int = 64,
        num_layers: int = 1,
        cell: Callable[..., nn.RNNBase] = nn.LSTM,
        batch_first: bool = True,
        dropout: float = 0.0,
        n_output: int = 10,
    ):
        super().__init__()
        self.rnn = cell(
            input_size=input_size,
            hidden_size=hidden_size,
            num_layers=num_layers,
            batch_first=batch_first,
            dropout=dropout,
        )
        self.out = nn.Linear(hidden_size, n_output)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of each class, (batch, n_output), of sequences x, (batch, time, input_size)."""
        r_out, _ = self.rnn(x)
        logits: Tensor = self.out(r_out[:, -1])
        return logits
