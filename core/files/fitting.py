"""Which network weights are of: whose names they have, and with which settings its sizes are theirs, too."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.config import ConfigError, Setting, TrainingConfig, kind_of
from core.experiments import experiment
from core.files.names import Naming, namings
from core.files.weights import Shape, shapes
from core.processes.confined import confined

SECONDS = 3.0
"""How long settings are tried, by the processor's clock."""
MOST_SIZES = 12
"""How many of the sizes in a file are tried for a setting."""
MOST_KEYS = 400
"""Keys of a file whose network's settings are sought."""


@dataclass(frozen=True)
class Fit:
    """How well weights fit a network.

    Attributes:
        naming: what is taken off their names.
        fits: keys of the same name and shape.
        named: keys of the same name.
        wanted: keys that the network has.
        others: keys that are left over.
    """

    naming: Naming
    fits: int
    named: int
    wanted: int
    others: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """The larger, the better; of foreign weights the smallest network is the best."""
        return self.fits, self.named, -(self.wanted - self.fits) - self.others

    @property
    def is_complete(self) -> bool:
        """Whether each of the network's keys is there, and no other."""
        return self.fits == self.wanted and not self.others


def fit(file: Mapping[str, Shape], own: Mapping[str, Shape]) -> Fit:
    """How well weights of these shapes fit a network of those, under the best of the names' readings."""
    readings = [_fit(file, own, naming) for naming in namings(file, own) or [Naming()]]
    return max(readings, key=lambda reading: reading.rank)  # of equals the first


def _fit(file: Mapping[str, Shape], own: Mapping[str, Shape], naming: Naming) -> Fit:
    renamed = naming.applied(file)
    named = [name for name in own if name in renamed]
    fits = sum(renamed[name] == own[name] for name in named)
    return Fit(naming, fits, len(named), len(own), len(renamed) - len(named))


def fitted(file: Mapping[str, Shape], config: TrainingConfig) -> TrainingConfig:
    """The config with the settings changed that make the network's sizes those of the file, as far as it can be found.

    Raises:
        Unable: it takes too much memory.
    """
    if len(file) > MOST_KEYS:
        return config
    text = json.dumps({name: list(shape) for name, shape in file.items()})
    found = json.loads(confined(search, text, config.changed(device="cpu"), memory=2000))
    return config.changed(**{name: tuple(value) if isinstance(value, list) else value for name, value in found.items()})


def search(file_text: str, config: TrainingConfig) -> bytes:
    """`fitted` in the process of its own: the changed settings, as JSON."""
    file = {name: tuple(shape) for name, shape in json.loads(file_text).items()}
    end = time.process_time() + SECONDS
    best, reading = config, fit(file, shapes(config))
    for start, held in _starts(config):
        first = _tried(file, start)
        if first is None:
            continue
        found, found_reading = _climbed(file, start, held, first, end)
        if found_reading.rank > reading.rank:
            best, reading = found, found_reading
        if reading.is_complete or time.process_time() > end:
            break
    changes = {name: getattr(best, name) for name in type(best).settings()}
    return json.dumps({name: value for name, value in changes.items() if value != getattr(config, name)}).encode()


def _starts(config: TrainingConfig) -> Iterator[tuple[TrainingConfig, str]]:
    """Where a search begins: as the config is, and with each choice that may make another network of it.

    Yields:
        The config, and the setting that stays as it is.
    """
    yield config, ""
    for name, setting in _settings(config):
        if setting.choices and kind_of(type(config), name) == "choice":
            for value in setting.choices:
                with suppress(ConfigError):
                    yield config.changed(**{name: value}), name


def _climbed(
    file: Mapping[str, Shape], config: TrainingConfig, held: str, best: Fit, end: float
) -> tuple[TrainingConfig, Fit]:
    """The config with one setting after the other changed, as long as the file fits it better and better."""
    before = None
    while before != config and not best.is_complete:
        before = config
        for name, values in _candidates(file, config, held):
            for value in values:
                if best.is_complete or time.process_time() > end:
                    return config, best
                with suppress(ConfigError):
                    changed = config.changed(**{name: value})
                    reading = _tried(file, changed)
                    if reading is not None and reading.rank > best.rank:
                        config, best = changed, reading
    return config, best


def _tried(file: Mapping[str, Shape], config: TrainingConfig) -> Fit | None:
    """How well the file fits the config's network; None where its data is not here, or it can't be built."""
    if experiment(config.experiment).missing(config) is not None:
        return None
    try:
        return fit(file, shapes(config))
    except (RuntimeError, ValueError):
        return None


def _candidates(file: Mapping[str, Shape], config: TrainingConfig, held: str) -> Iterator[tuple[str, list[Any]]]:
    """Settings, each with values that the file's sizes suggest; `held` stays as it is."""
    weights = [shape for shape in file.values() if len(shape) >= 2]
    sizes = list(dict.fromkeys(side // gates for shape in weights for side in shape[:2] for gates in (1, 3, 4)))
    for name, setting in _settings(config):
        kind, value = kind_of(type(config), name), getattr(config, name)
        if name == held:
            continue
        if kind == "bool":
            yield name, [not value]
        elif kind == "choice" and setting.choices is not None:
            yield name, [choice for choice in setting.choices if choice != value]
        elif kind == "int" and (setting.group == "network" or _is_short(setting)):
            yield name, _whole_numbers(setting, sizes)
        elif kind == "ints" and all(type(one) is int for one in value):
            yield name, [tuple(shape[0] for shape in weights[:-1])]


def _settings(config: TrainingConfig) -> list[tuple[str, Setting]]:
    """Settings that a network's sizes may depend on: those of the network first."""
    return [
        (name, setting)
        for group in ("network", "data")
        for name, setting in config.settings().items()
        if setting.group == group and name not in ("seed", "compare")
    ]


def _whole_numbers(setting: Setting, sizes: list[int]) -> list[int]:
    low, high = int(setting.low or 0), int(setting.high or 0)
    if _is_short(setting):
        return list(range(low, high + 1))
    return [low, *[size for size in sizes if low <= size <= high][:MOST_SIZES]]


def _is_short(setting: Setting) -> bool:
    """Whether a setting of whole numbers has few values."""
    return float(setting.high or 0) - float(setting.low or 0) <= 8
