"""The words of the pictures of networks that read images: images.js and the panes that all of them have."""

from __future__ import annotations

from pages.shared.person.language import _


def image_words() -> dict[str, str]:
    """The words of images.js and of the panes that every picture of images has."""
    return {
        "image_label": _("The image that goes in"),
        "tab_mistakes": _("Mistakes"),
        "tab_mistakes_help": _("The test images that the network is most surely wrong about"),
        "tab_confusion": _("Confusion"),
        "tab_confusion_help": _("Which class is taken for which"),
        "tab_projection": _("Projection"),
        "tab_projection_help": _("Test images laid out by what the last layer is given of them"),
        "show_saliency": _("What it looks at"),
        "show_saliency_help": _("Colour the pixels that move the strongest logit most (saliency)"),
        "show_gradients": _("Gradients of the filters"),
        "show_gradients_help": _("Show the last step's gradient of each filter instead of its weights"),
        "previous_image": _("The previous test image"),
        "next_image": _("The next test image"),
        "clear_pad": _("Clear"),
        "clear_pad_help": _("Empty the pad, to draw on it"),
        "draw_here": _("Draw here"),
        "pad_label": _("The image that goes in. Draw on it with mouse or finger; it is centred as MNIST's digits are"),
        "pen_label": _("Pen: the arrow keys move it, Space puts it down or lifts it, Delete clears the pad"),
        "image_number": _("no. {number}"),
        "own_drawing": _("yours"),
        "verdict": _("Says {answer}, {sure} sure. It is {truth}."),
        "verdict_drawn": _("Says {answer}, {sure} sure."),
        "mistakes_note": _(
            "At step {step} {wrong} of the first {tested} test images are wrong. The surest mistakes first; click one "
            "to look into it."
        ),
        "nothing_tested": _("The test images are not on this machine yet."),
        "mistake": _("{truth} read as {answer}"),
        "mistake_help": _("It is {truth}; the network says {answer}, {sure} sure."),
        "confusion": _("Confusion matrix"),
        "confusion_note": _(
            "Counts of the first {tested} test images at step {step}: {wrong} are wrong. Row: what it is. Column: what "
            "the network says."
        ),
        "confusion_cell": _("{truth} read as {said}: {count} times"),
        "true_and_said": _("is \\ says"),
        "projection_note": _(
            "{count} test images, each shown as its true class, by the two main directions (PCA) of what the last "
            "layer is given. At step {step} {wrong} of {tested} are wrong."
        ),
    }


def training_image_words() -> dict[str, str]:
    """The words of play bar and curves where the examples are images."""
    return {
        "status_paused": _("Paused. Step trains on one batch; Epoch goes once through the training images."),
        "epoch_help": _("Train for one epoch: every training image is used once"),
        "test_help": _("On the first 1,000 test images; at the end of each epoch on all"),
    }
