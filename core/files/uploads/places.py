"""Where the weights lie in a file that holds more than them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from torch import Tensor

Place = tuple[str | int, ...]
"""The keys that lead to something in nested dicts and lists; empty for all of the file."""
NAMES = ("net", "model", "state_dict", "model_state_dict")
"""What the weights are called in most files that hold more than them."""
MOST_PLACES = 20
LAYERS_OWN = re.compile(r"(weight|bias)(_[a-z0-9_]+)?|running_(mean|var)|in_proj_(weight|bias)")
"""Tensors as a single layer calls them, which have no layer's name before theirs."""


def places(value: Any) -> list[Place]:
    """Where the state_dicts are: what is named as most are, then what lies less deep, at most `MOST_PLACES`."""
    found = list(islice(_places(value, (), _is_state_dict), MOST_PLACES))
    found = found or list(islice(_places(value, (), _has_weights), MOST_PLACES))
    return sorted(found, key=lambda place: (len(place) > 0 and place[-1] not in NAMES, len(place)))


def weights_at(value: Any, place: Place) -> dict[str, Tensor]:
    """The state_dict at one of the `places`: its tensors by their names."""
    return {str(name): tensor for name, tensor in _at(value, place).items() if isinstance(tensor, Tensor)}


def is_mixed(value: Any, place: Place) -> bool:
    """Whether other things than tensors lie among the weights."""
    return not all(isinstance(item, Tensor) for item in _at(value, place).values())


def written(place: Place) -> str:
    """The place as it stands in code, such as ["a"]["b"]."""
    return "".join(f"[{json.dumps(key, ensure_ascii=False)}]" for key in place)


def _at(value: Any, place: Place) -> Any:
    for key in place:
        value = value[key]
    return value


def _places(value: Any, place: Place, wanted: Callable[[Mapping[Any, Any]], bool]) -> Iterator[Place]:
    if isinstance(value, Mapping):
        if wanted(value):
            yield place
        if {"state", "param_groups"} <= set(value):
            return  # an optimizer's: its averages are tensors, too, and no network's
        inside: Any = value.items()
    elif isinstance(value, list | tuple):
        inside = enumerate(value)
    else:
        return
    for key, item in inside:
        if type(key) in (str, int):
            yield from _places(item, (*place, key), wanted)


def _is_state_dict(value: Mapping[Any, Any]) -> bool:
    """Whether a dict holds weights: nothing but tensors, or tensors that are named like those of layers."""
    tensors = [name for name, item in value.items() if isinstance(item, Tensor)]
    named = any(isinstance(name, str) and ("." in name.strip(".") or LAYERS_OWN.fullmatch(name)) for name in tensors)
    return bool(tensors) and (named or len(tensors) == len(value))


def _has_weights(value: Mapping[Any, Any]) -> bool:
    """Whether tensors of more than one number lie among other things, as in a file of one's own making."""
    return any(isinstance(item, Tensor) and item.numel() > 1 for item in value.values())
