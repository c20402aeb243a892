"""Waves over time, cut into windows that each span pi radians; formulas in t; own series."""

import ast
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from core.foreign import quoted

FUNCTIONS = ("sin", "cos", "tan", "exp", "log", "sqrt", "abs", "sign", "tanh", "floor")
"""Functions that a formula may use, by their names in torch."""
OPERATORS = {
    "Add": "add",
    "Sub": "sub",
    "Mult": "mul",
    "Div": "div",
    "Pow": "pow",
    "Mod": "remainder",
    "USub": "neg",
    "UAdd": "positive",
}
"""Operators that a formula may use: their names in ast, and what they are in torch."""
MOST_PARTS = 100
"""Numbers, operators and functions in one formula."""


def times(index: int, time_steps: int, ahead: float) -> Tensor:
    """The times of one window, in radians.

    Args:
        index: which window; each spans pi and begins where the one before it ends.
        time_steps: points per window.
        ahead: radians added to all.

    Returns:
        float64 (time_steps,).
    """
    return index * math.pi + ahead + torch.arange(time_steps, dtype=torch.float64) * (math.pi / time_steps)


def sine(t: Tensor) -> Tensor:
    """The tutorial's signal: a quarter of a period ahead it is the cosine."""
    return torch.sin(t)


def sum_of_sines(t: Tensor) -> Tensor:
    """Three sines of which the third does not fit into the period of the others."""
    return (torch.sin(t) + 0.5 * torch.sin(2 * t) + 0.3 * torch.sin(math.sqrt(2) * t)) / 1.5


def square(t: Tensor) -> Tensor:
    """A square wave between -1 and 1."""
    return 1 - 2 * torch.floor(torch.remainder(t / math.pi, 2))


def damped(t: Tensor) -> Tensor:
    """A sine that fades, and is struck again every 8 pi."""
    return torch.exp(-torch.remainder(t, 8 * math.pi) / 8) * torch.sin(t)


def standardized(series: Sequence[float]) -> Tensor:
    """A series shifted and scaled to mean 0 and standard deviation 1, float64 (N,)."""
    values = torch.tensor(series, dtype=torch.float64)
    return (values - values.mean()) / values.std().clamp(min=1e-6)


def calculate(part: Any, t: Tensor) -> Tensor:
    """The value of a formula's syntax tree at times t; nothing but arithmetic and the known functions can happen."""
    if isinstance(part, ast.Constant):
        return torch.tensor(part.value, dtype=torch.float64)
    if isinstance(part, ast.Name):
        return torch.tensor(math.pi, dtype=torch.float64) if part.id == "pi" else t
    function = getattr(part, "func", None)
    if function is not None:
        operation, operands = function.id, part.args
    elif isinstance(part, ast.UnaryOp):
        operation, operands = OPERATORS[type(part.op).__name__], [part.operand]
    else:
        operation, operands = OPERATORS[type(part.op).__name__], [part.left, part.right]
    value: Tensor = getattr(torch, operation)(*(calculate(operand, t) for operand in operands))
    return value


def formula(text: str, t: Tensor) -> Tensor:
    """A formula in t, such as "sin(t) + 0.3*cos(3*t)", at times t (N,): float64 (N,)."""
    tree = ast.parse(text.strip().replace("^", "**"), mode="eval")
    return calculate(tree.body, t).expand(len(t))


class FormulaRefused(ValueError):
    """A text that is no formula: `word` is what can't be read in it, empty for its grammar as a whole."""

    def __init__(self, word: str = ""):
        super().__init__(word)
        self.word = word


def check_formula(text: str) -> None:
    """See that a text is a formula.

    Raises:
        FormulaRefused: it is not.
    """
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise FormulaRefused from None
    parts = list(ast.walk(tree))
    if len(parts) > 4 * MOST_PARTS:
        raise FormulaRefused
    called = [part.func for part in parts if isinstance(part, ast.Call)]
    for part in parts:
        _check_part(part, called)
    with torch.no_grad():
        try:
            values = formula(text, torch.linspace(0, 200, 500, dtype=torch.float64))
        except (OverflowError, ZeroDivisionError, ValueError, TypeError, RuntimeError):
            raise FormulaRefused from None
    if not bool(torch.isfinite(values).all()) or float(values.abs().max()) > 1e6:
        raise FormulaRefused("t")


def _words(part: ast.expr) -> str:
    """A part of a formula as a sentence quotes it; empty where it is too deep to be written."""
    try:
        return quoted(ast.unparse(part))
    except (RecursionError, ValueError):
        return ""


def _check_part(part: ast.AST, called: list[ast.expr]) -> None:
    if isinstance(part, ast.Call):
        if not isinstance(part.func, ast.Name) or part.func.id not in FUNCTIONS:
            raise FormulaRefused(_words(part.func))
        if len(part.args) != 1 or part.keywords:
            raise FormulaRefused(part.func.id)
    elif isinstance(part, ast.Name):
        if part not in called and part.id not in ("t", "pi"):
            raise FormulaRefused(quoted(part.id))
    elif isinstance(part, ast.Constant):
        if not isinstance(part.value, int | float) or isinstance(part.value, bool) or abs(part.value) > 1e6:
            raise FormulaRefused(quoted(part.value))
    elif isinstance(part, ast.UnaryOp | ast.BinOp):
        if type(part.op).__name__ not in OPERATORS:
            raise FormulaRefused(_words(part))
    elif not isinstance(part, ast.operator | ast.unaryop | ast.expr_context):
        raise FormulaRefused(_words(part) if isinstance(part, ast.expr) else "")
