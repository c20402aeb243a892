"""The words of the list of blocks and of the picture of an own network."""

from __future__ import annotations

import re

from core.blocks.presets import PRESETS
from core.experiments.build import BuildConfig, stages_of
from core.experiments.build.config import tidied
from pages.shared.person.language import _
from pages.shared.pictures.images import image_words, training_image_words

DROPOUT = re.compile(r"Dropout\(.*?\)")


def picture_words(config: BuildConfig) -> dict[str, str]:
    """All words of the picture of images; `{name}` in a text is filled in by the browser."""
    return {
        **image_words(),
        **training_image_words(),
        "status_idle": _("Press Play, or change a block first. The network has not learned anything yet."),
        "tab_blocks": _("Block by block"),
        "tab_blocks_help": _("One image on its way through the network: what each block makes of it"),
        "stage_caption": _("{block}: {shape}"),
        "stage_caption_some": _("{block}: {shape}, the first {shown} shown"),
        **{f"tile_maps{number}": f"{stage.name}, {{number}}" for number, stage in enumerate(stages_of(config))},
    }


def preset_title(name: str) -> str:
    """The name of a network to begin with."""
    return {
        "cnn": _("The tutorial's CNN"),
        "mlp": _("A multilayer perceptron"),
        "resnet": _("A tiny ResNet"),
        "conv1d": _("A 1-D CNN: rows as channels"),
        "points": _("A classifier of points"),
        "deep": _("12 layers deep, on points"),
        "deep_residual": _("12 residual blocks, on points"),
    }[name]


def preset_of(config: BuildConfig) -> str:
    """The name of the network to begin with that a config has, and its mistakes; empty if it has none of them."""
    presets = {name: preset.blocks for name, preset in PRESETS.items() if preset.dataset == config.dataset}
    titles = [title for name, blocks in presets.items() if (title := _variant(name, blocks, config.blocks))]
    choices = config.settings()["bugs"].choices or {}
    return " · ".join([*titles, *(_(choices[bug]) for bug in config.bugs)]) if titles else ""


def _variant(name: str, preset: str, blocks: str) -> str:
    """What a network is called that is a preset, or one that a lesson changes in one way; empty if it is another."""
    title = preset_title(name)
    if tidied(preset) == blocks:
        return title
    if tidied(preset.replace("ReLU(),", "")) == blocks:
        return _("{network}, without ReLU").format(network=title)
    dropout = DROPOUT.search(blocks)
    if dropout and tidied(DROPOUT.sub(dropout[0], preset)) == blocks:
        return _("{network}, with {block}").format(network=title, block=dropout[0])
    return ""


def group_name(group: str) -> str:
    """A group of kinds, in the session's language."""
    return {
        "layers": _("Layers"),
        "pooling": _("Pooling"),
        "normalisation": _("Norm and dropout"),
        "activation": _("Activations"),
    }[group]


def about(kind: str) -> str:
    """What a block does, in a sentence."""
    if "Conv" in kind:
        return _("Slides out_channels filters over its input: each looks for one pattern everywhere.")
    if "Adaptive" in kind:
        return _("Pools so that the output has this size, whatever the input's is.")
    if "Max" in kind:
        return _("Keeps the largest number of each window: the map gets smaller.")
    if "Avg" in kind:
        return _("Keeps the mean of each window: the map gets smaller.")
    if "BatchNorm" in kind:
        return _(
            "Brings each channel to mean 0 and spread 1 over the batch, then scales and shifts it by learned numbers."
        )
    return {
        "Linear": _("Every output is a weighted sum of all inputs."),
        "LayerNorm": _("Brings each example to mean 0 and spread 1 by itself, whatever else is in the batch."),
        "Dropout": _("Sets randomly chosen numbers to zero while training; in eval mode it does nothing."),
        "Dropout2d": _("Sets randomly chosen channels to zero while training; in eval mode it does nothing."),
        "Flatten": _("Puts the numbers of each example in one row, as Linear needs them."),
        "Residual": _("Adds x to the result of its blocks, so that the gradient has a way around them."),
        "Softmax": _(
            "Turns numbers into probabilities. Before CrossEntropyLoss it is a mistake, since the loss does it itself."
        ),
    }.get(kind, _("A nonlinear function: without one, all layers together are a single linear map."))


def help_of(argument: str) -> str:
    """What an argument means, in a few words."""
    return {
        "in_channels": _("channels that come in"),
        "out_channels": _("filters, and so channels that go out"),
        "in_features": _("numbers that come in"),
        "out_features": _("numbers that go out"),
        "num_features": _("channels that come in"),
        "kernel_size": _("side of the window"),
        "stride": _("how far the window moves each time"),
        "padding": _("zeros around the border"),
        "output_size": _("side of the output"),
        "normalized_shape": _("the last sizes of the shape"),
        "p": _("share that is set to zero"),
        "negative_slope": _("slope below zero"),
        "bias": _("add a learned number to each output"),
        "start_dim": _("first dimension that is joined"),
        "end_dim": _("last dimension that is joined"),
        "dim": _("dimension that sums to 1"),
    }[argument]


def editor_words() -> dict[str, str]:
    """The words of the list of blocks."""
    return {
        "title": _("Your network"),
        "list": _("Blocks of the network"),
        "input": _("input"),
        "start": _("Begin with …"),
        "undo": _("Undo"),
        "redo": _("Redo"),
        "as_text": _("As text"),
        "text_help": _("Paste a class, an nn.Sequential or what print(net) shows. It is read, not run."),
        "apply": _("Apply"),
        "cancel": _("Cancel"),
        "add": _("Add a block …"),
        "add_here": _("Add below …"),
        "up": _("Up"),
        "down": _("Down"),
        "copy": _("Copy"),
        "remove": _("Remove"),
        "fix": _("Fix all"),
        "fix_help": _("Take every suggestion until the network works"),
        "drag": _("Drag to another place, or press Alt and an arrow key"),
        "typed": _("as typed"),
        "row_help": _("Enter opens it, Delete removes it, Alt and an arrow key moves it"),
    }
