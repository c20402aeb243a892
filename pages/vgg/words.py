"""The words of VGG's picture."""

from __future__ import annotations

from core.experiments.vgg import PRESETS, VGGConfig
from pages.shared.form.differences import settings_of
from pages.shared.person.language import _
from pages.shared.pictures.images import image_words, training_image_words


def picture_words(config: VGGConfig) -> dict[str, str]:
    """All words of the picture; `{name}` in a text is filled in by the browser."""
    return {
        **image_words(),
        **training_image_words(),
        "status_idle": _("Press Play and watch the blocks form. The network has not learned anything yet."),
        "floor": _("guessing among ten: {floor}"),
        "tab_layers": _("Blocks"),
        "tab_layers_help": _("One image on its way through all blocks, to the probabilities"),
        "filters_caption": _("first filters, {size} × {size}"),
        "gradients_caption": _("gradients of the first filters"),
        "maps_caption": _("block {number}, {size} × {size}"),
        "tile_filters": _("Filter {number}"),
        "tile_maps": _("Map {number} of block {layer}"),
        "tab_depth": _("Depth"),
        "tab_depth_help": _("How signal and gradient pass through all layers, from the first to the last"),
        "depth_note": _("Gradient of the first layer: {first}, of the last: {last}. Each gridline is a factor of 100."),
        "depth_untrained": _("No gradient yet: it comes with the first step. Each gridline is a factor of 100."),
        "depth_signal": _("signal: spread of the output"),
        "depth_gradient": _("gradient: its norm"),
        "depth_signal_short": _("signal"),
        "depth_gradient_short": _("gradient"),
        "unseen": _("Too large to be drawn before it trains. Press Play: its own process draws it."),
        **side_by_side(config),
    }


def preset_of(config: VGGConfig) -> str:
    """What makes a config, with the paper's name for its list; empty if it is the tutorial's list or one's own."""
    tutorials = config.default("cfg")
    papers = {layers: name for name, layers in PRESETS.items() if name.startswith("VGG") and layers != tutorials}
    name = papers.get(config.cfg)
    return " · ".join([name, *settings_of(config.changed(cfg=tutorials))]) if name else ""


def side_by_side(config: VGGConfig) -> dict[str, str]:
    """The names of two networks that train side by side; empty if there is one."""
    if config.compare == "batch_norm":
        with_norm, without = _("With batch norm"), _("Without batch norm")
        short = [_("with"), _("without")]
        names = [with_norm, without] if config.batch_norm else [without, with_norm]
        short = short if config.batch_norm else short[::-1]
    elif config.compare == "init":
        first = {"default": _("PyTorch's default"), "kaiming": "kaiming_normal_", "small": _("std 0.001")}[config.init]
        names = [first, "kaiming_normal_" if config.init == "small" else _("std 0.001")]
        short = [_("this"), _("other")]
    else:
        return {}
    return {"lane_run": names[0], "lane_other": names[1], "lane_short_run": short[0], "lane_short_other": short[1]}
