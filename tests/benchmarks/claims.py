"""Measure what lessons claim: each claim's value on five seeds, and the range that they make.

python -m tests.benchmarks.claims [--write] [PAGE or PAGE/CLAIM ...]

Without a name it measures the claims that have no range yet. --write puts their ranges into claims.toml. Images that
have to be fetched are looked for where the app has them (TORCH_PLAYGROUND_DATA).
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import re
import time
from collections.abc import Sequence

from tests.test_claims import KNOWN, PAGES, by_run, outcome, seeds_of

Measured = tuple[str, list[float], list[bool], float]
"""A claim, its value on each seed, whether it holds there, and seconds."""


def measure(name: str) -> Measured:
    """A claim's value on each of its seeds."""
    os.nice(10)
    start = time.monotonic()
    outcomes = [outcome(name, seed) for seed in seeds_of(name)]
    return name, [value for value, _ in outcomes], [holds for _, holds in outcomes], time.monotonic() - start


def around(metric: str, values: Sequence[float]) -> tuple[float, float]:
    """The range of some values in round numbers: per cents for an accuracy, else two digits."""
    if metric in ("steps", "epochs"):
        return min(values), max(values)
    low, high = min(values), max(values)
    unit = 0.01 if "accuracy/" in metric else 10 ** (math.floor(math.log10(max(abs(high), 1e-12))) - 1)
    digits = max(0, -math.floor(math.log10(unit) + 0.5))
    return round(math.floor(low / unit + 1e-9) * unit, digits), round(math.ceil(high / unit - 1e-9) * unit, digits)


def write(name: str, low: float, high: float) -> None:
    """Put a range into its claims.toml, where it is empty."""
    page, claim = name.split("/")
    path = PAGES / page / "claims.toml"
    text = path.read_text(encoding="utf-8")
    empty = re.compile(rf"(^\[{claim}\]\n(?:(?!\[).*\n)*?range = )\[\]", re.MULTILINE)
    path.write_text(empty.sub(rf"\g<1>[{low:.12g}, {high:.12g}]", text), encoding="utf-8")


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    names = [
        name
        for name in by_run(iter(KNOWN))
        if (name in options.names or name.split("/")[0] in options.names)
        or (not options.names and not KNOWN[name].check and not KNOWN[name].range)
    ]
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for name, values, holds, seconds in pool.imap(measure, names):
            claim = KNOWN[name]
            finite = all(map(math.isfinite, values))
            low, high = around(claim.metric, values) if claim.metric and finite else (math.nan, math.nan)
            shown = " ".join(f"{value:.4g}" for value in values)
            verdict = (claim.check and f"{claim.check}: {sum(holds)} of {len(holds)}") or f"[{low:.6g}, {high:.6g}]"
            print(f"{name:40} {shown}  {verdict}  ({seconds / len(values):.0f} s a seed)", flush=True)
            if options.write and claim.metric and not claim.range and finite:
                write(name, low, high)


if __name__ == "__main__":
    main()
