"""The experiments, and nothing else: each is a module or a folder in here that has an EXPERIMENT."""

import importlib
import pkgutil
from functools import cache

from core.experiment import Experiment


@cache
def experiment(name: str) -> Experiment:
    """The experiment of that name, which is the name of its module.

    Raises:
        KeyError: there is none.
        ValueError: its config has another name than its module.
    """
    if name not in _modules():
        raise KeyError(name)
    module = importlib.import_module(f"{__name__}.{name}")
    if not hasattr(module, "EXPERIMENT"):
        raise KeyError(name)
    known: Experiment = module.EXPERIMENT
    if known.name != name:
        raise ValueError(f"{module.__name__} has an experiment called {known.name!r}: call both the same")
    return known


@cache
def experiments() -> tuple[str, ...]:
    """The names of all experiments, in their order."""
    known = []
    for name in _modules():
        module = importlib.import_module(f"{__name__}.{name}")
        if hasattr(module, "EXPERIMENT"):
            known.append(name)
    return tuple(sorted(known, key=lambda name: (experiment(name).order, name)))


def _modules() -> tuple[str, ...]:
    return tuple(module.name for module in pkgutil.iter_modules(__path__))


__all__ = ["Experiment", "experiment", "experiments"]
