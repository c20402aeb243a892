"""Controls made from a Config: one widget a field, in groups, each with its help and, if need be, what is wrong."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.config import Config, Setting, kind_of
from core.devices import devices, resolve
from pages.shared.form.form import Form
from pages.shared.form.workspace import Workspace
from pages.shared.person import language, session
from pages.shared.person.language import _, joined, tell

ON_TOP = ("data", "training", "network")
"""The order of the groups' few fields on top: the learning rate stays in sight however many layers there are."""
ELSEWHERE = {"points", "bugs", "own_images", "series", "blocks"}
"""Fields that have a section of their own."""
DRAWN_AS_NUMBER = 1000
"""Integer ranges wider than this are typed rather than slid."""


def controls(space: Workspace) -> None:
    """Take what the form says, then draw it: the tutorial's few on top, all others in three groups to unfold."""
    take(space)
    settings = {name: shown for name, shown in space.config.settings().items() if name not in ELSEWHERE}
    for group in ON_TOP:
        fields(space, {name: s for name, s in settings.items() if s.group == group and not s.folded})
    titles = {"data": _("Data"), "network": _("Network"), "training": _("Training")}
    for group, title in titles.items():
        folded = {name: shown for name, shown in settings.items() if shown.group == group and shown.folded}
        touched = sum(getattr(space.config, name) != space.config.default(name) for name in folded)
        label = _("{group} ({count} changed)").format(group=title, count=touched) if touched else title
        with st.expander(label, key=space.key(f"group {group}"), expanded=bool(set(space.problems) & set(folded))):
            fields(space, folded)


def take(form: Form) -> None:
    """Take what the form's widgets say, or empty those that must be filled anew.

    A choice's widget remembers its words: in another language it must be filled anew.
    """
    if form.spoken not in ("", language.current()):
        form.refill |= {name for name, shown in form.config.settings().items() if shown.choices}
    form.spoken = language.current()
    for name in form.refill:
        session.drop(form.key(name))
    form.refill = set()
    form.submit(form_values(form))


def form_values(space: Form) -> dict[str, Any]:
    """Each field's value as its widgets have it, else as it was."""
    values: dict[str, Any] = {}
    for name, value in space.config:
        if name == "hidden_sizes":
            values[name] = _sizes(space)
        else:
            widget = session.get(space.key(name), value)
            values[name] = tuple(widget) if isinstance(widget, list) else widget
    return values


def _sizes(space: Form) -> tuple[int, ...]:
    """The hidden layers' sizes: as many as the first slider says.

    A new layer is as wide as the last one, the first one as wide as it is by default.
    """
    config: Any = space.config
    known = list(config.hidden_sizes)
    count = session.get(space.key("hidden_sizes"), len(known))
    sizes = [session.get(space.key(f"hidden_sizes.{index}"), size) for index, size in enumerate(known[:count])]
    while len(sizes) < count:
        sizes.append(sizes[-1] if sizes else config.default("hidden_sizes")[-1])
    return tuple(sizes)


def fields(space: Form, wanted: dict[str, Setting]) -> None:
    """The widgets of some fields, those left out that mean nothing with the other settings."""
    for name, shown in wanted.items():
        if shown.shown_if is None or space.asked(shown.shown_if[0]) in shown.shown_if[1]:
            field(space, name, shown)


def field(space: Form, name: str, shown: Setting) -> None:
    """One field's widget, with what is wrong in it below."""
    if name == "hidden_sizes":
        _hidden_layers(space, shown)
    elif name == "device":
        _device(space, shown)
    else:
        _widget(space, name, shown)
    if name in space.problems:
        st.error(tell(space.problems[name]), icon=":material/error:")
        st.caption(_("Until this is put right, the last settings that fit stay in use."))


def _seed(space: Form, name: str, value: Any) -> tuple[str, Any]:
    """The widget's key, and the value that it has: the config's, if the widget is new.

    The value must be told as the widget's default, too: where a second script run overtakes the first, a browser never
    hears what the first one put, draws the default, and sends that back.
    """
    key = space.key(name)
    if session.get(key) is None:
        session.put(key, list(value) if isinstance(value, tuple) else value)
    return key, session.get(key)


