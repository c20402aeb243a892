"""Step 5 of the tutorial: a deep network, VGG, made by make_layers from a list of numbers."""

from core.experiment import Experiment
from core.experiments.vgg.config import MOST_CHANNELS, MOST_LAYERS, PRESETS, VGGConfig, as_asked, lanes, read_layer
from core.experiments.vgg.cost import BY_HAND_FLOPS, cannot_start, is_large, memory
from core.experiments.vgg.loop import build_net, make_data, to_input, train
from core.experiments.vgg.probes import bench, logged_batch, shapes, untrained
from core.experiments.vgg.views import focus, view

EXPERIMENT = Experiment(
    order=5,
    config=VGGConfig,
    train=train,
    view=view,
    untrained=untrained,
    lanes=lanes,
    bench=bench,
    logged_batch=logged_batch,
    focus=focus,
    missing=cannot_start,
    pictured=lambda config: True,
    smallest={"train_size": 100, "size": 28, "cfg": "64,M,64,M", "width": "1/16", "batch_size": 20, "num_epochs": 2},
)

__all__ = [
    "BY_HAND_FLOPS",
    "EXPERIMENT",
    "MOST_CHANNELS",
    "MOST_LAYERS",
    "PRESETS",
    "VGGConfig",
    "as_asked",
    "build_net",
    "cannot_start",
    "focus",
    "is_large",
    "lanes",
    "make_data",
    "memory",
    "read_layer",
    "shapes",
    "to_input",
    "train",
    "untrained",
    "view",
]
