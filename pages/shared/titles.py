"""The experiments' names on the screen, as the navigation has them."""

from __future__ import annotations

from pages.shared.language import _


def experiment_title(name: str) -> str:
    """An experiment's name in the session's language."""
    titles = {
        "classifier": _("Classifier"),
        "cnn": _("CNN"),
        "rnn": _("RNN"),
        "rnn_digits": _("LSTM"),
        "vgg": _("VGG"),
        "build": _("Build"),
    }
    return titles.get(name, name)
