"""What this machine has, for the sidebar."""

from __future__ import annotations

import streamlit as st

from core.machine.inventory import machine, why_no_gpu
from pages.shared.person.language import _, tell


def machine_panel() -> None:
    """CPU, GPUs, what PyTorch was built for; and if there is no GPU, why."""
    here = machine()
    st.markdown("**" + _("This machine") + "**")
    st.markdown(
        _("**cpu** · {name}, {cores} cores").format(name=here.processor, cores=here.cores)
        + f"  \n:gray[{', '.join(here.instructions) or here.used}]"
    )
    for index, gpu in enumerate(here.gpus):
        st.markdown(
            _("**cuda:{index}** · {name}, {memory} GB, compute capability {capability}").format(
                index=index, name=gpu.name, memory=f"{gpu.memory / 1e9:.0f}", capability=gpu.capability
            )
        )
    if not here.gpus:
        st.markdown(":gray[**cuda** · " + _("not on this machine") + "]")
    st.markdown("**mps** · " + _("Apple GPU") if here.mps else ":gray[**mps** · " + _("not on this machine") + "]")
    st.markdown(
        _("**PyTorch {version}**, built for {built}").format(
            version=here.torch, built=here.built_for or _("the CPU alone")
        )
    )
    for problem in why_no_gpu(here):
        st.caption(tell(problem))
    st.markdown(f"`torch.cuda.is_available()` → `{bool(here.gpus)}`")
