"""The words of the wave's picture."""

from __future__ import annotations

from core.experiments.rnn import RNNConfig
from pages.shared.person.language import _
from pages.shared.pictures.recurrent import cell_words


def picture_words(config: RNNConfig) -> dict[str, str]:
    """All words of the picture; `{name}` in a text is filled in by the browser."""
    return {
        "status_idle": _(
            "Press Play and watch the blue line approach the red one. The network has not learned anything yet."
        ),
        "status_paused": _("Paused. Step trains on the next window."),
        "epoch_count": _("lr {lr}"),
        "train": _("of each window"),
        "loss_label": _("Loss over the steps; training loss {value} at step {step}"),
        "sequence_label": _("The wave around step {step}, training loss {loss}"),
        "tab_fit": _("Following the wave"),
        "tab_fit_help": _("The windows that come next: input, target, and what the network of this step predicts"),
        "tab_free": _("By itself"),
        "tab_free_help": _("The network reads its own output and continues beyond the data"),
        "wave_input": _("input"),
        "wave_target": _("target"),
        "wave_prediction": _("prediction"),
        "by_itself": _("from here on it reads only its own output"),
        "free_error": _("distance from the true wave, up to {most}"),
        "free_excuse": _(
            "To predict by itself, the network has to put out what it reads: choose “the next point” under Predict, "
            "without bidirectional, and train."
        ),
        "free_remedy": _("Predict the next point, and train"),
        "memory": _("hidden state: {count} numbers at each point"),
        "memory_help": _("The hidden state over time, a row for each unit: green above zero, purple below"),
        "reach": _("gradient of the last point's error by each input (log)"),
        "reach_first": _("point 1"),
        "reach_none": _("below 1e−8"),
        "reach_help": _(
            "How strongly the error at the next window's last point depends on each of its inputs, from the first to "
            "the last (each gridline is a factor of 10,000). Tiny on the left: the gradient vanishes on its way back "
            "through time. Above 1 and growing: it explodes."
        ),
        **cell_words(config.cell, config.compare),
    }
