"""The home page: what this is, the eight steps, and what the machine has."""

import streamlit as st

from core.machine.devices import devices
from pages.shared.language import _, lesson
from pages.shared.shell import language_switch

STEPS = [
    (
        _("A simple classifier"),
        _("The whole path once: data, network, loss, three lines of training, test."),
        "pages/classifier.py",
    ),
    (_("A CNN on MNIST"), _("Convolution, activation, pooling; handwritten digits at 97 % and more."), "pages/cnn.py"),
    (
        _("The common layers"),
        _("Convolution, pooling, dropout, batch norm, activations and losses, to touch."),
        "pages/layers.py",
    ),
    (
        _("TensorBoard"),
        _("Log your runs while they train, and read the curves, images and graphs."),
        "pages/tensorboard.py",
    ),
    (_("VGG by make_layers"), _("A deep network from a list of numbers, without writing it out."), "pages/vgg.py"),
    (
        _("GPU, saving and loading"),
        _("Move data and model to a device; state_dict and checkpoints."),
        "pages/devices.py",
    ),
    (_("RNN and LSTM"), _("Sequences: predict cos from sin, with a memory that can be watched."), "pages/rnn.py"),
    (
        _("Loading data in parallel"),
        _("DataLoader's workers, when they pay, and how to go on from here."),
        "pages/loading.py",
    ),
]

FURTHER = {
    5: [("pages/build.py", _("Build your own network"))],
    6: [("pages/saving.py", _("Saving and loading"))],
    7: [("pages/rnn_digits.py", _("Classification: a digit row by row"))],
    8: [("pages/next.py", _("How to go on"))],
}
"""Steps that take more than one page."""

with st.sidebar:
    language_switch()

st.title("Torch Playground", anchor=False)
st.markdown(lesson("home"))
st.page_link("pages/classifier.py", label=_("Start with step 1"), icon=":material/play_circle:")
st.subheader(_("Eight steps"), anchor=False)
for number, (title, teaches, page) in enumerate(STEPS, start=1):
    if number % 2:
        columns = st.columns(2)
    with columns[(number - 1) % 2].container(border=True, height="stretch"):
        st.page_link(page, label=f"**{number} · {title}**", icon=":material/arrow_forward:")
        st.caption(teaches)
        for further, label in FURTHER.get(number, ()):
            st.page_link(further, label=label, icon=":material/arrow_forward:")
st.subheader(_("This machine"), anchor=False)
for device in devices():
    if device.missing:
        st.markdown(f":gray[**{device.name}** · {_(device.title)} · {_(device.missing)}]")
    else:
        st.markdown(f"**{device.name}** · {_(device.title)}")
