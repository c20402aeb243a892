"""Random arguments for a card: every value that its controls, or a link, could give."""

from __future__ import annotations

import typing
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from core.config import Setting, kind_of
from core.layers.card import Card, CardConfig

TEXTS = {
    "indices": ["2, 0, 5, 2", "0", "1 1 1", "9, 8", "-1, 2", "a, b", "", "1.5", "0，1", "1,2,3,4,5,6,7,8,9"],
    "size": [
        "6, 4",
        "24",
        "-1, 4",
        "2, 3, 4",
        "4, 3, 2",
        "5, 5",
        "-1, -1",
        "2,2,2,3",
        "0, 24",
        "x",
        "-1",
        "3, 8",
        "(2, 12)",
    ],
    "dims": ["2, 0, 1", "0 1 2", "-1, 0, 1", "0, 1", "0, 0, 1", "1, 2, 3", "z"],
}
"""What people type, good and bad."""


def values_of(config: type[CardConfig], name: str, setting: Setting) -> SearchStrategy[Any]:
    """Any value of one field that is within its bounds."""
    kind = kind_of(config, name)
    if kind == "bool":
        return st.booleans()
    if kind == "text":
        return st.sampled_from(TEXTS[name])
    if kind == "choice":
        return st.sampled_from(typing.get_args(config.model_fields[name].annotation))
    if kind == "choices":
        choices = typing.get_args(typing.get_args(config.model_fields[name].annotation)[0])
        return st.lists(st.sampled_from(choices), min_size=1, unique=True).map(tuple)
    if name == "kernel":
        sizes = st.sampled_from([1, 4, 9, 16, 25, 49])
        return sizes.flatmap(lambda n: st.tuples(*[st.floats(-10, 10, width=16)] * n))
    assert setting.low is not None
    assert setting.high is not None
    if kind == "int":
        return st.integers(int(setting.low), int(setting.high))
    if setting.log:
        return st.sampled_from([setting.low, config.default(name), setting.high])
    count = round((setting.high - setting.low) / (setting.step or 1))
    return st.integers(0, count).map(lambda i: round(float(setting.low or 0) + i * (setting.step or 1), 6))


def arguments(card: Card) -> SearchStrategy[dict[str, Any]]:
    """Values of some of the card's fields; the others keep their default."""
    fields = {name: values_of(card.config, name, setting) for name, setting in card.config.settings().items()}
    return st.fixed_dictionaries({}, optional=fields)
