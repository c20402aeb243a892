"""What a network says before and after its weights were loaded: the boundary, digits with its answers, a wave."""

from __future__ import annotations

import base64
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core.config import TrainingConfig
from core.experiments.classifier import ClassifierConfig, scene
from core.experiments.rnn import RNNConfig
from core.files.weights import Answers, Loaded
from pages.shared.live.component import file_component
from pages.shared.person.language import _, joined
from pages.shared.pictures.palette import both_themes, in_sight

answers_component = file_component("torch_playground_answers", __file__)


def answers_view(config: TrainingConfig, loaded: Loaded) -> None:
    """Draw what the network says before and after loading, side by side."""
    before, after = loaded.before, loaded.after
    if before.kind == "plane" and isinstance(config, ClassifierConfig):
        data = _plane(config, before, after)
    elif before.kind == "images":
        data = _images(before, after)
    else:
        for column, title, answers in zip(st.columns(2), titles(), (before, after), strict=True):
            with column:
                st.markdown(f"**{title}** · {_score(answers)}")
                if answers.kind == "wave":
                    _wave(answers, title)
        if isinstance(config, RNNConfig):
            st.caption(_wave_loss(config))
        return
    palette = both_themes("classes", "positive", "wrong")
    answers_component(key="files answers", data={**data, "palette": palette})


def _wave_loss(config: RNNConfig) -> str:
    """What the loss above the wave is the loss of."""
    sentence = _("Loss of the first window only: {count} points, read with a hidden state of zeros.").format(
        count=config.time_steps
    )
    if config.h_state == "reset":
        return sentence
    return joined(sentence, _("In the run the hidden state comes from the windows before, so the loss there differs."))


def titles() -> tuple[str, str]:
    """What stands above the two pictures."""
    return _("before loading"), _("after loading")


def _score(answers: Answers) -> str:
    if "of" in answers.facts:
        return _("{share} of {count} test images right").format(
            share=f"{answers.facts['right'] / answers.facts['of']:.1%}", count=answers.facts["of"]
        )
    return _("loss {loss}").format(loss=f"{answers.loss:.4g}")


def _plane(config: ClassifierConfig, before: Answers, after: Answers) -> dict[str, Any]:
    points_of_run = scene(config.changed(device="cpu", lr=0.02, num_steps=1))
    points = zip(points_of_run.x_test.tolist(), points_of_run.y_test.tolist(), strict=True)
    return {
        "kind": "plane",
        "size": before.parts["decision"].shape[0],
        "levels": before.facts["levels"],
        "domain": points_of_run.domain,
        "points": [[x, y, label] for (x, y), label in list(points)[:300]],
        "sides": [
            {
                "title": title,
                "told": _score(side),
                "label": f"{title}: {_score(side)}",
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
                "told": _score(side),
                "label": f"{title}: {_score(side)}",
                "answers": [str(answer) for answer in side.parts["answers"].tolist()],
                "sure": side.parts["sure"].tolist(),
                "right": (side.parts["answers"] == side.parts["labels"]).tolist(),
            }
            for title, side in zip(titles(), (before, after), strict=True)
        ],
    }


def _wave(answers: Answers, title: str) -> None:
    x = list(range(len(answers.parts["target"])))
    colours = in_sight()
    waves = [("target", _("target"), colours["test"]), ("prediction", _("network"), colours["train"])]
    figure = go.Figure(
        [
            go.Scatter(x=x, y=answers.parts[part].tolist(), name=name, line={"color": color, "width": 2})
            for part, name, color in waves
        ]
    )
    figure.update_layout(
        height=230,
        margin={"l": 30, "r": 6, "t": 34, "b": 24},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        yaxis_range=[-2, 2],
    )
    st.plotly_chart(figure, key=f"files wave {title}", config={"displayModeBar": False})
