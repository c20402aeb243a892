"""The words of the picture of a network that reads row by row."""

from __future__ import annotations

from core.experiments.rnn_digits import RNNDigitsConfig
from pages.shared.person.language import _
from pages.shared.pictures.images import image_words
from pages.shared.pictures.recurrent import cell_words


def picture_words(config: RNNDigitsConfig) -> dict[str, str]:
    """All words of the picture; `{name}` in a text is filled in by the browser."""
    return {
        **image_words(),
        "status_idle": _("Press Play. The network reads from top to bottom and has not learned anything yet."),
        "status_paused": _("Paused. Step trains on one batch; Epoch goes once through the training data."),
        "epoch_help": _("Train for one epoch: every training example is used once"),
        "test_help": _("On the first 1,000 test examples; at the end of each epoch on all"),
        "tab_reading": _("Reading"),
        "tab_reading_help": _("One example as it is read, and what the network would say after each row"),
        "read": _("Read it again"),
        "read_help": _("Read it row by row, slowly"),
        "reading_help": _("Time runs downwards. Point at a row: what would the network say if it were the last one?"),
        "reading_memory": _("hidden state"),
        "reading_memory_short": _("state"),
        "reading_classes": _("probabilities"),
        "reading_classes_short": _("says"),
        "verdict_row": _("After row {row} of {rows}: {answer}, {sure} sure."),
        **(_of_waves() if config.dataset == "waves" else {}),
        **cell_words(config.cell, config.compare),
    }


def _of_waves() -> dict[str, str]:
    """Words that differ where points are read instead of rows."""
    return {
        "tab_reading_help": _("One wave as it is read, and what the network would say after each point"),
        "reading_help": _("Time runs downwards. Choose a point: what would the network say if it were the last one?"),
        "read_help": _("Read it point by point, slowly"),
        "verdict_row": _("After point {row} of {rows}: {answer}, {sure} sure."),
        "mistakes_note": _(
            "At step {step} {wrong} of the first {tested} test waves are wrong. The surest mistakes first; click one "
            "to look into it."
        ),
        "confusion_note": _(
            "Counts of the first {tested} test waves at step {step}: {wrong} are wrong. Row: what it is. Column: what "
            "the network says."
        ),
        "projection_note": _(
            "{count} test waves, each shown as its true class, by the two main directions (PCA) of what the last layer "
            "is given. At step {step} {wrong} of {tested} are wrong."
        ),
        "previous_image": _("The previous wave"),
        "next_image": _("The next wave"),
    }
