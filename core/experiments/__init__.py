"""The experiments. One more is one more module here and one more line below."""

import importlib
from functools import cache

from core.experiments.base import Experiment

MODULES = {
    "classifier": "core.experiments.classifier",
    "cnn": "core.experiments.cnn",
    "rnn": "core.experiments.rnn",
    "rnn_digits": "core.experiments.rnn_digits",
    "vgg": "core.experiments.vgg",
    "build": "core.experiments.build",
}


@cache
def experiment(name: str) -> Experiment:
    """The experiment of that name.

    Raises:
        KeyError: there is none.
    """
    module = importlib.import_module(MODULES[name])
    found: Experiment = module.EXPERIMENT
    return found


__all__ = ["MODULES", "Experiment", "experiment"]
