"""Step 7 of the tutorial, classification: a recurrent network that reads a digit row by row."""

from core.experiment import Experiment, cell_lanes
from core.experiments.rnn_digits.config import RNNDigitsConfig, class_names, missing, pictured
from core.experiments.rnn_digits.loop import build_net, make_data, to_input, train
from core.experiments.rnn_digits.probes import bench, logged_batch, untrained
from core.experiments.rnn_digits.views import focus, shown_examples, subject, view

EXPERIMENT = Experiment(
    order=4,
    config=RNNDigitsConfig,
    train=train,
    view=view,
    untrained=untrained,
    lanes=cell_lanes,
    bench=bench,
    logged_batch=logged_batch,
    focus=focus,
    missing=missing,
    pictured=pictured,
    smallest={"train_size": 100, "hidden_size": 8, "batch_size": 20, "num_epochs": 2},
)

__all__ = [
    "EXPERIMENT",
    "RNNDigitsConfig",
    "build_net",
    "class_names",
    "focus",
    "make_data",
    "shown_examples",
    "subject",
    "to_input",
    "train",
    "untrained",
    "view",
]
