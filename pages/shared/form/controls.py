"""Controls made from a Config: one widget a field, in groups, each with its help and, if need be, what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any

import streamlit as st

from core.config import Config, Setting, kind_of
from core.devices import devices, resolve
from core.machine import bfloat16
from core.machine.inventory import machine
from core.resources import cores
from pages.shared.form.form import Form
from pages.shared.form.rate import left_at, rate
from pages.shared.form.workspace import Workspace
from pages.shared.person import language, session
from pages.shared.person.language import _, filled, joined, listed, tell
from pages.shared.person.language import plain as plain_text

ON_TOP = ("data", "training", "network")
"""The order of the groups' few fields on top: the learning rate stays in sight however many layers there are."""
DRAWN = "forms"
"""The session's list of the forms that the page has drawn."""
DRAWN_AS_NUMBER = 1000
"""Integer ranges wider than this are typed rather than slid."""


def controls(
    space: Workspace, elsewhere: Collection[str] = (), network: Callable[[Workspace], None] | None = None
) -> None:
    """Draw the form, once it was taken: the tutorial's few on top, all others in three groups to unfold.

    Args:
        elsewhere: fields that have a place of their own on the page; bugs always have one.
        network: draws what the network is made of, where that is what the page is about: above all else.
    """
    own_place = {"bugs", *elsewhere}
    settings = {name: setting for name, setting in space.config.settings().items() if name not in own_place}
    if network is not None:
        network(space)
    for group in ON_TOP:
        fields(space, {name: s for name, s in settings.items() if s.group == group and not s.folded})
    titles = {"data": _("Data"), "network": _("Network"), "training": _("Training")}
    for group, title in titles.items():
        folded = {name: setting for name, setting in settings.items() if setting.group == group and setting.folded}
        touched = sum(getattr(space.config, name) != space.config.default(name) for name in folded)
        label = _("{group} ({count} changed)").format(group=title, count=touched) if touched else title
        with st.expander(label, key=space.key(f"group {group}"), expanded=bool(set(space.problems) & set(folded))):
            fields(space, folded)


def take(form: Form) -> None:
    """Take what the form's widgets say, or empty those that must be filled again.

    A choice's widget remembers its words: in another language it must be filled again.
    """
    session.put(DRAWN, [*(known for known in session.get(DRAWN, []) if known is not form), form])
    if form.spoken not in ("", language.current()):
        form.refill |= {name for name, setting in form.config.settings().items() if setting.choices}
    form.spoken = language.current()
    for name in form.refill:
        session.drop(form.key(name))
        if name in form.typed:
            _type(form, name, form.typed[name])
    form.refill, form.typed = set(), {}
    for name in form.config.acting("at once"):
        left = left_at(form, name)
        if left is not None:
            session.put(form.key(name), left)
    form.submit(form_values(form))


def _type(form: Form, name: str, value: Any) -> None:
    """Put a value into a field's widgets, as if it were typed there."""
    several = isinstance(value, tuple | list)
    if several and form.config.settings()[name].item:
        session.put(form.key(name), len(value))
        for index, number in enumerate(value):
            session.put(form.key(f"{name}.{index}"), number)
    elif several and kind_of(type(form.config), name) == "ints":
        session.put(form.key(name), str(list(value)))
    else:
        session.put(form.key(name), list(value) if several else value)


def begin_page() -> None:
    """Note that a new run of the script has drawn no form yet."""
    session.put(DRAWN, [])


def take_all() -> None:
    """Take what all forms on the page say, before a button's callback starts something with them.

    Over a slow link a setting and the button that follows arrive together, and callbacks run before the page's script.
    """
    for form in session.get(DRAWN, []):
        take(form)


def form_values(space: Form) -> dict[str, Any]:
    """Each field's value as its widgets have it, else as it was."""
    values: dict[str, Any] = {}
    for name, value in space.config:
        if space.config.settings()[name].item:
            values[name] = _items(space, name)
        else:
            widget = session.get(space.key(name), value)
            values[name] = tuple(widget) if isinstance(widget, list) else widget
    return values


