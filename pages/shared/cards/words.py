"""What a card is called, what to try on it, and the words in its picture."""

from __future__ import annotations

from core.layers import CARDS
from pages.shared.language import _


def family_titles() -> dict[str, str]:
    """The families' names."""
    return {
        "convolution": _("Convolution"),
        "pooling": _("Pooling"),
        "dropout": _("Dropout"),
        "normalisation": _("Normalisation"),
        "activations": _("Activations"),
        "losses": _("Losses"),
        "linear": _("Linear, shapes, cells"),
        "optimizers": _("Optimizers"),
    }


def card_words(name: str) -> tuple[str, str]:
    """A card's title, and what to try first."""
    tries = {
        "conv1d": _("A kernel slides over a sound. Point at the output: which numbers of the wave made it?"),
        "conv2d": _("Point at a pixel of the output: the patch it sees, the kernel, and the sum that torch made of them."),
        "conv3d": _("Eight frames of a flying ball. Which kernel sees only what moves?"),
        "convtranspose2d": _("Every input pixel stamps the kernel. Set stride below kernel_size and see stamps overlap."),
    }
    return f"nn.{CARDS[name].title}", tries[name]


def picture_text(kind: str) -> dict[str, str]:
    """The words in a picture of that kind."""
    return {
        "picture": _("The card's picture"),
        "input": _("input"),
        "output": _("output"),
        "patch": _("patch"),
        "kernel": _("kernel"),
        "products": _("products"),
        "gradient_of_input": _("gradient of the input"),
        "windows_convolution": _(
            "Patch × kernel adds up to {sum} with the bias {bias}. torch: y[0, {channel}, {row}, {column}] = {torch}."
        ),
        "windows_transposed": _(
            "{count} input pixels reach this output pixel; times their kernel numbers they add up to {sum}. "
            "torch: y[0, {channel}, {row}, {column}] = {torch}."
        ),
    }