def _widget(space: Form, name: str, shown: Setting) -> None:
    config = type(space.config)
    value = getattr(space.config, name)
    kind = kind_of(config, name)
    key, now = _seed(space, name, str(list(value)) if kind == "ints" else value)
    label, help = _(shown.label), _help(shown, config, name)
    if shown.choices is not None:
        words = {choice: _(text) for choice, text in shown.choices.items()}
        known = list(words)
        if kind == "choices":
            st.pills(
                label, known, default=now, selection_mode="multi", format_func=words.__getitem__, key=key, help=help
            )
        else:
            st.selectbox(label, known, known.index(now), format_func=words.__getitem__, key=key, help=help)
    elif kind == "bool":
        st.toggle(label, now, key=key, help=help)
    elif kind in ("text", "ints"):
        st.text_input(label, now, key=key, help=help)
    elif shown.log:
        st.select_slider(label, log_options(shown, now), now, format_func=plain, key=key, help=help)
    else:
        number = int if kind == "int" else float
        low, high, step = (number(bound) for bound in (shown.low or 0, shown.high or 0, shown.step or 1))
        if high - low > DRAWN_AS_NUMBER:
            st.number_input(label, low, high, number(now), step=step, key=key, help=help)
        else:
            st.slider(label, low, high, number(now), step=step, key=key, help=help)


def _help(shown: Setting, config: type[Config], name: str) -> str:
    value = config.default(name)
    default = shown.choices[value] if shown.choices and isinstance(value, str) else config.write(name, value)
    if not shown.source or shown.source == default:
        return _(shown.help)
    origin = _("Default: {default} ({source}).").format(default=_(default), source=_(shown.source))
    return joined(_(shown.help), origin)


def log_options(shown: Setting, value: float) -> list[float]:
    """1, 2, 5, 10 ... between the bounds, the bounds themselves, and the value there is now."""
    low, high = float(shown.low or 0), float(shown.high or 1)
    options = {low, high, value}
    for exponent in range(-5, 4):
        options |= {digit * 10.0**exponent for digit in (1, 2, 5)}
    return sorted(float(plain(option)) for option in options if low <= option <= high)


def plain(number: float) -> str:
    """A number without noise in its last digits."""
    return f"{number:.10g}"


def _hidden_layers(space: Form, shown: Setting) -> None:
    config: Any = space.config
    sizes = config.hidden_sizes
    key, now = _seed(space, "hidden_sizes", len(sizes))
    fewest, most = (int(bound or 0) for bound in shown.length)
    st.slider(_(shown.label), fewest, most, now, key=key, help=_help(shown, type(space.config), "hidden_sizes"))
    low, high = int(shown.low or 0), int(shown.high or 0)
    for index, size in enumerate(sizes):
        key, now = _seed(space, f"hidden_sizes.{index}", size)
        st.slider(_("Neurons in layer {number}").format(number=index + 1), low, high, now, key=key)


def _device(space: Form, shown: Setting) -> None:
    known = devices()
    here = ["auto", *(device.name for device in known if not device.missing)]
    key, now = _seed(space, "device", space.config.device)
    if now not in here:
        here.append(now)
    st.segmented_control(
        _(shown.label),
        here,
        format_func=lambda name: _("Auto") if name == "auto" else name,
        default=now,
        key=key,
        required=True,
        help=_help(shown, type(space.config), "device"),
    )
    try:
        resolve(space.config.device)
    except LookupError as absent:
        st.warning(tell(absent.args[0]), icon=":material/warning:")
        st.button(_("Use the CPU"), key=space.key("device_cpu"), on_click=session.put, args=(key, "cpu"))
    missing = [device for device in known if device.missing]
    if missing:
        names = [device.name for device in missing]
        st.pills(_("Not on this machine"), names, disabled=True, key=space.key("missing_devices"))
    for device in missing:
        st.caption(_("{name}: {sentence}").format(name=device.name, sentence=_(device.missing)))
