"""Step 1 of the tutorial: a simple classifier of points in the plane."""

from core.experiment import Experiment
from core.experiments.classifier import fast
from core.experiments.classifier.config import MAX_CLASSES, MAX_POINTS, MIN_POINTS, ClassifierConfig
from core.experiments.classifier.loop import build_net, build_optimizer, evaluate, make_data, prepare, train
from core.experiments.classifier.probes import bench, ending, logged_batch, untrained
from core.experiments.classifier.views import Scene, moving, scene, view
from core.views.plane import GRID

EXPERIMENT = Experiment(
    order=1,
    config=ClassifierConfig,
    train=train,
    view=view,
    moving=moving,
    parts=("units", "weights"),
    fast=lambda config: fast.train if fast.fits(config) else None,
    untrained=untrained,
    bench=bench,
    logged_batch=logged_batch,
    ending=ending,
    smallest={"points_per_class": 20, "batch_size": 8, "num_steps": 15, "evaluate_every": 5},
)

__all__ = [
    "EXPERIMENT",
    "GRID",
    "MAX_CLASSES",
    "MAX_POINTS",
    "MIN_POINTS",
    "ClassifierConfig",
    "Scene",
    "bench",
    "build_net",
    "build_optimizer",
    "evaluate",
    "make_data",
    "moving",
    "prepare",
    "scene",
    "train",
    "untrained",
    "view",
]
