"""A list of layers, drawn and edited: the drawing, the code that it stands for, and a table of all its layers."""

from __future__ import annotations

import inspect
from typing import Any

import streamlit as st

from core.config import ConfigError
from core.experiments.vgg import MOST_CHANNELS, MOST_LAYERS, PRESETS, VGGConfig, read_layer, shapes
from core.models import make_layers
from core.shapes.stack import Sized
from pages.shared.form.workspace import Workspace
from pages.shared.live.component import view_component
from pages.shared.panels.shape_table import shape_table
from pages.shared.person import language, session
from pages.shared.person.language import _
from pages.shared.server.assets import asset
from pages.vgg.run_cost import facts

stack_component = view_component("torch_playground_stack")


def stack_editor(space: Workspace, config: VGGConfig) -> None:
    """Drawing, code and table of the list asked for, which may be one that can't work."""

    def edit() -> None:
        order = getattr(session.get("stack editor"), "cfg", None) or {}
        wanted = order.get("cfg") if isinstance(order, dict) else None
        if isinstance(wanted, list) and 1 <= len(wanted) <= MOST_LAYERS:
            try:
                layers = [read_layer(value) for value in wanted]
            except ConfigError:
                return
            session.put(space.key("cfg"), str(layers))

    st.write(
        _(
            "Each chip is a layer. Click one to change it, drag it to another place, or add one after it. The chip "
            "shows the paper's number of channels, the drawing the number at the width you chose."
        )
    )
    stack_component(key="stack editor", data=drawing(config), on_cfg_change=edit)
    if "cfg" in space.problems:
        st.error(language.tell(space.problems["cfg"]), icon=":material/error:")
    else:
        st.markdown(facts(config))
    st.code(short_code(config), language="python")
    with st.expander(_("The same, written out")):
        st.code(long_code(config), language="python")
    shape_table(shapes(config), kept=True)


def drawing(config: VGGConfig) -> dict[str, Any]:
    """What stack.js draws: the layers, and the words around them."""
    stack = config.stack
    names = {"small": _("small"), "middle": _("middle")}
    return {
        "module": asset("vgg/stack.js"),
        "lang": language.current(),
        "cfg": list(config.cfg),
        "presets": {key: {"name": names.get(key, key), "list": list(cfg)} for key, cfg in PRESETS.items()},
        "layers": [layer_of(layer) for layer in stack.layers],
        "broken": stack.broken,
        "size": config.size,
        "most_channels": MOST_CHANNELS,
        "most_layers": MOST_LAYERS,
        "text": {
            "layer_conv": _("Layer {number}: a convolution, {inputs} to {channels} channels, {out} x {out} pixels"),
            "layer_M": _("Layer {number}: M halves {side} x {side} to {out} x {out} pixels"),
            "layer_linear": _("Linear: {inputs} numbers to {channels}"),
            "layer_broken": _("Layer {number}: M can't halve {side} x {side} pixels"),
            "layer_chosen": _("Layer {number}"),
            "layer_channels": _("Channels of this layer"),
            "layer_left_help": _("Move this layer to the left"),
            "layer_right_help": _("Move this layer to the right"),
            "layer_remove_help": _("Delete this layer"),
            "layer_conv_help": _("Add a convolution after this layer"),
            "layer_pool_help": _("Add a pooling after this layer"),
        },
    }


def layer_of(layer: Sized) -> dict[str, Any]:
    """One layer, as the drawing gets it."""
    out = layer.side // 2 if layer.kind == "M" else layer.side
    return {"kind": layer.kind, "inputs": layer.inputs, "channels": layer.channels, "side": layer.side, "out": out}


def short_code(config: VGGConfig) -> str:
    """The network from its list, the width put in."""
    norm = ", batch_norm=True" if config.batch_norm else ""
    grey = ", in_channels=1" if config.in_channels == 1 else ""
    return f"cfg = {list(config.scaled_cfg)}\nfeatures = make_layers(cfg{norm}{grey})"


def long_code(config: VGGConfig) -> str:
    """What make_layers makes of the list, a line for each layer."""
    lines = ["nn.Sequential("]
    channels: int = config.in_channels
    for v in config.scaled_cfg:
        if isinstance(v, str):
            lines.append("    nn.MaxPool2d(kernel_size=2, stride=2),")
        else:
            lines.append(f"    nn.Conv2d({channels}, {v}, kernel_size=3, padding=1),")
            lines += [f"    nn.BatchNorm2d({v}),"] if config.batch_norm else []
            lines.append("    nn.ReLU(inplace=True),")
            channels = v
    return "\n".join([*lines, ")"])


def story(config: VGGConfig) -> None:
    """A forward with a line for each convolution beside the loop that makes them all."""
    convolutions = sum(v != "M" for v in config.cfg)
    st.write(
        _(
            "On the left is the tutorial's first way: a line for each layer, here {count} that are nearly equal, and "
            "as many in `__init__`. On the right is the same network from a loop. The list `cfg` is all that differs "
            "from one VGG to the next."
        ).format(count=convolutions)
    )
    left, right = st.columns(2)
    calls = [f"    x = self.conv{number}(x)" for number in range(1, convolutions + 1)]
    end = ["    x = x.view(x.size(0), -1)", "    output = self.out(x)", "    return output"]
    with left:
        st.markdown(_("**Line by line**"))
        st.code("\n".join(["def forward(self, x):", *calls, *end]), language="python")
    with right:
        st.markdown(_("**From a list**"))
        source = inspect.getsource(make_layers)
        head, _docstring, body = source.split('"""')
        st.code(head.rstrip() + "\n" + body.strip("\n"), language="python")
        st.code(
            f"cfg = {list(config.cfg)}\nfeatures = make_layers(cfg, batch_norm={config.batch_norm})", language="python"
        )
    st.write(
        _(
            "`nn.Sequential(*layers)`: the star passes the items of the list as separate arguments. The loop updates "
            "`in_channels`: the output channels of one convolution are the input channels of the next."
        )
    )
