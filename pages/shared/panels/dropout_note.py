"""What to know about dropout in a recurrent network."""

from __future__ import annotations

from pages.shared.person.language import _


def dropout_note(dropout: float, num_layers: int) -> str:
    """That dropout changes nothing, where there is only one layer; else "".

    Args:
        dropout: the share of numbers set to zero between two layers.
        num_layers: recurrent layers above each other.
    """
    if dropout > 0 and num_layers == 1:
        return _("Dropout acts between two layers: with one layer it changes nothing, and the losses stay the same.")
    return ""
