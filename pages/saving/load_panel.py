"""Loading: a file, distrusted; a network to load it into; key by key what fits; and what the network says then."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

import streamlit as st
import torch
from torch import Tensor

from core.config import ConfigError, Setting, TrainingConfig, kind_of
from core.engine.manager import manager
from core.experiments import experiment, experiments
from core.files import uploads, weights
from core.files.contents import rows, tensors
from core.files.resuming import config_of
from core.files.saving import ENDINGS
from core.files.uploads import MOST_BYTES, Upload
from core.files.weights import Loaded, Match, match, prefix
from core.processes.confined import Unable
from pages.saving.answers import answers_view
from pages.saving.chosen import Chosen
from pages.saving.save_panel import kinds, saved_file
from pages.saving.tree import file_tree, in_bytes
from pages.shared.form.controls import log_options, plain
from pages.shared.page.links import experiment_title
from pages.shared.person import session
from pages.shared.person.language import _, joined, tell

AS_IT_IS = "as it is"


def load_panel(chosen: Chosen | None) -> None:
    """The section."""
    left, right = st.columns([5, 6], gap="medium")
    with left:
        found = _file(chosen)
    if found is None:
        return
    upload, key = found
    weights = upload.weights
    with left:
        if weights is None:
            st.error(_("There is no state_dict in this file: no dict whose values are all tensors."))
            with right:
                file_tree(rows(upload.value), "files upload tree")
            return
        config = _network(upload, key, chosen)
        if config is None:
            return
        mode = _mode()
        st.code(_code(upload, mode), language="python", wrap_lines=True)
    matches = match(weights, config)
    loaded = _load(upload, key, config, mode)
    with right:
        if isinstance(loaded, Unable):
            st.error(tell(loaded.problem), icon=":material/error:")
        else:
            _outcome(loaded, matches, mode)
            _odd_numbers(weights)
            answers_view(config, loaded)
    _table(matches, loaded if isinstance(loaded, Loaded) else None)
    with st.expander(_("What is in the file")):
        file_tree(rows(upload.value), "files upload tree")


def _file(chosen: Chosen | None) -> tuple[Upload, str] | None:
    """What is to be loaded, and a key that tells it from all other files; None while there is nothing."""
    sources = {"here": _("the file from “Save”"), "upload": _("upload a file")}
    source = "upload"
    if chosen is not None:
        source = st.segmented_control(
            _("File"),
            list(sources),
            format_func=sources.__getitem__,
            default="here",
            required=True,
            key="files source",
            persist_state="page",
        )
    if source == "here" and chosen is not None:
        kind = session.get("files kind")
        made = saved_file(chosen, kind if kind in ENDINGS else "state_dict")
        if isinstance(made, Unable):
            st.error(tell(made.problem), icon=":material/error:")
            return None
        return read_once(made.data)
    given = st.file_uploader(
        _("A file by torch.save or torch.export, a safetensors or an ONNX file"),
        max_upload_size=MOST_BYTES // 1_000_000,
        key="files upload",
        help=_("Nothing in it is run: it is read in a process with limits, and only numbers and texts are taken out."),
    )
    return read_once(given.getvalue()) if given is not None else None


def read_once(data: bytes) -> tuple[Upload, str] | None:
    """A file's content, read at the first time; where it is refused, the sentence is shown."""
    key = hashlib.sha256(data).hexdigest()
    known = session.get("files read")
    if known is None or known[0] != key:
        with st.spinner(_("Reading the file …")):
            try:
                result: Any = uploads.read(data)
            except Unable as unable:
                result = unable
        known = (key, result)
        session.put("files read", known)
    result = known[1]
    if isinstance(result, Unable):
        st.error(tell(result.problem), icon=":material/gpp_bad:")
        return None
    within = tensors(result.value)
    names = {name: title for name, (title, _help) in kinds().items()}
    st.caption(
        _("{kind}, {size}. Tensors: {tensors}, numbers in them: {numbers}. Nothing in it was run.").format(
            kind=names.get(result.kind, _("another file of torch.save")),
            size=in_bytes(result.size),
            tensors=len(within),
            numbers=f"{sum(tensor.numel() for tensor in within):,}",
        )
    )
    return result, key


