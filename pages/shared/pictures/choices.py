"""Small pictures of what can be chosen: points, features, activations, waves and images, drawn from the real ones.

What a person brings, and images that are not on every machine, have a sign instead.
Each is an SVG that the app serves, in colours that read on a light and on a dark page. It stands beside the name in a
choice, which keeps it for whoever sees no pictures.
"""

from __future__ import annotations

import base64
import hashlib
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

import torch
from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from torch import Tensor, nn

from core.config import Config
from core.data import coloured_shapes, digits, points, wave_kinds, waves
from core.settings import ACTIVATIONS
from core.snapshot import undisturbed
from pages.shared.pictures.palette import LIGHT
from pages.shared.server.addresses import address, route
from pages.shared.server.assets import FOREVER

SIDE = 36
"""Width and height of a picture in its own units."""
REACH = 6.0
"""How far the plane is shown from its middle to each side, as in the large picture."""
SHOWN_POINTS = 36
"""Points of a class in a picture."""
CELLS = 12
"""Squares in a row of a feature's map."""
NAMED = ("activation", "nonlinearity")
"""The settings whose choices are functions of torch.nn by name."""
FUNCTIONS = {**{name: name for name in ACTIVATIONS}, "tanh": "Tanh", "relu": "ReLU"}
"""Classes of torch.nn by the names that settings have for them; nn.RNN names two in small letters."""
FEATURES = ("x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)")
"""What a network may be given of a point."""
SIGNALS: dict[str, Callable[[Tensor], Tensor]] = {
    "sine": waves.sine,
    "shifted": lambda t: waves.sine(t + 1),
    "sum": waves.sum_of_sines,
    "square": waves.square,
    "damped": waves.damped,
    "noisy": lambda t: waves.sine(t) + 0.1 * torch.randn(len(t), generator=torch.Generator().manual_seed(1)),
}
"""The waves that the recurrent network follows."""

PLUS = f'<path d="M{SIDE / 2:g} 12v12m-6-6h12"/>'
BROUGHT = f'<rect x="5" y="5" width="26" height="26" rx="5" stroke-dasharray="4 3"/>{PLUS}'
SIGNS = {
    "fashion_mnist": '<path d="M13 6l-9 5 3 7 4-2v14h14V16l4 2 3-7-9-5c-1 3-9 3-10 0z"/>',
    "kmnist": '<path d="M8 12h14M15 6v17c0 8-9 8-9 3s14-9 20-4c6 6 0 11-6 9M25 7l4 4"/>',
    "cifar10": '<rect x="4" y="7" width="28" height="22" rx="2"/><circle cx="25" cy="13" r="2.5"/>'
    '<path d="M4 26l9-10 7 8 4-4 8 8"/>',
    "formula": '<path d="M19 6c-6-2-6 4-6 8v10c0 5-1 7-5 6M8 15h10M22 16l8 12M30 16l-8 12"/>',
}
"""What has no picture that could be drawn from the real thing, as lines."""


@dataclass(frozen=True)
class _Choice:
    """A set of points as a form first has it."""

    dataset: str
    spread: float = 1.0
    n_classes: int = 3


def pictures_of(config: type[Config]) -> dict[str, dict[str, str]]:
    """The addresses of the pictures of a config's choices: setting -> choice -> address."""
    known = {}
    for name, setting in config.settings().items():
        found = {choice: place for choice in setting.choices or {} if (place := _place(name, str(choice)))}
        if found:
            known[name] = found
    return known


def _place(setting: str, choice: str) -> str:
    """The address of a choice's picture; empty if it has none."""
    drawing = picture(setting, choice)
    if not drawing:
        return ""
    digest = hashlib.sha256(drawing.encode()).hexdigest()[:12]
    return address("assets", "choices", digest, setting, quote(choice, safe="") + ".svg")


