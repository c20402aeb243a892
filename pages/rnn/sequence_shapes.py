"""The shapes section of the RNN's page: each tensor of a step in both orders of the axes, and every parameter."""

from __future__ import annotations

import streamlit as st

from core.experiments.rnn import RNNConfig
from core.experiments.rnn.shapes import Shape, parameters, step_tensors
from pages.shared.person.language import _


def sequence_shapes(config: RNNConfig) -> None:
    """Two tables: tensors and parameters."""
    st.write(
        _(
            "The tensors of one training step. Their shapes are read off the network on PyTorch's meta device, without "
            "training. The batch is one window. `batch_first` swaps the axes of input and output, but never those of "
            "the hidden state."
        )
    )
    here = [_("with batch_first=True"), _("with batch_first=False")]
    here[0 if config.batch_first else 1] += " ←"
    meaning = {
        "x": _("the window: one number at each point"),
        "r_out": _("the hidden state after each point"),
        "h_state": _("the hidden state after the last point, of each layer and direction"),
        "h_n": _("the hidden state after the last point, of each layer and direction"),
        "c_n": _("the LSTM's cell state after the last point"),
        "prediction": _("what the Linear makes of each r_out"),
    }
    rows = [
        f"| `{tensor.name}` | {written(tensor.batch_first)} | {written(tensor.time_first)} | {meaning[tensor.name]} |"
        for tensor in step_tensors(config)
    ]
    table = st.container(key="sequence-shapes")
    table.markdown("\n".join([titles(_("tensor"), *here, _("what it holds")), "|---|---|---|---|", *rows]))
    learned = parameters(config)
    st.markdown(
        "\n".join(
            [
                titles(_("parameter"), _("shape"), _("numbers")),
                "|---|---|--:|",
                *(f"| `{one.name}` | {written(one.shape)} | {one.count:,} |" for one in learned),
            ]
        )
    )
    st.markdown(
        _("In all **{parameters}** parameters.").format(parameters=f"{sum(one.count for one in learned):,}")
        + "  \n"
        + gates(config)
    )


def gates(config: RNNConfig) -> str:
    """Why the cell's matrices have the height that they have."""
    if config.cell == "LSTM":
        return _(
            "An LSTM's matrices are 4 × {size} = {rows} rows high: one block each for input gate, forget gate, "
            "candidate and output gate."
        ).format(size=config.hidden_size, rows=4 * config.hidden_size)
    if config.cell == "GRU":
        return _(
            "A GRU's matrices are 3 × {size} = {rows} rows high: one block each for reset gate, update gate and "
            "candidate."
        ).format(size=config.hidden_size, rows=3 * config.hidden_size)
    return _("A plain RNN's matrices have one row for each of the {size} numbers in its hidden state.").format(
        size=config.hidden_size
    )


def titles(*words: str) -> str:
    """The first line of a table."""
    return "| " + " | ".join(words) + " |"


def written(shape: Shape) -> str:
    """A shape as PyTorch writes it, never broken over two lines."""
    return f"({', '.join(map(str, shape))})".replace(" ", "\u00a0")