def _items(space: Form, name: str) -> tuple[int, ...]:
    """The numbers of a field that has a slider for each: as many as the first slider says.

    A new one is as large as the last one, the first one as large as the default's last.
    """
    config = space.config
    before = list(getattr(config, name))
    count = session.get(space.key(name), len(before))
    items = [session.get(space.key(f"{name}.{index}"), number) for index, number in enumerate(before[:count])]
    while len(items) < count:
        items.append(items[-1] if items else config.default(name)[-1])
    return tuple(items)


def fields(space: Form, wanted: dict[str, Setting]) -> None:
    """The widgets of some fields, those left out that mean nothing with the other settings."""
    for name, setting in wanted.items():
        if setting.shown_if is None or space.entered(setting.shown_if[0]) in setting.shown_if[1]:
            field(space, name, setting)


def field(space: Form, name: str, setting: Setting) -> None:
    """One field's widget, with what is wrong in it below."""
    if setting.item:
        _sliders(space, name, setting)
    elif name == "device":
        _device(space, setting)
    else:
        _widget(space, name, setting)
    if setting.note:
        st.caption(_(setting.note))
    if name == "precision":
        _bfloat16_speed(space.config)
    if name in space.problems:
        st.error(tell(space.problems[name]), icon=":material/error:")
        st.caption(_("Until this is fixed, the last settings that fit stay in use."))


def _seed(space: Form, name: str, value: Any) -> tuple[str, Any]:
    """The widget's key, and the value that it has: the config's, if the widget is new.

    The value must be the widget's default, too: where a second script run overtakes the first, a browser never
    hears what the first one put, draws the default, and sends that back.
    """
    key = space.key(name)
    if session.get(key) is None:
        session.put(key, list(value) if isinstance(value, tuple) else value)
    return key, session.get(key)


def _widget(space: Form, name: str, setting: Setting) -> None:
    config = type(space.config)
    value = getattr(space.config, name)
    kind = kind_of(config, name)
    key, now = _seed(space, name, str(list(value)) if kind == "ints" else value)
    label, help = _(setting.label), _help(setting, config, name)
    if setting.choices is not None:
        words = {choice: _(text) for choice, text in setting.choices.items()}
        choices = list(words)
        pictures = space.pictures.get(name)
        if pictures:
            _pictured(space, name, {choice: _beside(pictures, choice, text) for choice, text in words.items()}, help)
        elif kind == "choices":
            st.pills(
                label,
                choices,
                default=now,
                selection_mode="multi",
                format_func=words.__getitem__,
                key=key,
                help=help,
                wrap=True,
            )
        else:
            st.selectbox(label, choices, choices.index(now), format_func=words.__getitem__, key=key, help=help)
    elif kind == "bool":
        st.toggle(label, now, key=key, help=help, wrap=True)
    elif kind in ("text", "ints"):
        st.text_input(label, now, key=key, help=help)
    elif setting.log and setting.acts == "at once":
        places = [(option, plain(option)) for option in log_options(setting, now)]
        rate(space, name, label, places, now, help)
    elif setting.log:
        st.select_slider(label, log_options(setting, now), now, format_func=plain, key=key, help=help)
    else:
        number = int if kind == "int" else float
        low, high, step = (number(bound) for bound in (setting.low or 0, setting.high or 0, setting.step or 1))
        if high - low > DRAWN_AS_NUMBER:
            st.number_input(label, low, high, number(now), step=step, key=key, help=help)
        else:
            st.slider(label, low, high, number(now), step=step, key=key, help=help)


def _pictured(space: Form, name: str, words: dict[Any, str], help: str) -> None:
    """One choice or several by pictures, in a row that wraps; shell.py sets the pictures above their names."""
    key, now = _seed(space, name, getattr(space.config, name))
    several = kind_of(type(space.config), name) == "choices"
    options: dict[str, Any] = {"selection_mode": "multi"} if several else {"required": True}
    with st.container(key=f"pictured {space.key(name)}"):
        st.segmented_control(
            _(space.config.settings()[name].label),
            list(words),
            default=now,
            format_func=words.__getitem__,
            key=key,
            help=help,
            **options,
        )


def _beside(pictures: Mapping[Any, str], choice: Any, text: str) -> str:
    """The name of a choice with its picture, as Streamlit's labels take them."""
    return f"![]({pictures[choice]}) {text}" if choice in pictures else text