@lru_cache(maxsize=256)
def picture(setting: str, choice: str) -> str:
    """A choice's picture, as an SVG; empty if it has none."""
    if setting == "dataset" and choice in ("clouds", "moons", "circles", "xor", "spirals", "blobs"):
        return svg(_points(choice))
    if setting == "dataset" and choice in ("digits", "mnist", "shapes"):
        return svg(_images(_first_images(choice)))
    if setting == "dataset" and choice == "waves":
        return svg(_line(wave_kinds.wave_kinds(0.2, 1)[0][1].flatten()))
    if setting == "features" and choice in FEATURES:
        return svg(_feature(choice))
    if setting in NAMED and choice in FUNCTIONS:
        function: nn.Module = getattr(nn, FUNCTIONS[choice])()
        return svg(_axes() + _line(function(torch.linspace(-3, 3, 49)), 3))
    if setting in ("dataset", "signal") and choice in ("own", *SIGNS):
        lines = BROUGHT if choice == "own" else SIGNS[choice]
        return svg(f'<g fill="none" stroke="#888" stroke-width="2" stroke-linecap="round">{lines}</g>')
    if setting == "signal" and choice in SIGNALS:
        return svg(_line(SIGNALS[choice](torch.linspace(0, 4 * math.pi, 73, dtype=torch.float64))))
    return ""


def svg(content: str) -> str:
    """An SVG of a picture's elements."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="72" height="72">{content}</svg>'


def _points(dataset: str) -> str:
    """The points of a set, in the colours of their classes."""
    with undisturbed():
        torch.manual_seed(1)
        x, y = points.draw(_Choice(dataset), SHOWN_POINTS)
    places = (SIDE / 2 * (1 + x * torch.tensor([1.0, -1.0]) / REACH)).tolist()
    return "".join(
        f'<circle cx="{px:.1f}" cy="{py:.1f}" r="1.3" fill="{LIGHT["classes"][label]}"/>'
        for (px, py), label in zip(places, y.tolist(), strict=True)
    )


def _feature(name: str) -> str:
    """A feature's values over the plane: green above zero, purple below, and the paler the nearer to it."""
    ends = REACH * (1 - 1 / CELLS)
    x2, x1 = torch.meshgrid(torch.linspace(ends, -ends, CELLS), torch.linspace(-ends, ends, CELLS), indexing="ij")
    values = points.features(torch.stack([x1.flatten(), x2.flatten()], dim=1), [name])[:, 0]
    shares = (values / values.abs().max()).reshape(CELLS, CELLS)
    size = SIDE / CELLS
    return "".join(
        f'<rect x="{column * size:g}" y="{row * size:g}" width="{size:g}" height="{size:g}" '
        f'fill="{LIGHT["positive" if share > 0 else "negative"]}" fill-opacity="{abs(share):.2f}"/>'
        for row, shares_of_row in enumerate(shares.tolist())
        for column, share in enumerate(shares_of_row)
    )


def _axes() -> str:
    middle = SIDE / 2
    return f'<path d="M0 {middle:g}H{SIDE}M{middle:g} 0V{SIDE}" stroke="#888" stroke-opacity=".6"/>'


def _line(values: Tensor, reach: float = 0.0) -> str:
    """A curve of values (N,) from left to right.

    Args:
        reach: the value at the upper edge, and the negative one at the lower; a little above the largest by default.
    """
    reach = reach or 1.15 * float(values.abs().max())
    step = SIDE / (len(values) - 1)
    places = " ".join(
        f"{index * step:.1f},{SIDE / 2 * (1 - value / reach):.1f}" for index, value in enumerate(values.tolist())
    )
    return f'<polyline points="{places}" fill="none" stroke="{LIGHT["classes"][1]}" stroke-width="2"/>'


def _first_images(dataset: str) -> Tensor:
    """The first four images of a set, uint8 (4, channels, height, width). The app's digits are MNIST's."""
    return coloured_shapes.coloured_shapes(4, 1)[0] if dataset == "shapes" else digits.digits()[0][:4, None]


def _images(images: Tensor) -> str:
    """Four images, uint8 (4, channels, height, width), in a square."""
    rows = torch.cat([torch.cat(list(images[at : at + 2]), dim=2) for at in (0, 2)], dim=1)
    colours = rows.expand(3, -1, -1).permute(1, 2, 0).contiguous()
    file = io.BytesIO()
    Image.fromarray(colours.numpy()).save(file, "PNG", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    return f'<image width="{SIDE}" height="{SIDE}" href="data:image/png;base64,{data}"/>'


async def choice_picture(request: Request) -> Response:
    """Answer with a choice's picture."""
    setting, choice = request.path_params["setting"], request.path_params["choice"]
    drawing = await run_in_threadpool(picture, setting, choice)
    if not drawing:
        return PlainTextResponse("No such picture.", 404)
    return Response(drawing, media_type="image/svg+xml", headers=FOREVER)


routes = [Route(route("assets", "choices", "{digest}", "{setting}", "{choice}.svg"), choice_picture)]
