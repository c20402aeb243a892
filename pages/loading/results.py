"""What a measurement showed: the lanes, the figures, and what is to be said about them."""

from __future__ import annotations

import os
import re

import streamlit as st

from core.loading.config import LoadingConfig
from core.loading.measure import Result
from core.loading.plan import start_method
from core.loading.situations import SWEPT
from pages.loading.bench import Bench, Measured
from pages.shared.person.language import _, joined, listed, tell
from pages.shared.pictures.lanes import Group, Sweep, lanes

INTERVAL = 0.4
"""Seconds between two looks at a measurement that runs."""
DISTURBED = 0.3
"""Cores kept busy by others from which on it is said."""


def measurement(space: Bench) -> None:
    """Lanes and figures, drawn again while it runs."""
    alive = space.job is not None and space.job.alive
    st.fragment(_show, run_every=INTERVAL if alive else None)(space, alive)


def _show(space: Bench, alive: bool) -> None:
    job = space.job
    over = job is None or not job.alive
    space.follow()
    if alive and over:
        st.rerun()
    drawn = _drawn(space)
    lanes(
        "loading lanes",
        [_group(space, one) for one in drawn],
        _kinds(),
        {
            "hint": _waiting_for(space)
            if not over
            else _("Nothing measured yet: choose a situation, or press the Measure button."),
            "batch": _("batch {number}"),
            "whole": _("Show all"),
            "sweep": _("Batches per second"),
        },
        id=f"{space.number} {'sweep' if space.kind == 'sweep' else ''}",
        status=job.status if job is not None else "",
        sweep=_sweep(space),
    )
    if job is not None and over:
        if job.problem is not None:
            st.error(tell(job.problem), icon=":material/error:")
        elif job.status == "ended":
            st.info(_("The measurement was ended before it was done."))
        _conclusion(space)


def _drawn(space: Bench) -> list[Measured]:
    """The settings whose lanes are drawn: all, or in a sweep the one that is being measured."""
    if not space.measured:
        return [Measured(side.config, side.name if space.compare else "") for side in space.sides]
    both = len({one.name for one in space.measured}) > 1
    measured = [one if both else Measured(one.config, "", one.bars, one.result) for one in space.measured]
    if space.kind == "sweep":
        begun = [one for one in measured if one.bars]
        return begun[-1:] or measured[:1]
    return measured


def _waiting_for(space: Bench) -> str:
    count = space.before()
    if count:
        return _("All cores are busy: {count} ahead of you in line.").format(count=count)
    return _("Measuring …")


def _kinds() -> list[tuple[str, str]]:
    return [
        ("fetching", _("fetching a batch")),
        ("computing", _("training on it")),
        ("waiting", _("waiting")),
        ("starting", _("starting a worker")),
        ("preparing", _("preparing the data")),
    ]


def describe(config: LoadingConfig) -> str:
    """What makes a setting, in a few words."""
    sources, styles = ((LoadingConfig.settings()[name].choices or {}) for name in ("dataset", "style"))
    source = [_(sources[config.dataset])]
    if config.dataset == "slow":
        source.append(f"{config.decode_ms} ms")
    if config.style == "tensor":
        return listed([*source, _(styles[config.style])])
    parts = [f"num_workers={config.num_workers}", *source]
    if config.style != "map":
        parts.append("IterableDataset")
    parts += [f"{name}=True" for name in ("persistent_workers", "pin_memory", "drop_last") if getattr(config, name)]
    if config.context != "default":
        parts.append(config.context)
    return listed(parts)


def _group(space: Bench, one: Measured) -> Group:
    workers = 0 if one.config.style == "tensor" else one.config.num_workers
    names = [_("training"), *(_("worker {number}").format(number=number) for number in range(workers))]
    figures = ""
    if one.result is not None:
        figures = _("{rate} batches/s, training idle {idle} of the time.").format(
            rate=_rate(one.result.rate), idle=f"{one.result.idle:.0%}"
        )
    return Group(one.name, describe(one.config), figures, f"{describe(one.config)}: {figures}", names, one.bars)


