"""What a network says before and after its weights were loaded: the boundary, digits with its answers, a wave."""

from __future__ import annotations

import base64
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core.config import Config
from core.experiments.classifier import ClassifierConfig, scene
from core.experiments.rnn import RNNConfig
from core.files.weights import Answers, Loaded
from pages.shared.person.language import _, joined

CSS = """
.answers { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; color: var(--st-text-color);
  font-family: var(--st-font, sans-serif); }
.answers figure { margin: 0; min-width: 0; }
.answers figcaption { font-size: 0.85rem; margin-bottom: 4px; display: flex; justify-content: space-between; gap: 8px;
  flex-wrap: wrap; font-variant-numeric: tabular-nums; }
.answers figcaption b { font-weight: 600; }
.answers canvas.plane { width: 100%; aspect-ratio: 1; border-radius: 8px; display: block; }
.answers .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(48px, 1fr)); gap: 6px; }
.answers .tile { text-align: center; font-size: 0.75rem; font-variant-numeric: tabular-nums; }
.answers .tile canvas { width: 100%; aspect-ratio: 1; image-rendering: pixelated; border-radius: 4px; display: block;
  border: 2px solid var(--line); box-sizing: border-box; }
.answers .tile span { color: var(--line); font-weight: 600; }
"""
JS = """
const LIGHT = { classes: ["#0072b2", "#e07b00", "#009e73", "#b5529a", "#b09a00"], right: "#1f8a4d", wrong: "#b3261e" };
const DARK = { classes: ["#4da6e8", "#f5a03c", "#2ec79b", "#e08ac9", "#dccb45"], right: "#4fc983", wrong: "#ff8a75" };

function rgb(color) {
    const hex = /^#([0-9a-f]{6})/i.exec(color.trim())?.[1];
    if (hex) return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return (color.match(/[\\d.]+/g) ?? [128, 128, 128]).slice(0, 3).map(Number);
}

function bytes(text) {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function plane(side, data, palette, paper) {
    const canvas = document.createElement("canvas");
    canvas.className = "plane";
    const size = data.size, scale = 4;
    canvas.width = canvas.height = size * scale;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", side.label);
    const small = document.createElement("canvas");
    small.width = small.height = size;
    const picture = small.getContext("2d").createImageData(size, size);
    const decision = bytes(side.decision);
    for (let row = 0; row < size; row += 1) for (let column = 0; column < size; column += 1) {
        const value = decision[(size - 1 - row) * size + column];
        const colour = rgb(palette.classes[Math.floor(value / data.levels) % 5]);
        const sure = 0.12 + 0.5 * (value % data.levels) / Math.max(1, data.levels - 1);
        const at = 4 * (row * size + column);
        for (let i = 0; i < 3; i += 1) picture.data[at + i] = paper[i] + (colour[i] - paper[i]) * sure;
        picture.data[at + 3] = 255;
    }
    small.getContext("2d").putImageData(picture, 0, 0);
    const pen = canvas.getContext("2d");
    pen.drawImage(small, 0, 0, canvas.width, canvas.height);
    const [x0, x1, y0, y1] = data.domain;
    for (const [x, y, label] of data.points) {
        pen.beginPath();
        pen.arc((x - x0) / (x1 - x0) * canvas.width, (y1 - y) / (y1 - y0) * canvas.height, 5, 0, 7);
        pen.fillStyle = palette.classes[label % 5];
        pen.strokeStyle = "rgba(255, 255, 255, 0.9)";
        pen.lineWidth = 1.5;
        pen.fill();
        pen.stroke();
    }
    return canvas;
}

function tiles(side, data, palette) {
    const box = document.createElement("div");
    box.className = "tiles";
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", side.label);
    const [height, width, channels] = data.shape;
    const pixels = bytes(data.images);
    data.labels.forEach((label, index) => {
        const tile = document.createElement("div");
        tile.className = "tile";
        const canvas = document.createElement("canvas");
        canvas.width = width;
        canvas.height = height;
        const pen = canvas.getContext("2d");
        const picture = pen.createImageData(width, height);
        for (let i = 0; i < width * height; i += 1) {
            for (let c = 0; c < 3; c += 1) {
                const plane = channels === 3 ? c : 0;
                picture.data[4 * i + c] = pixels[(index * channels + plane) * width * height + i];
            }
            picture.data[4 * i + 3] = 255;
        }
        pen.putImageData(picture, 0, 0);
        const said = document.createElement("span");
        said.textContent = `${side.answers[index]} · ${Math.round(100 * side.sure[index])} %`;
        tile.style.setProperty("--line", side.right[index] ? palette.right : palette.wrong);
        tile.title = side.right[index] ? side.answers[index] : `${side.answers[index]} ≠ ${label}`;
        tile.append(canvas, said);
        box.append(tile);
    });
    return box;
}

export default function ({ data, parentElement }) {
    let view = parentElement.querySelector(".answers");
    if (!view) {
        view = document.createElement("div");
        view.className = "answers";
        parentElement.append(view);
    }
    const style = getComputedStyle(parentElement.host ?? parentElement);
    const paper = rgb(style.getPropertyValue("--st-background-color") || "#ffffff");
    const palette = paper[0] + paper[1] + paper[2] < 384 ? DARK : LIGHT;
    view.replaceChildren(...data.sides.map((side) => {
        const figure = document.createElement("figure");
        const caption = document.createElement("figcaption");
        const title = document.createElement("b");
        title.textContent = side.title;
        const told = document.createElement("span");
        told.textContent = side.told;
        caption.append(title, told);
        figure.append(caption, data.kind === "plane" ? plane(side, data, palette, paper) : tiles(side, data, palette));
        return figure;
    }));
}
"""
answers_component = st.components.v2.component("torch_playground_answers", css=CSS, js=JS)


