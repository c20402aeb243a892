"""All benchmarks: what was measured, its goal, and what it would be on a slower machine; docs/benchmarks.md keeps them.

Each part runs in a process of its own, and within a part what is compared is measured in turn.

Run: python -m tests.benchmarks [--only PART ...] [--tfp FOLDER] [--soak MINUTES]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import torch

from core.machine import inventory
from tests.benchmarks.rows import SLOWER, Row, table

LOOK = 3
"""Seconds for which other programs are looked at before a part begins."""
FILE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Made by `.venv/bin/python -m tests.benchmarks`, and committed as it came out last. Ratios compare what was measured in
turn in one run. The last figures are for a machine {slower} times slower, if all of a time is processor time: ratios
and memory stay as they are.
"""
PARTS = {
    "class30": ("A class of 30", "classroom.figures", "thirty"),
    "half": ("A class of 30 on half the machine", "classroom.figures", "half"),
    "class60": ("60 people", "classroom.figures", "sixty"),
    "class200": ("200 connections", "classroom.figures", "two_hundred"),
    "soak": ("Eight for a long time", "classroom.soak", "rows"),
    "step": ("The engine's step", "step_speed", "rows"),
    "watching": ("Being watched", "telemetry", "rows"),
    "folder": ("Started from another folder", "start_folder", "rows"),
    "browser": ("In the browser", "first_picture", "rows"),
    "pages": ("Page switches in the browser", "page_switch", "rows"),
    "thin": ("A thin link and a slow processor", "thin.figures", "rows"),
    "tfp": ("TensorFlow Playground", "playground", "rows"),
    "cnn": ("The CNN", "cnn_speed", "rows"),
    "cnn_watched": ("The CNN, watched", "cnn_watched", "rows"),
    "vgg": ("VGG", "vgg_speed", "rows"),
    "vgg_watched": ("VGG, watched", "vgg_watched", "rows"),
    "rnn_watched": ("The RNN, watched", "rnn_watched", "rows"),
    "small": ("A host with 1 GB", "small_host", "rows"),
    "cluster": ("Two runs on a Ray cluster", "cluster.figures", "beside"),
    "lost": ("A Ray cluster loses a machine", "cluster.figures", "said"),
    "many": ("200 runs on a Ray cluster whose machines are killed", "cluster.figures", "many"),
}
"""Name -> title, and the module below tests.benchmarks and its function that measures it."""
MEASURE = """
import dataclasses, importlib, json, sys
module, name, *arguments = sys.argv[1:]
rows = getattr(importlib.import_module(f"tests.benchmarks.{module}"), name)(*arguments)
print(json.dumps([dataclasses.asdict(row) for row in rows]))
"""
"""Has no file, so that the workers that it starts import nothing of the benchmarks."""


def here() -> str:
    """Processor, cores and PyTorch: what the figures depend on."""
    machine = inventory.machine()
    return f"{machine.processor} ({', '.join(machine.instructions)}), {machine.cores} cores; torch {torch.__version__}"


def busy() -> str:
    """How busy other programs keep the machine, where the system tells: figures are worse beside them."""
    try:
        before = _processor_times()
        time.sleep(LOOK)
        idle, total = (now - then for now, then in zip(_processor_times(), before, strict=True))
    except OSError:
        return ""
    return f"; other programs kept {100 * (1 - idle / total):.0f} % of it busy"


def _processor_times() -> tuple[int, int]:
    """Idle time, and all time, of all cores together since the start."""
    times = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return times[3] + times[4], sum(times)


def alone(module: str, function: str, *arguments: str) -> list[Row]:
    """Measure in a process of its own, so that nothing of one part stays in the next."""
    command = [sys.executable, "-c", MEASURE, module, function, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return [Row(**fields) for fields in json.loads(done.stdout.splitlines()[-1])]


def write(sections: dict[str, str]) -> None:
    """Put sections into the file; those that were not measured now stay as they are."""
    before = FILE.read_text(encoding="utf-8") if FILE.is_file() else ""
    known = {text.partition("\n")[0]: text for text in before.split("\n## ")[1:]}
    known |= sections
    titles = [title for title, _, _ in PARTS.values() if title in known]
    texts = "\n".join(f"## {known[title].rstrip()}\n" for title in titles)
    FILE.write_text(HEAD.format(slower=SLOWER) + "\n" + texts, encoding="utf-8")


def main() -> None:
    """Measure, write the file, and print the figures with those of a slower machine."""
    parser = argparse.ArgumentParser(description="All benchmarks.")
    parser.add_argument("--only", nargs="+", metavar="PART", choices=PARTS, help="these parts; the others stay")
    parser.add_argument("--tfp", type=Path, metavar="FOLDER", help="a built TensorFlow Playground to compare with")
    parser.add_argument("--soak", metavar="MINUTES", help="how long eight stay, to see whether memory grows; 20 do")
    arguments = parser.parse_args()
    given = {"tfp": arguments.tfp, "soak": arguments.soak}
    measured: list[Row] = []
    failed: list[str] = []
    for name, (title, module, function) in PARTS.items():
        if arguments.only and name not in arguments.only:
            continue
        others = busy()
        try:
            rows = alone(module, function, *([str(given[name])] if given.get(name) else []))
        except subprocess.CalledProcessError:  # its words stand above; the other parts are measured all the same
            failed.append(name)
            continue
        measured += rows
        section = f"{title}\n\n{here()}{others}.\n\n{table(rows)}\n"
        write({title: section})
        print(f"## {section}", flush=True)
    now = [row.meets(row.value) for row in measured]
    slower = [row.meets(row.slower) for row in measured]
    print(
        f"{now.count(True)} of {len(now) - now.count(None)} goals are met; on a machine {SLOWER} times slower it would "
        f"be {slower.count(True)}"
    )
    if failed:
        sys.exit(f"could not be measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
