"""What is taken of a file, and the network that it is loaded into: the likeliest of each, and others to choose."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from torch import Tensor

from core.config import ConfigError, Setting, TrainingConfig, kind_of
from core.engine.manager import manager
from core.experiments import experiment, experiments
from core.files.fitting import Fit, fit, fitted
from core.files.names import Naming, namings
from core.files.resuming import config_of
from core.files.uploads import Upload
from core.files.uploads.places import Place, weights_at, written
from core.files.weights import Shape, shapes, shapes_of
from core.foreign import read_json
from core.processes.confined import Unable
from pages.saving.chosen import Chosen
from pages.saving.once import once
from pages.shared.form.controls import log_options, plain
from pages.shared.page.links import experiment_title
from pages.shared.person import session
from pages.shared.person.language import _, as_code, joined, listed, tell

AS_IT_IS = "as it is"
NOTHING = Naming()
MOST_OTHERS = 3
"""How many names that were left out are listed."""


@dataclass(frozen=True)
class Target:
    """What is loaded, and into what.

    Attributes:
        place: where the weights lie in the file.
        weights: they, under the network's names.
        naming: what was taken off the file's names.
        could_be: what could be taken off them.
        others: whether names of something else were left out.
    """

    config: TrainingConfig
    place: Place
    weights: dict[str, Tensor]
    naming: Naming
    could_be: Naming
    others: bool


def target_network(upload: Upload, key: str, chosen: Chosen | None) -> Target | None:
    """The widgets that choose; None while no network has the settings that were chosen."""
    candidates = _candidates(upload, chosen)
    place = _place(upload, key, candidates)
    weights = weights_at(upload.value, place)
    file, key = shapes_of(weights), f"{key[:12]} {written(place)}"
    best = max((shapes(config) for config in candidates.values()), key=lambda own: fit(file, own).rank)
    possible = namings(file, best)
    likely = fit(file, best).naming
    possible.sort(key=lambda naming: naming != likely)
    naming = _naming(key, file, possible)
    renamed = naming.applied(weights)
    config = _network(f"{key} {naming.text}", shapes_of(renamed), candidates)
    changed = _changed(config)
    if changed is None:
        return None
    could_be = next(iter(possible), NOTHING)
    return Target(changed, place, renamed, naming, could_be, bool(naming.others(weights)))


def _place(upload: Upload, key: str, candidates: dict[str, TrainingConfig]) -> Place:
    """Which of the state_dicts in the file: at first the one that fits a network best."""
    places = upload.places
    if len(places) > 1:
        configs = tuple(candidates.values())
        found = once("files places", (key, configs), _("Comparing …"), lambda: _by_fit(upload, places, configs))
        places = places if isinstance(found, Unable) else found
    names = {written(place): place for place in places}
    if len(names) == 1:
        return next(iter(names.values()))
    words = {name: name or _("the whole file") for name in names}
    name = st.selectbox(
        _("Weights in the file"),
        list(words),
        key=f"files place {key[:12]}",
        format_func=words.__getitem__,
        help=_("This file holds more than one dict of tensors."),
    )
    return names[name]


def _by_fit(upload: Upload, places: list[Place], configs: Iterable[TrainingConfig]) -> list[Place]:
    """The places, that of the weights first that fit one of the networks best."""
    known = [shapes(config) for config in configs]
    ranks = {}
    for place in places:
        file = shapes_of(weights_at(upload.value, place))
        ranks[place] = max(fit(file, own).rank for own in known)
    return sorted(places, key=ranks.__getitem__, reverse=True)


def _network(key: str, file: dict[str, Shape], candidates: dict[str, TrainingConfig]) -> TrainingConfig:
    """Which of the candidates; and where none has the file's sizes, the settings with which one has them."""
    fits = {label: fit(file, shapes(config)) for label, config in candidates.items()}
    best = max(fits, key=lambda label: fits[label].rank)
    first = candidates[best]
    sized = once("files sized", (key, first), _("Looking for its sizes …"), lambda: _sized(file, first, fits[best]))
    found = sized if isinstance(sized, TrainingConfig) and sized != first else None
    if found is not None:
        label = _("{name}, with the file's sizes").format(name=experiment_title(found.experiment))
        candidates = {label: found, **candidates}
        fits[label] = fit(file, shapes(found))
    names = sorted(candidates, key=lambda label: fits[label].rank, reverse=True)
    widget = f"files network {key}"
    if session.get(widget) not in names:
        session.put(widget, names[0])
    label = st.selectbox(_("Network to load into"), names, key=widget)
    if found is not None and candidates[label] is found:
        changes = [as_code(f"{name} = {value!r}") for name, value in found if value != getattr(first, name)]
        st.caption(_("Its sizes are those of {settings}.").format(settings=listed(changes)))
    return candidates[label]


def _sized(file: dict[str, Shape], config: TrainingConfig, reading: Fit) -> TrainingConfig:
    """The network with the file's sizes, where at least half of its names are in the file."""
    if reading.is_complete or 2 * reading.named < reading.wanted:
        return config
    return fitted(file, config)


def _naming(key: str, names: Collection[str], possible: list[Naming]) -> Naming:
    """What is taken off the names, and whose it was."""
    if not any(possible):
        return NOTHING
    options = {naming.text: naming for naming in possible}
    options.setdefault("", NOTHING)
    widget = f"files naming {key}"
    if session.get(widget) not in options:
        session.put(widget, next(iter(options)))
    words = {text: text or _("nothing") for text in options}
    name = st.selectbox(
        _("Taken off the names"),
        list(words),
        key=widget,
        format_func=words.__getitem__,
        help=_("Parts of the names in the file, at the beginning or inside, that the network's own names don't have."),
    )
    naming = options[name]
    if naming:
        st.caption(_whose(naming, naming.others(names)))
    return naming


def _whose(naming: Naming, others: list[str]) -> str:
    """Whose the parts were that are taken off, and what is left out."""
    writers = {
        "module": "nn.DataParallel, DistributedDataParallel",
        "_orig_mod": "torch.compile",
        "_fsdp_wrapped_module": "FullyShardedDataParallel",
        "_checkpoint_wrapped_module": "checkpoint_wrapper",
        "_forward_module": "Lightning Fabric",
    }
    wrapper = _("{part} was written by a wrapper: {writer}.")
    attribute = _("{part} is the attribute under which another module holds the network.")
    sentences = [
        (wrapper if part in writers else attribute).format(part=as_code(f"{part}."), writer=writers.get(part, ""))
        for part in naming.parts
    ]
    if others:
        left_out = _("Left out, because their names begin differently: {names}.")
        if len(others) > MOST_OTHERS:
            left_out = _("Left out, because their names begin differently: {names} and {count} more.")
        names = listed(as_code(name[:80]) for name in others[:MOST_OTHERS])
        sentences.append(left_out.format(names=names, count=len(others) - MOST_OTHERS))
    return joined(*sentences)


def _changed(config: TrainingConfig) -> TrainingConfig | None:
    """The network with one setting changed, if one likes."""
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
