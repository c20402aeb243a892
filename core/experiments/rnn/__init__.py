"""Step 7 of the tutorial: a recurrent network that follows a wave, cos from sin."""

from core.experiment import Experiment, cell_lanes
from core.experiments.rnn import fast
from core.experiments.rnn.config import RNNConfig
from core.experiments.rnn.loop import build_net, make_window, train
from core.experiments.rnn.probes import batch_axis, bench, carried, logged_batch, untrained
from core.experiments.rnn.views import focus, view

EXPERIMENT = Experiment(
    order=3,
    tested=False,
    config=RNNConfig,
    train=train,
    view=view,
    fast=lambda config: fast.train if fast.fits(config) else None,
    untrained=untrained,
    lanes=cell_lanes,
    bench=bench,
    logged_batch=logged_batch,
    focus=focus,
    batch_axis=batch_axis,
    carried=carried,
    smallest={"time_steps": 5, "hidden_size": 4, "num_steps": 15},
)

__all__ = ["EXPERIMENT", "RNNConfig", "build_net", "focus", "make_window", "train", "untrained", "view"]