def _odd_numbers(weights: dict[str, Tensor]) -> None:
    """Say what PyTorch copies without a word."""
    odd = [name for name, tensor in weights.items() if not torch.isfinite(tensor).all()]
    if odd:
        told = _("{name} holds numbers that are none: NaN or infinity. Tensors like that: {count}.")
        st.warning(told.format(name=f"`{odd[0].replace('`', '')[:80]}`", count=len(odd)), icon=":material/warning:")
    others = {str(tensor.dtype).removeprefix("torch.") for tensor in weights.values() if tensor.is_floating_point()}
    if others - {"float32"}:
        told = _("load_state_dict copies into the network's own numbers: {kinds} becomes float32.")
        st.caption(told.format(kinds=", ".join(sorted(others - {"float32"}))))


def _network(upload: Upload, key: str, chosen: Chosen | None) -> TrainingConfig | None:
    """The network to load into: chosen from those that fit best, with one setting changed if one likes."""
    weights = upload.weights or {}
    candidates = _candidates(upload, chosen)
    fitting = {
        label: Counter(found.verdict for found in match(weights, config)) for label, config in candidates.items()
    }
    # Of networks that fit equally well the one with the fewest other keys: of foreign weights the smallest network.
    names = sorted(candidates, key=lambda label: (-fitting[label]["fits"], sum(fitting[label].values())))
    widget = f"files network {key[:12]}"
    if session.get(widget) not in names:
        session.put(widget, names[0])
    label = st.selectbox(_("Network to load into"), names, key=widget)
    config = candidates[label]
    fields = {
        name: shown
        for name, shown in config.settings().items()
        if shown.group == "network"
        and kind_of(type(config), name) in ("int", "bool", "choice", "ints")
        and name != "seed"
    }
    left, right = st.columns([3, 2])
    with left:
        field = st.selectbox(
            _("Change one thing in it"),
            [AS_IT_IS, *fields],
            format_func={AS_IT_IS: _("nothing"), **{n: _(shown.label) for n, shown in fields.items()}}.__getitem__,
            key=f"files field {config.experiment}",
            persist_state="page",
            help=_("So that file and network no longer fit: see which keys are concerned."),
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
    found: dict[str, TrainingConfig] = {}
    told = upload.value if upload.kind == "checkpoint" else None
    if upload.metadata.get("experiment") in experiments():
        try:
            told = {"experiment": upload.metadata["experiment"], "config": json.loads(upload.metadata["config"])}
        except (KeyError, ValueError):
            told = None
    if told is not None:
        try:
            config = config_of(told)
            found[_("{name}, as the file says").format(name=experiment_title(config.experiment))] = config
        except Unable:
            pass
    if chosen is not None:
        config = chosen.run.config
        found[_("{name}, as in the run above").format(name=experiment_title(config.experiment))] = config
    for name in experiments():
        desk = manager().store.desk(session.owner(), name)
        made = experiment(name).config
        if desk is not None:
            config, _problems = made.forgive(desk.config)
            found[_("{name}, as on its page now").format(name=experiment_title(name))] = config
        found[_("{name}, the tutorial's").format(name=experiment_title(name))] = made()
    return {label: config.changed(device="cpu") for label, config in found.items()}


def _value(config: TrainingConfig, name: str, shown: Setting) -> Any:
    """A widget for one setting of the network, at first with another value than the network has."""
    value, kind = getattr(config, name), kind_of(type(config), name)
    key = f"files value {config.experiment} {name} {value}"
    label = _("to")
    if kind == "bool":
        return st.toggle(label, value=not value, key=key)
    if kind == "choice" and shown.choices is not None:
        options = list(shown.choices)
        other = next((index for index, choice in enumerate(options) if choice != value), 0)
        words = {choice: _(text) for choice, text in shown.choices.items()}
        return st.selectbox(label, options, index=other, format_func=words.__getitem__, key=key)
    if kind == "ints":
        wider = ",".join(str(size + 4) for size in value) or "4"
        return st.text_input(label, value=wider, key=key)
    if shown.log:
        return st.select_slider(label, log_options(shown, value), format_func=plain, value=value, key=key)
    low, high = int(shown.low or 0), int(shown.high or 0)
    other = value + 8 if value and value + 8 <= high else max(low, min(high, value - 8)) if value else min(high, 16)
    return st.slider(label, low, high, value=other, key=key)


def _mode() -> str:
    words = {"strict": "strict=True", "loose": "strict=False", "fitting": _("only what fits")}
    mode: str = st.segmented_control(
        _("load_state_dict with"),
        list(words),
        format_func=words.__getitem__,
        default="strict",
        required=True,
        key="files mode",
        persist_state="page",
        help=_(
            "strict=False lets keys be missing or left over, never a wrong size. To load only what fits, the others "
            "are taken out of the dict first."
        ),
    )
    return mode


def _code(upload: Upload, mode: str) -> str:
    """The lines that do what was chosen."""
    place = f'["{upload.place}"]' if upload.place else ""
    read = {
        "safetensors": "weights = load_file(PATH)",
        "model": (
            "with torch.serialization.safe_globals(CLASSES):  # as on “Save”\n"
            "    weights = torch.load(PATH, weights_only=True).state_dict()"
        ),
        "exported": "weights = torch.export.load(PATH).state_dict",
        "onnx": (
            "stored = onnx.load(PATH).graph.initializer\n"
            "weights = {t.name: torch.tensor(onnx.numpy_helper.to_array(t)) for t in stored}"
        ),
    }.get(upload.kind, f"weights = torch.load(PATH, weights_only=True){place}")
    if mode == "fitting":
        return (
            f"{read}\nown = net.state_dict()\n"
            "fitting = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}\n"
            "net.load_state_dict(fitting, strict=False)"
        )
    return f"{read}\nnet.load_state_dict(weights{', strict=False' if mode == 'loose' else ''})"


def _load(upload: Upload, key: str, config: TrainingConfig, mode: str) -> Loaded | Unable:
    known = session.get("files loaded")
    asked = (key, config, mode)
    if known is None or known[0] != asked:
        with st.spinner(_("Loading …")):
            try:
                result: Any = weights.load(upload.weights or {}, config, mode)
            except Unable as unable:
                result = unable
        known = (asked, result)
        session.put("files loaded", known)
    found: Loaded | Unable = known[1]
    return found


def _outcome(loaded: Loaded, matches: list[Match], mode: str) -> None:
    """How it went, in a sentence; and PyTorch's own words where it was an error."""
    counts = Counter(found.verdict for found in matches)
    total = len(matches) - counts["unexpected"]
    if loaded.error:
        told = _("PyTorch refuses. Another size: {size}. Missing in the file: {missing}. Unexpected: {unexpected}.")
        told = told.format(size=counts["size"], missing=counts["missing"], unexpected=counts["unexpected"])
        if loaded.copied:
            careful = _("Careful: the {copied} tensors that fit were copied all the same.")
            if len(loaded.copied) == 1:
                careful = _("Careful: the one tensor that fits was copied all the same.")
            told = joined(told, careful.format(copied=len(loaded.copied)))
        elif not counts["size"]:
            before = prefix(matches)
            more = _("Not one name is the same: these weights are of another network.")
            if before:
                more = _(
                    "Every name begins with {prefix}, as DataParallel and torch.compile write them. Take it off: {line}"
                ).format(prefix=f"`{before}`", line=f'`{{k.removeprefix("{before}"): v for k, v in weights.items()}}`')
            told = joined(told, more)
        st.error(told, icon=":material/error:")
        with st.expander(_("PyTorch's own words")):
            st.code(loaded.error, language=None, wrap_lines=True)
    elif counts["fits"] == total and not counts["unexpected"]:
        st.success(_("All {count} keys fit: `<All keys matched successfully>`.").format(count=total))
    else:
        told = _("From the file: {count} of the network's {total} tensors; the others keep their first values.")
        told = told.format(count=counts["fits"], total=total)
        missing = [found.key for found in matches if found.verdict == "missing"]
        if missing and all(key.endswith("num_batches_tracked") for key in missing):  # ONNX leaves it out
            count = _(
                "What is missing, num_batches_tracked, only counts the batches of training: no answer depends on it."
            )
            told = joined(told, count)
        st.warning(told)


def _table(matches: list[Match], loaded: Loaded | None) -> None:
    """Key by key, in plain words."""
    words = {
        "fits": _("fits"),
        "size": _("another size"),
        "missing": _("missing in the file"),
        "unexpected": _("unexpected: the network has no such key"),
    }
    colours = {"fits": "green", "size": "red", "missing": "orange", "unexpected": "orange"}
    titles = [_("key"), _("in the file"), _("in the network"), "", ""]
    lines = ["| " + " | ".join(titles) + " |", "|---|--:|--:|---|---|"]
    copied = set(loaded.copied) if loaded is not None else set()
    for found in matches[:120]:
        mark = _("copied") if found.key in copied else ""
        key = "`" + found.key.replace("`", "").replace("|", "")[:80] + "`"
        verdict = f":{colours[found.verdict]}[{words[found.verdict]}]"
        lines.append(f"| {key} | {_shape(found.file)} | {_shape(found.net)} | {verdict} | {mark} |")
    st.markdown("\n".join(lines))
    if len(matches) > 120:
        st.caption(_("The first {count} lines are shown.").format(count=120))


def _shape(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return "–"
    return "\u00a0×\u00a0".join(map(str, shape)) or "()"
