"""The network that a file is loaded into: one of those that fit best, with one setting changed if one likes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import streamlit as st

from core.config import ConfigError, Setting, TrainingConfig, kind_of
from core.engine.manager import manager
from core.experiments import experiment, experiments
from core.files.resuming import config_of
from core.files.uploads import Upload
from core.files.weights import match
from core.foreign import read_json
from core.processes.confined import Unable
from pages.saving.chosen import Chosen
from pages.shared.form.controls import log_options, plain
from pages.shared.page.links import experiment_title
from pages.shared.person import session
from pages.shared.person.language import _, tell

AS_IT_IS = "as it is"


def target_network(upload: Upload, key: str, chosen: Chosen | None) -> TrainingConfig | None:
    """The network to load into: chosen from those that fit best, with one setting changed if one likes."""
    weights = upload.weights or {}
    candidates = _candidates(upload, chosen)
    fitting = {
        label: Counter(key_match.verdict for key_match in match(weights, config))
        for label, config in candidates.items()
    }
    # Of networks that fit equally well the one with the fewest other keys: of foreign weights the smallest network.
    names = sorted(candidates, key=lambda label: (-fitting[label]["fits"], sum(fitting[label].values())))
    widget = f"files network {key[:12]}"
    if session.get(widget) not in names:
        session.put(widget, names[0])
    label = st.selectbox(_("Network to load into"), names, key=widget)
    config = candidates[label]
    fields = {
        name: setting
        for name, setting in config.settings().items()
        if setting.group == "network"
        and kind_of(type(config), name) in ("int", "bool", "choice", "ints")
        and name != "seed"
    }
    left, right = st.columns([3, 2])
    with left:
        field = st.selectbox(
            _("Change one thing in it"),
            [AS_IT_IS, *fields],
            format_func={AS_IT_IS: _("nothing"), **{n: _(setting.label) for n, setting in fields.items()}}.__getitem__,
            key=f"files field {config.experiment}",
            persist_state="page",
            help=_("Makes file and network differ: see which keys are affected."),
        )
    if field == AS_IT_IS:
        return config
    with right:
        value = _value(config, field, fields[field])
    try:
        return config.changed(**{field: value})
    except ConfigError as error:
        st.error(tell(error.problems[0]), icon=":material/error:")
        return None


def _candidates(upload: Upload, chosen: Chosen | None) -> dict[str, TrainingConfig]:
    """Networks that a file may be loaded into, by their names on the screen."""
    candidates: dict[str, TrainingConfig] = {}
    stored = upload.value if upload.kind == "checkpoint" else None
    if upload.metadata.get("experiment") in experiments():
        try:
            stored = {"experiment": upload.metadata["experiment"], "config": read_json(upload.metadata["config"])}
        except (KeyError, ValueError):
            stored = None
    if stored is not None:
        try:
            config = config_of(stored)
            candidates[_("{name}, as the file says").format(name=experiment_title(config.experiment))] = config
        except Unable:
            pass
    if chosen is not None:
        config = chosen.run.config
        candidates[_("{name}, as in the run above").format(name=experiment_title(config.experiment))] = config
    for name in experiments():
        desk = manager().store.desk(session.owner(), name)
        made = experiment(name).config
        if desk is not None:
            config, _problems = made.forgive(desk.config)
            candidates[_("{name}, as on its page now").format(name=experiment_title(name))] = config
        candidates[_("{name}, the tutorial's").format(name=experiment_title(name))] = made()
    return {label: config.changed(device="cpu") for label, config in candidates.items()}


def _value(config: TrainingConfig, name: str, setting: Setting) -> Any:
    """A widget for one setting of the network, at first with another value than the network has."""
    value, kind = getattr(config, name), kind_of(type(config), name)
    key = f"files value {config.experiment} {name} {value}"
    label = _("to")
    if kind == "bool":
        return st.toggle(label, value=not value, key=key)
    if kind == "choice" and setting.choices is not None:
        options = list(setting.choices)
        other = next((index for index, choice in enumerate(options) if choice != value), 0)
        words = {choice: _(text) for choice, text in setting.choices.items()}
        return st.selectbox(label, options, index=other, format_func=words.__getitem__, key=key)
    if kind == "ints":
        wider = ",".join(str(size + 4) for size in value) or "4"
        return st.text_input(label, value=wider, key=key)
    if setting.log:
        return st.select_slider(label, log_options(setting, value), format_func=plain, value=value, key=key)
    low, high = int(setting.low or 0), int(setting.high or 0)
    other = value + 8 if value and value + 8 <= high else max(low, min(high, value - 8)) if value else min(high, 16)
    return st.slider(label, low, high, value=other, key=key)
