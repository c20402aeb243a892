"""A network of one's own, built from blocks and trained on images or on points."""

from core.experiment import Experiment
from core.experiments.build.config import TUTORIAL_CNN, BuildConfig, missing, pictured
from core.experiments.build.loop import build_net, train
from core.experiments.build.plane import scene_of
from core.experiments.build.portions import at_once, in_parts
from core.experiments.build.probes import bench, logged_batch, shapes, untrained
from core.experiments.build.views import PARTS, focus, moving, stages_of, view

EXPERIMENT = Experiment(
    order=6,
    config=BuildConfig,
    train=train,
    view=view,
    moving=moving,
    untrained=untrained,
    bench=bench,
    logged_batch=logged_batch,
    focus=focus,
    missing=missing,
    pictured=pictured,
    smallest={"train_size": 100, "batch_size": 20, "num_epochs": 2},
)

__all__ = [
    "EXPERIMENT",
    "PARTS",
    "TUTORIAL_CNN",
    "BuildConfig",
    "at_once",
    "build_net",
    "focus",
    "in_parts",
    "moving",
    "scene_of",
    "shapes",
    "stages_of",
    "train",
    "untrained",
    "view",
]
