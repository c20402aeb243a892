"""What functions and methods of torch make of what goes through forward(), as blocks."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.blocks import MOVES, fresh, read_block, written
from core.blocks.program.values import Flow, Given, Unknown

FUNCTIONS = {
    "relu": "ReLU",
    "relu_": "ReLU",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "softmax": "Softmax",
    "log_softmax": "LogSoftmax",
    "max_pool2d": "MaxPool2d",
    "max_pool1d": "MaxPool1d",
    "avg_pool2d": "AvgPool2d",
    "avg_pool1d": "AvgPool1d",
    "adaptive_avg_pool2d": "AdaptiveAvgPool2d",
    "adaptive_avg_pool1d": "AdaptiveAvgPool1d",
    "adaptive_max_pool2d": "AdaptiveMaxPool2d",
    "adaptive_max_pool1d": "AdaptiveMaxPool1d",
    "dropout": "Dropout",
    "dropout2d": "Dropout2d",
    "flatten": "Flatten",
}
"""Functions of torch, of torch.nn.functional and of tensors -> the block that does the same."""
UNCHANGED = (*MOVES.split("|"), "contiguous", "clone", "type")
"""Methods of a tensor after which its numbers are the same."""


def tensor_method(flow: Flow, name: str, given: Given) -> Flow | Unknown:
    values = given.values
    if name in UNCHANGED or (name == "unsqueeze" and not flow.blocks):
        return flow
    if name in ("view", "reshape"):
        sizes = values[0] if len(values) == 1 and isinstance(values[0], list) else values
        if len(sizes) == 2 and (sizes[0] == -1 or isinstance(sizes[0], Unknown)):
            return Flow((*flow.blocks, fresh("Flatten")))
        return flow if len(sizes) == 4 and not flow.blocks else Unknown()
    if name == "mean":
        axes = values[0] if values else given.options.get("dim")
        if axes in ([2, 3], [3, 2], [-2, -1], [-1, -2]):
            return Flow((*flow.blocks, fresh("AdaptiveAvgPool2d"), fresh("Flatten")))
    return function(name, replace(given, values=[flow, *values], texts=["", *given.texts]))


def function(name: str, given: Given) -> Flow | Unknown:
    """What a function of torch makes of what goes through forward(), which is the first of what it is given."""
    flow = given.values[0]
    texts = given.texts[1:]
    if name == "add" and len(given.values) == 2 and isinstance(given.values[1], Flow):
        return summed(flow, given.values[1]) or Unknown()
    if name not in FUNCTIONS or (name == "flatten" and not texts and not given.named):
        return Unknown()
    if name.startswith("dropout"):
        texts = texts[:1]
    named = {option: text for option, text in given.named.items() if option not in ("training", "_stacklevel")}
    return Flow((*flow.blocks, read_block(call_text(FUNCTIONS[name], texts, named))))


def summed(left: Flow, right: Flow) -> Flow | None:
    """x + f(x) as a residual block; None if neither continues from the other."""
    short, long = sorted((left, right), key=lambda flow: len(flow.blocks))
    at = len(short.blocks)
    inner = long.blocks[at:]
    same = all(one is other for one, other in zip(short.blocks, long.blocks, strict=False))
    if not same or not inner:
        return None
    return Flow((*short.blocks, read_block(f"Residual({', '.join(written(block) for block in inner)})")))


def text_of(value: Any, node: ast.expr) -> str:
    """An argument as one writes it, with the number that the program gives it."""
    if isinstance(value, list) and value and all(isinstance(item, int) for item in value):
        return f"({', '.join(map(str, value))})"
    return str(value) if isinstance(value, (bool, int, float)) else ast.unparse(node)


def call_text(name: str, texts: Sequence[str], named: Mapping[str, str]) -> str:
    """A layer's text."""
    return f"{name}({', '.join([*texts, *(f'{option}={text}' for option, text in named.items())])})"
