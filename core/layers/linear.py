"""Linear, Embedding, Flatten and view, and one step of a recurrent cell with its gates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch

from core.config import Problem
from core.layers.card import Card, CardConfig, Result, argument, call, choice

SEED = "The seed of torch's random numbers: another value gives other first weights."


class LinearConfig(CardConfig):
    """Arguments of the Linear card."""

    experiment: ClassVar[str] = "layers linear"

    in_features: int = argument("in_features", 4, "How many numbers each example has.", low=1, high=6)
    out_features: int = argument(
        "out_features", 3, "How many outputs there are: each has its own row of weights.", low=1, high=5
    )
    bias: bool = argument("bias", True, "Whether a number is added to each output.")
    batch: int = choice(
        2, "Examples", "How many examples are computed at once; all use the same weights.", low=1, high=4
    )
    seed: int = choice(0, "Seed", SEED, low=0, high=20)


def show_linear(config: LinearConfig, own: np.ndarray | None) -> Result:
    """The Linear card."""
    inputs, outputs = config.in_features, config.out_features
    x = torch.randn(config.batch, inputs, generator=torch.Generator().manual_seed(7)).mul(10).round() / 10
    layer = call("nn.Linear", inputs, outputs, bias=config.bias)
    drawn = {"x": "x", "weight": "linear.weight", "y": "y"} | ({"bias": "linear.bias[:, None]"} if config.bias else {})
    result = Result(
        {"x": x},
        (f"torch.manual_seed({config.seed})", f"linear = {layer}", "y = linear(x)"),
        drawn,
        "panels",
        layer="linear",
        one=1,
    )

    links = linear_links(config.batch, inputs, outputs)
    names = ["x", "weight", *(["bias"] if config.bias else []), "y"]
    titles = {"x": "input", "weight": "weight", "bias": "bias", "y": "output"}
    result.facts = {
        "rows": [names],
        "panels": {name: {"title": titles[name], "numbers": True, "links": links[name]} for name in names},
        "tell": "linear",
        "tell_of": "y",
        "by_cell": {"sum": linear_sums(result)},
        "at": {"y": 0},
    }
    result.formula = (
        rf"y = x W^{{\top}} {'+ b' if config.bias else ''},\quad "
        rf"({config.batch} \times {inputs})\,({inputs} \times {outputs}) = ({config.batch} \times {outputs}),\quad "
        rf"{inputs}\cdot{outputs}{f' + {outputs}' if config.bias else ''} = {result.parameters}"
    )
    return result


Cells = dict[str, list[list[int]]]
"""Panel -> rows and columns of cells that belong together."""


def linear_links(batch: int, inputs: int, outputs: int) -> dict[str, list[Cells]]:
    """For each cell of each panel: the cells that it is made of, or that it helps to make."""

    def of_output(example: int, output: int) -> Cells:
        row = [[output, i] for i in range(inputs)]
        numbers = [[example, i] for i in range(inputs)]
        return {"x": numbers, "weight": row, "bias": [[output, 0]], "y": [[example, output]]}

    def of_weights(output: int) -> Cells:
        return {**of_output(0, output), "x": [], "y": [[example, output] for example in range(batch)]}

    def of_example(example: int) -> Cells:
        return {"x": of_output(example, 0)["x"], "y": [[example, output] for output in range(outputs)]}

    return {
        "x": [of_example(example) for example in range(batch) for _ in range(inputs)],
        "weight": [of_weights(output) for output in range(outputs) for _ in range(inputs)],
        "bias": [of_weights(output) for output in range(outputs)],
        "y": [of_output(example, output) for example in range(batch) for output in range(outputs)],
    }


def linear_sums(result: Result) -> list[str]:
    """Each output written out as a sum."""
    weight, bias = result.arrays["weight"], result.arrays.get("bias")

    def factor(value: float) -> str:
        return f"({value:.1f})" if value < 0 else f"{value:.1f}"

    sums = []
    for x in result.arrays["x"]:
        for output, row in enumerate(weight):
            parts = [f"{w:.2f}·{factor(value)}" for w, value in zip(row, x, strict=True)]
            if bias is not None:
                parts.append(f"{bias[output, 0]:.2f}")
            sums.append(" + ".join(parts).replace("+ -", "− ").replace("-", "−"))
    return sums


MOST_TOKENS = 8


class EmbeddingConfig(CardConfig):
    """Arguments of the Embedding card."""

    experiment: ClassVar[str] = "layers embedding"

    indices: str = choice(
        "2, 0, 5, 2",
        "Indices",
        "For example the numbers of words. Each number looks up one row; equal numbers look up the same row.",
    )
    num_embeddings: int = argument("num_embeddings", 6, "How many rows the table has.", low=1, high=10)
    embedding_dim: int = argument("embedding_dim", 4, "How many numbers represent one index.", low=1, high=6)
    padding_idx: int = choice(
        -1,
        "padding_idx",
        "This row is zero and is never trained: it is used for padding in sentences. -1 means none.",
        low=-1,
        high=9,
    )
    seed: int = choice(0, "Seed", SEED, low=0, high=20)

    def problems(self) -> Iterator[Problem]:
        indices = read_indices(self.indices)
        if isinstance(indices, Problem):
            yield indices
        elif max(indices) >= self.num_embeddings or min(indices) < 0:
            wrong = next(i for i in indices if not 0 <= i < self.num_embeddings)
            yield Problem(
                "indices",
                "Index {index} is out of range: the table has rows 0 to {last}.",
                {"index": wrong, "last": self.num_embeddings - 1},
            )
        if self.padding_idx >= self.num_embeddings:
            yield Problem(
                "padding_idx", "padding_idx must be one of the rows 0 to {last}.", {"last": self.num_embeddings - 1}
            )


def read_indices(text: str) -> list[int] | Problem:
    """Whole numbers, parted by commas or spaces."""
    parts = text[:200].replace("，", ",").replace(",", " ").split()
    if not 1 <= len(parts) <= MOST_TOKENS:
        return Problem("indices", "1 to {most} whole numbers are needed here.", {"most": MOST_TOKENS})
    try:
        return [int(part) for part in parts]
    except ValueError:
        return Problem("indices", "Only whole numbers can be indices, such as: 2, 0, 5.")


def show_embedding(config: EmbeddingConfig, own: np.ndarray | None) -> Result:
    """The Embedding card."""
    indices = read_indices(config.indices)
    assert not isinstance(indices, Problem)
    padding = {} if config.padding_idx < 0 else {"padding_idx": config.padding_idx}
    layer = call("nn.Embedding", config.num_embeddings, config.embedding_dim, **padding)
    result = Result(
        {"index": torch.tensor(indices)},
        (f"torch.manual_seed({config.seed})", f"embedding = {layer}", "y = embedding(index)", "y.sum().backward()"),
        {"index": "index[:, None]", "weight": "embedding.weight", "y": "y", "grad": "embedding.weight.grad"},
        "panels",
        layer="embedding",
        input="index",
        one=1,
    )
    width = config.embedding_dim

    def row(number: int) -> dict[str, list[list[int]]]:
        places = [i for i, index in enumerate(indices) if index == number]
        table = [[number, d] for d in range(width)]
        return {
            "index": [[i, 0] for i in places],
            "weight": table,
            "grad": table,
            "y": [[i, d] for i in places for d in range(width)],
        }

    table = [row(number) for number in range(config.num_embeddings) for _ in range(width)]
    result.facts = {
        "rows": [["index", "weight", "y", "grad"]],
        "panels": {
            "index": {"title": "index", "numbers": True, "plain": True, "links": [row(index) for index in indices]},
            "weight": {"title": "weight", "numbers": True, "links": table, "count_rows": True},
            "y": {"title": "output", "numbers": True, "links": [row(index) for index in indices for _ in range(width)]},
            "grad": {"title": "gradient_of_weight", "numbers": True, "links": table, "count_rows": True},
        },
        "tell": "embedding",
        "at": {"y": 0},
    }
    result.formula = rf"y_i = W_{{index_i}},\quad {config.num_embeddings}\cdot{width} = {config.num_embeddings * width}"
    return result


class ShapesConfig(CardConfig):
    """Arguments of the card of Flatten and view."""

    experiment: ClassVar[str] = "layers shapes"

    operation: Literal["flatten", "view", "reshape", "transpose", "transposed view", "permute"] = choice(
        "flatten",
        "Operation",
        "What is done to x, a tensor of shape (2, 3, 4) with the numbers 0 to 23.",
        choices={
            "flatten": "nn.Flatten",
            "view": "view",
            "reshape": "reshape",
            "transpose": "transpose",
            "transposed view": "transpose, then view",
            "permute": "permute",
        },
    )
    start_dim: int = argument(
        "start_dim", 1, "The first axis that is flattened.", low=-3, high=2, shown_if=("operation", ("flatten",))
    )
    end_dim: int = argument(
        "end_dim",
        -1,
        "The last axis that is flattened; -1 means the last axis of x.",
        low=-3,
        high=2,
        shown_if=("operation", ("flatten",)),
    )
    dim0: int = argument(
        "dim0",
        0,
        "The first of the two axes that are exchanged.",
        low=-3,
        high=2,
        shown_if=("operation", ("transpose", "transposed view")),
    )
    dim1: int = argument(
        "dim1",
        1,
        "The second of the two axes that are exchanged.",
        low=-3,
        high=2,
        shown_if=("operation", ("transpose", "transposed view")),
    )
    size: str = choice(
        "6, 4",
        "New shape",
        "Sizes whose product is 24; torch computes the one that is -1.",
        shown_if=("operation", ("view", "reshape", "transposed view")),
    )
    dims: str = choice(
        "2, 0, 1",
        "New order of the axes",
        "The axes 0, 1 and 2, each exactly once.",
        shown_if=("operation", ("permute",)),
    )

    def problems(self) -> Iterator[Problem]:
        if self.operation == "flatten" and self.start_dim % 3 > self.end_dim % 3:
            yield Problem("start_dim", "start_dim can't come after end_dim.")
        if self.operation in ("view", "reshape", "transposed view"):
            size = read_sizes(self.size, "size")
            if isinstance(size, Problem):
                yield size
            elif self.operation == "transposed view" and not viewable(self.dim0, self.dim1, size):
                yield Problem(
                    "size",
                    "view can't: after the transpose, numbers that would become neighbours are not neighbours in "
                    "memory. Use reshape, which copies.",
                )
        if self.operation == "permute":
            dims = read_sizes(self.dims, "dims")
            if isinstance(dims, Problem):
                yield dims


def read_sizes(text: str, field: str) -> list[int] | Problem:
    """A new shape for 24 numbers, or a new order of three axes."""
    parts = text[:200].replace("，", ",").strip("()[] ").replace(",", " ").split()
    try:
        sizes = [int(part) for part in parts]
    except ValueError:
        return Problem(field, "Only whole numbers separated by commas can be read here.")
    if field == "dims":
        if sorted(size % 3 if -3 <= size < 3 else 9 for size in sizes) != [0, 1, 2]:
            return Problem(field, "Each of the axes 0, 1 and 2 is needed exactly once.")
        return sizes
    if not 1 <= len(sizes) <= 4:
        return Problem(field, "1 to 4 sizes can be shown here.")
    if sizes.count(-1) > 1:
        return Problem(field, "Only one size can be -1: torch can't compute two of them.")
    if any(size < -1 or size == 0 for size in sizes):
        return Problem(field, "Sizes are 1 or more; one may be -1.")
    known = math.prod(size for size in sizes if size != -1)
    if (-1 in sizes and 24 % known) or (-1 not in sizes and known != 24):
        return Problem(field, "24 numbers don't fit: the sizes multiply to {product}.", {"product": known})
    return sizes


def viewable(dim0: int, dim1: int, size: list[int]) -> bool:
    """Whether torch can view the transposed block in that shape without copying."""
    try:
        torch.empty(2, 3, 4, device="meta").transpose(dim0, dim1).view(size)
    except RuntimeError:
        return False
    return True


def show_shapes(config: ShapesConfig, own: np.ndarray | None) -> Result:
    """The card of Flatten and view."""
    size, dims = read_sizes(config.size, "size"), read_sizes(config.dims, "dims")
    sizes = ", ".join(map(str, size)) if not isinstance(size, Problem) else ""
    line = {
        "flatten": f"y = {call('nn.Flatten', start_dim=config.start_dim, end_dim=config.end_dim)}(x)",
        "view": f"y = x.view({sizes})",
        "reshape": f"y = x.reshape({sizes})",
        "transpose": f"y = x.transpose({config.dim0}, {config.dim1})",
        "transposed view": f"y = x.transpose({config.dim0}, {config.dim1}).view({sizes})",
        "permute": f"y = x.permute({', '.join(map(str, dims)) if not isinstance(dims, Problem) else ''})",
    }[config.operation]
    result = Result({"x": torch.arange(24).reshape(2, 3, 4)}, (line,), {"x": "x", "y": "y"}, "panels")
    made = result.value("y")
    shared = made.data_ptr() == result.value("x").data_ptr()
    result.facts = {
        "rows": [["x"], ["y"]],
        "panels": {
            name: {"title": title, "numbers": True, "tags": name, "ramp": 23, "indices": True}
            for name, title in (("x", "input"), ("y", "output"))
        },
        "tell": "shapes_shared" if shared else "shapes_copied",
        "values": {"stride": ", ".join(map(str, made.stride()))},
        "at": {"y": 0},
    }
    result.formula = (
        rf"({', '.join(map(str, result.value('x').shape))}) \rightarrow ({', '.join(map(str, made.shape))})"
    )
    return result


class CellsConfig(CardConfig):
    """Arguments of the card of RNN cells."""

    experiment: ClassVar[str] = "layers cells"

    cell: Literal["RNNCell", "LSTMCell", "GRUCell"] = choice(
        "LSTMCell",
        "Cell",
        "One step of the recurrent layers that step 7 uses.",
        choices={"RNNCell": "nn.RNNCell", "LSTMCell": "nn.LSTMCell", "GRUCell": "nn.GRUCell"},
    )
    x0: float = choice(1.0, "x[0]", "One number of the input.", low=-3, high=3, step=0.1)
    x1: float = choice(-0.5, "x[1]", "One number of the input.", low=-3, high=3, step=0.1)
    h: float = choice(
        0.5, "Size of the old h", "The hidden state before this step is multiplied by this.", low=0, high=3, step=0.1
    )
    gate: float = choice(
        0.0,
        "Bias of the forget gate",
        "Added inside the forget gate (GRU: the update gate): positive values open the gate, negative values close it.",
        low=-6,
        high=6,
        step=0.5,
        shown_if=("cell", ("LSTMCell", "GRUCell")),
    )
    seed: int = choice(0, "Seed", SEED, low=0, high=20)


HIDDEN = 4


@dataclass(frozen=True)
class OwnStep:
    """A cell's step, worked out from its own weights.

    Attributes:
        lines: the lines that call the cell and follow it by hand.
        rows: the names of the panels, row by row.
        formula: LaTeX.
    """

    lines: tuple[str, ...]
    rows: list[list[str]]
    formula: str


SUMS = ("from_x = x @ cell.weight_ih.T + cell.bias_ih", "from_h = h @ cell.weight_hh.T + cell.bias_hh")
STEPS = {
    "RNNCell": OwnStep(
        ("h_new = cell(x, h)", *SUMS, "by_hand = (from_x + from_h).tanh()"),
        [["x", "h"], ["from_x", "from_h"], ["h_new", "by_hand"]],
        r"h' = \tanh(W x + b + U h + b')",
    ),
    "LSTMCell": OwnStep(
        (
            "h_new, c_new = cell(x, (h, c))",
            *SUMS,
            "i, f, g, o = (from_x + from_h).chunk(4, dim=1)",
            "i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()",
            "by_hand = o * (f * c + i * g).tanh()",
        ),
        [["x", "h", "c"], ["i", "f", "g", "o"], ["c_new", "h_new", "by_hand"]],
        r"i, f, o = \sigma(\ldots),\quad g = \tanh(\ldots),\quad "
        r"c' = f \odot c + i \odot g,\quad h' = o \odot \tanh(c')",
    ),
    "GRUCell": OwnStep(
        (
            "h_new = cell(x, h)",
            *SUMS,
            "(r, z, n), (r_h, z_h, n_h) = from_x.chunk(3, dim=1), from_h.chunk(3, dim=1)",
            "r, z = (r + r_h).sigmoid(), (z + z_h).sigmoid()",
            "n = (n + r * n_h).tanh()",
            "by_hand = (1 - z) * n + z * h",
        ),
        [["x", "h"], ["r", "z", "n"], ["h_new", "by_hand"]],
        r"r, z = \sigma(\ldots),\quad n = \tanh(W x + r \odot U h),\quad h' = (1 - z) \odot n + z \odot h",
    ),
}


def show_cells(config: CellsConfig, own: np.ndarray | None) -> Result:
    """The card of RNN cells: one step, with the gates worked out from the cell's own weights."""
    given = {
        "x": torch.tensor([[config.x0, config.x1]]),
        "h": config.h * torch.tensor([[0.8, -0.6, 0.2, -0.9]]),
        "c": torch.tensor([[1.2, -0.8, 0.4, -1.5]]),
    }
    start = [f"torch.manual_seed({config.seed})", f"cell = {call(f'nn.{config.cell}', 2, HIDDEN)}"]
    if config.gate and config.cell != "RNNCell":
        start.append(f"cell.bias_hh.data[{HIDDEN}:{2 * HIDDEN}] += {config.gate!r}")
    step = STEPS[config.cell]
    names = [name for row in step.rows for name in row]
    result = Result(
        given if config.cell == "LSTMCell" else {name: given[name] for name in ("x", "h")},
        (*start, *step.lines),
        {name: name for name in names},
        "panels",
        formula=step.formula,
        layer="cell",
        input="x",
        output="h_new",
        one=1,
    )
    unit = [{name: [[0, u]] for name in names if name != "x"} | {"x": [[0, 0], [0, 1]]} for u in range(HIDDEN)]
    result.facts = {
        "rows": step.rows,
        "panels": {
            name: {
                "title": f"cell_{name}",
                "numbers": True,
                "cell": 38,
                "most": 1 if name in ("i", "f", "o", "r", "z") else 2,
                "links": [{}, {}] if name == "x" else unit,
            }
            for name in names
        },
        "tell": f"cells_{config.cell}",
        "values_of": {name: result.arrays[name][0].tolist() for name in names if name != "x"},
        "at": {"h_new": 0},
    }
    return result


CARDS = [
    Card("linear", "Linear", "linear", LinearConfig, show_linear),
    Card("embedding", "Embedding", "linear", EmbeddingConfig, show_embedding),
    Card("shapes", "Flatten, view", "linear", ShapesConfig, show_shapes),
    Card("cells", "RNNCell, LSTMCell, GRUCell", "linear", CellsConfig, show_cells),
]
