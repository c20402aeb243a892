"""The recurrent network without a run: untrained, on the bench, and a window to be logged."""

from torch import Tensor, nn

from core.experiments.rnn.config import RNNConfig
from core.experiments.rnn.loop import RNNSnapshot, build_net, make_window, train
from core.optimizers import build_optimizer
from core.snapshot import Bench, undisturbed


def untrained(config: RNNConfig) -> RNNSnapshot:
    """The snapshot of step 0."""
    with undisturbed():
        return next(train(config, {}))


def bench(config: RNNConfig) -> Bench:
    """Net, optimizer and first window, to take one step by hand."""
    with undisturbed():
        net = build_net(config)
        optimizer = build_optimizer(config, net)
        x, y = make_window(config, 0)

    def loss() -> Tensor:
        value: Tensor = nn.MSELoss()(net(x)[0], y)
        return value

    return Bench(net, optimizer, loss)


def logged_batch(config: RNNConfig) -> tuple[Tensor, Tensor]:
    """The first window and what is asked for."""
    return make_window(config, 0)
