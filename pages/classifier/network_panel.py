"""The network from inside: its weights, each hidden unit's own map, and the gradients' sizes."""

from __future__ import annotations

from typing import Any

from pages.shared.form.workspace import Workspace
from pages.shared.live.component import view_component
from pages.shared.live.live_view import view_data

network_component = view_component("torch_playground_network")


def network_panel(space: Workspace, picture: dict[str, Any]) -> None:
    """Draw the network, fed by the same run as the live view."""
    network_component(key=f"network view {space.name}", data=view_data(space, picture, "classifier/network.js"))
