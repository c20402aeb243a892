"""Step 2 of the tutorial: a CNN that reads handwritten digits."""

from core.data.image_sets import missing
from core.experiment import Experiment
from core.experiments.cnn.config import CNNConfig
from core.experiments.cnn.loop import build_net, evaluate, make_data, to_input, train
from core.experiments.cnn.probes import bench, logged_batch, shapes, untrained
from core.experiments.cnn.views import focus, view

EXPERIMENT = Experiment(
    order=2,
    config=CNNConfig,
    train=train,
    view=view,
    untrained=untrained,
    bench=bench,
    logged_batch=logged_batch,
    focus=focus,
    missing=missing,
    pictured=lambda config: True,
    smallest={"train_size": 100, "channels1": 4, "channels2": 5, "batch_size": 20, "num_epochs": 2},
)

__all__ = [
    "EXPERIMENT",
    "CNNConfig",
    "build_net",
    "evaluate",
    "focus",
    "make_data",
    "shapes",
    "to_input",
    "train",
    "untrained",
    "view",
]