def answers_view(config: Config, loaded: Loaded) -> None:
    """Both, side by side."""
    before, after = loaded.before, loaded.after
    if before.kind == "plane" and isinstance(config, ClassifierConfig):
        data = _plane(config, before, after)
    elif before.kind == "images":
        data = _images(before, after)
    else:
        for column, title, answers in zip(st.columns(2), titles(), (before, after), strict=True):
            with column:
                st.markdown(f"**{title}** · {_told(answers)}")
                if answers.kind == "wave":
                    _wave(answers, title)
        if isinstance(config, RNNConfig):
            st.caption(_wave_loss(config))
        return
    answers_component(key="files answers", data=data)


def _wave_loss(config: RNNConfig) -> str:
    """What the loss above the wave is the loss of."""
    told = _("Loss: of the first window alone, {count} points, read with a hidden state of zeros.").format(
        count=config.time_steps
    )
    if config.h_state == "reset":
        return told
    return joined(told, _("In the run the hidden state comes from the windows before, so its loss is another one."))


def titles() -> tuple[str, str]:
    """What stands above the two pictures."""
    return _("before loading"), _("after loading")


def _told(answers: Answers) -> str:
    if "of" in answers.facts:
        return _("{share} of {count} test images right").format(
            share=f"{answers.facts['right'] / answers.facts['of']:.1%}", count=answers.facts["of"]
        )
    return _("loss {loss}").format(loss=f"{answers.loss:.4g}")


def _plane(config: ClassifierConfig, before: Answers, after: Answers) -> dict[str, Any]:
    shown = scene(config.changed(device="cpu", lr=0.02, num_steps=1))
    points = zip(shown.x_test.tolist(), shown.y_test.tolist(), strict=True)
    return {
        "kind": "plane",
        "size": before.parts["decision"].shape[0],
        "levels": before.facts["levels"],
        "domain": shown.domain,
        "points": [[x, y, label] for (x, y), label in list(points)[:300]],
        "sides": [
            {
                "title": title,
                "told": _told(side),
                "label": f"{title}: {_told(side)}",
                "decision": base64.b64encode(side.parts["decision"].numpy().tobytes()).decode(),
            }
            for title, side in zip(titles(), (before, after), strict=True)
        ],
    }


def _images(before: Answers, after: Answers) -> dict[str, Any]:
    images = before.parts["images"].float()
    if images.dim() == 3:
        images = images[:, None]
    if images.max() <= 1:
        images = images * 255
    _count, channels, height, width = images.shape
    return {
        "kind": "images",
        "shape": [height, width, channels],
        "images": base64.b64encode(images.round().clamp(0, 255).byte().numpy().tobytes()).decode(),
        "labels": before.parts["labels"].tolist(),
        "sides": [
            {
                "title": title,
                "told": _told(side),
                "label": f"{title}: {_told(side)}",
                "answers": [str(answer) for answer in side.parts["answers"].tolist()],
                "sure": side.parts["sure"].tolist(),
                "right": (side.parts["answers"] == side.parts["labels"]).tolist(),
            }
            for title, side in zip(titles(), (before, after), strict=True)
        ],
    }


def _wave(answers: Answers, title: str) -> None:
    x = list(range(len(answers.parts["target"])))
    figure = go.Figure(
        [
            go.Scatter(
                x=x, y=answers.parts["target"].tolist(), name=_("target"), line={"color": "#d02f68", "width": 2}
            ),
            go.Scatter(
                x=x, y=answers.parts["prediction"].tolist(), name=_("network"), line={"color": "#4a58d0", "width": 2}
            ),
        ]
    )
    figure.update_layout(
        height=230,
        margin={"l": 30, "r": 6, "t": 34, "b": 24},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        yaxis_range=[-2, 2],
    )
    st.plotly_chart(figure, key=f"files wave {title}", config={"displayModeBar": False})