def _rate(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 100 else f"{rate:.1f}"


def _sweep(space: Bench) -> Sweep | None:
    if space.kind != "sweep" or not space.measured:
        return None
    rates_of: dict[int, list[float | None]] = {}
    for one in space.measured:
        rates_of.setdefault(one.config.num_workers, []).append(one.result.rate if one.result else None)
    entries = [(str(count), rates_of[count]) for count in SWEPT if count in rates_of]
    figures = [
        f"{label}: {', '.join('–' if rate is None else _rate(rate) for rate in rates)}" for label, rates in entries
    ]
    alt = _("Batches per second by number of workers: {figures}").format(figures="; ".join(figures))
    return Sweep(alt, list(dict.fromkeys(one.name for one in space.measured)), entries)


def _conclusion(space: Bench) -> None:
    """What is to be said about the figures, in sentences."""
    done = [(one, one.result) for one in space.measured if one.result is not None]
    if space.kind == "run" and len(done) == 2:
        sentences = [_compared(done[0][1], done[1][1], done[0][0].config)]
        if any(one.config.style == "tensor" for one, _result in done):
            sentences.append(_with_preparation(done[0][1], done[1][1]))
        st.markdown(joined(*sentences))
    remarks = list(dict.fromkeys(sentence for one, result in done for sentence in _remarks(space, one, result)))
    # PyTorch warns of three workers in other words than of eight; the last one says it all.
    warnings = {re.sub(r"\d+", "", text): text for _one, result in done for text in result.warnings}
    remarks += [_warned(text) for text in warnings.values()]
    others = max((result.others or 0.0 for _one, result in done), default=0.0)
    if others > DISTURBED:
        remarks.append(
            _("Other programs kept {others} of {cores} cores busy: measure again when the machine is quiet.").format(
                others=f"{others:.1f}", cores=os.cpu_count()
            )
        )
    if remarks:
        st.caption(joined(*remarks))
    if warnings:
        with st.expander(_("PyTorch's own words")):
            st.code("\n\n".join(warnings.values()), language=None, wrap_lines=True)


def _warned(text: str) -> str:
    """What PyTorch warned of, in a sentence."""
    many = re.search(r"will create (\d+) worker processes .* current system is (\d+)", text)
    if many:
        return _(
            "PyTorch warns of {workers} workers on {cores} cores: more workers than cores can slow loading down."
        ).format(workers=many[1], cores=many[2])
    if "'pin_memory' argument is set as true" in text:
        return _("PyTorch warns that pin_memory=True does nothing here: there is no GPU.")
    return _("PyTorch warned of something while this was measured.")


def figures(space: Bench) -> None:
    """All figures of the last measurement in a table."""
    done = [(one.name, one.result, one.config) for one in space.measured if one.result is not None]
    if not done:
        st.info(_("Nothing measured yet: choose a situation, or press the Measure button."))
        return
    if space.kind == "sweep":
        done = [(f"{name} {config.num_workers}", result, config) for name, result, config in done]
    st.markdown(_table(done))
    st.caption(
        _(
            "A worker that was forked shares most pages with the training: tools like `top` count them once for each "
            "process. The first number is what the workers really hold for themselves."
        )
    )


def _compared(a: Result, b: Result, config: LoadingConfig) -> str:
    ratio = b.rate / a.rate
    if a.samples != b.samples and not (a.cut or b.cut):
        return _("A handed **{a}** samples to the training, B **{b}**; the data set has {count}.").format(
            a=f"{a.samples / config.num_epochs:.0f}", b=f"{b.samples / config.num_epochs:.0f}", count=config.samples
        )
    if 0.9 < ratio < 1.1:
        return _("A and B are equally fast: such measurements differ by about a tenth anyway.")
    if ratio > 1:
        return _("B is **{ratio} times as fast** as A.").format(ratio=f"{ratio:.1f}")
    return _("A is **{ratio} times as fast** as B.").format(ratio=f"{1 / ratio:.1f}")


def _with_preparation(a: Result, b: Result) -> str:
    """The same with what was done before the first epoch."""
    whole = [result.batches / (result.prepared + result.seconds) for result in (a, b)]
    return _(
        "That is without the preparation; with it A does {a} batches/s and B {b} in these {count} epochs. The more "
        "epochs, the less it weighs."
    ).format(a=_rate(whole[0]), b=_rate(whole[1]), count=max(len(a.epochs), len(b.epochs)))


def _table(rows: list[tuple[str, Result, LoadingConfig]]) -> str:
    def line(label: str, values: list[str]) -> str:
        return f"| {label} | " + " | ".join(values) + " |"

    results = [result for _name, result, _config in rows]
    memory = [f"{sum(r.memory):.0f} MB ({sum(r.resident):.0f} MB)" if r.memory else "–" for r in results]
    later = [f"{sum(r.epochs[1:]) / len(r.epochs[1:]):.2f} s" if len(r.epochs) > 1 else "–" for r in results]
    columns = [name if len(rows) > 1 else "" for name, _result, _config in rows]
    return "\n".join(
        [
            line("", columns),
            "|---|" + "--:|" * len(rows),
            line(_("batches per second"), [f"**{_rate(r.rate)}**" for r in results]),
            line(_("training idle"), [f"{r.idle:.0%}" for r in results]),
            line(_("first epoch"), [f"{r.epochs[0]:.2f} s" if r.epochs else "–" for r in results]),
            line(_("later epochs, each"), later),
            line(_("preparing the data"), [f"{r.prepared:.2f} s" for r in results]),
            line(_("memory of all workers (as `top` adds it up)"), memory),
        ]
    )


def _remarks(space: Bench, one: Measured, result: Result) -> list[str]:
    """What has to be known to read the figures."""
    remarks = []
    name = f"{one.name}: " if len({each.name for each in space.measured}) > 1 and space.kind == "run" else ""
    if result.cut:
        remarks.append(name + _("Cut off after {batches} batches: it took too long.").format(batches=result.batches))
    if one.config.num_workers and one.config.style != "tensor":
        remarks.append(_("Workers start by {method} here.").format(method=f"`{start_method(one.config)}`"))
    return remarks