def _help(setting: Setting, config: type[Config], name: str) -> str:
    value = config.default(name)
    default = setting.choices[value] if setting.choices and isinstance(value, str) else config.write(name, value)
    return _with_default(setting.help, default, setting.source)


def _with_default(help: str, default: str = "", source: str = "") -> str:
    """A help text and, where it is known, where the default comes from."""
    if not source or source == default:
        return _(help)
    return joined(_(help), _("Default: {default} ({source}).").format(default=_(default), source=_(source)))


def log_options(setting: Setting, value: float) -> list[float]:
    """1, 2, 5, 10 ... between the bounds, the bounds themselves, and the value there is now."""
    low, high = float(setting.low or 0), float(setting.high or 1)
    options = {low, high, value}
    for exponent in range(-5, 4):
        options |= {digit * 10.0**exponent for digit in (1, 2, 5)}
    return sorted(float(plain(option)) for option in options if low <= option <= high)


def plain(number: float) -> str:
    """A number without noise in its last digits."""
    return f"{number:.10g}"


def _sliders(space: Form, name: str, setting: Setting) -> None:
    """A slider for how many numbers there are, and one for each of them."""
    numbers = getattr(space.config, name)
    key, now = _seed(space, name, len(numbers))
    fewest, most = (int(bound or 0) for bound in setting.length)
    default = space.config.default(name)
    help = _with_default(setting.count_help, str(len(default)), setting.source)
    st.slider(_(setting.label), fewest, most, now, key=key, help=help)
    low, high = int(setting.low or 0), int(setting.high or 0)
    for index, number in enumerate(numbers):
        key, now = _seed(space, f"{name}.{index}", number)
        origin = [str(default[index])] if index < len(default) else []
        help = _with_default(setting.item_help, *origin, *([setting.source] if origin else []))
        st.slider(_(setting.item).format(number=index + 1), low, high, now, key=key, help=help)


def _bfloat16_speed(config: Config) -> None:
    """What bfloat16 would gain or cost on this machine's processor."""
    speed = bfloat16.speed(config.experiment) if getattr(config, "device", "auto") in ("auto", "cpu") else None
    if speed is None:
        return
    if speed < 0.9:
        words = _("On this machine training in bfloat16 takes about {times} times as long as in float32.")
    elif speed > 1.1:
        words = _("On this machine training in bfloat16 is about {times} times as fast as in float32.")
    else:
        words = _("On this machine bfloat16 and float32 take about the same time.")
    st.caption(words.format(times=f"{max(speed, 1 / speed):.2g}"))


def _device(space: Form, setting: Setting) -> None:
    known = devices()
    here = ["auto", *(device.name for device in known if not device.missing)]
    key, now = _seed(space, "device", space.config.device)
    if now not in here:
        here.append(now)
    st.segmented_control(
        _(setting.label),
        here,
        format_func=lambda name: _("Auto") if name == "auto" else name,
        default=now,
        key=key,
        required=True,
        help=_help(setting, type(space.config), "device"),
    )
    try:
        resolve(space.config.device)
    except LookupError as absent:
        st.warning(tell(absent.args[0]), icon=":material/warning:")
        st.button(_("Use the CPU"), key=space.key("device_cpu"), on_click=session.put, args=(key, "cpu"))
    else:
        missing = [device for device in known if device.missing]
        named = [_("{name}: {sentence}").format(name=device.name, sentence=_(device.missing)) for device in missing]
        others = _("Not on this machine: {devices}.").format(devices=listed(device.name for device in missing))
        here_is = _what_it_is(space.config.device)
        st.caption(joined(here_is, others) if missing else here_is, help="  \n".join(named) or None)


def _what_it_is(name: str) -> str:
    """Which piece of hardware a device's name stands for here."""
    wanted = resolve(name)
    if wanted == "cpu":
        processor = plain_text(_processor())
        sentence = (
            _("Auto is the CPU: {processor}, {count} cores.")
            if name == "auto"
            else _("The CPU: {processor}, {count} cores.")
        )
        return filled(sentence, processor=processor, count=str(cores()))
    titles = {device.name: device.title for device in devices()}
    return f"{plain_text(titles.get(wanted, wanted))}."


@cache
def _processor() -> str:
    return machine().processor
