"""The engine without a screen: `python -m core list`, `train`, `export`, `backup`, `restore`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from core import checkpoints
from core.cluster import address
from core.config import ConfigError, Setting, TrainingConfig, kind_of
from core.devices import resolve
from core.engine import backup
from core.engine.record import Folder, line
from core.engine.store import data_folder
from core.experiments import experiment, experiments
from core.export import notebook, script
from core.frames import encode
from core.snapshot import Snapshot


class Mistake(Exception):
    """What was asked can't be done; one sentence says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it went well, 2 if what was asked can't be done."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if os.environ.get("TORCH_PLAYGROUND_DATA"):  # the data sets' own functions, which scripts show, take it as it is
        os.environ["TORCH_PLAYGROUND_DATA"] = str(data_folder())
    try:
        if options.command == "list":
            print(json.dumps(listing(), indent=1))
        elif options.command == "backup":
            print("{} files, {} bytes.".format(*backup.backup(data_folder(), options.file)))
        elif options.command == "restore":
            print("{} files, {} bytes.".format(*backup.restore(options.file, options.folder)))
        elif options.command == "train":
            start = train_on_cluster if os.environ.get(address.CLUSTER, "").strip() else train
            start(read_config(options.experiment, options.values), options.out)
        else:
            config = read_config(options.experiment, options.values)
            print(notebook(config) if options.notebook else script(config), end="")
    except (Mistake, backup.BackupError) as mistake:
        print(" ".join(str(mistake).split()), file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except ConnectionError as error:
        print(error, file=sys.stderr)
        return 2
    except RuntimeError as error:
        print(f"PyTorch stopped the training: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    except OSError as error:
        if options.command in ("backup", "restore"):
            print(f"The archive can't be read or written: {error.strerror}.", file=sys.stderr)
        else:
            print(f"The run can't be written: {error.strerror}.", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description="Torch Playground without a screen.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every experiment with its fields, defaults and bounds, as JSON")
    trained = commands.add_parser("train", help="train, and print one JSON object for every step")
    exported = commands.add_parser("export", help="print the run as a script that stands alone")
    for command in (trained, exported):
        command.add_argument("experiment", help=", ".join(experiments()))
        command.add_argument("values", nargs="*", metavar="field=value", help="such as lr=0.5 num_steps=100 seed=1")
    trained.add_argument("--out", type=Path, metavar="DIR", help="keep the run's folder: config, metrics, checkpoint")
    saved = commands.add_parser("backup", help="write all records into an archive; the server may run meanwhile")
    saved.add_argument("file", type=Path, metavar="FILE.tar.gz")
    restored = commands.add_parser("restore", help="make a data folder of such an archive")
    restored.add_argument("file", type=Path, metavar="FILE.tar.gz")
    restored.add_argument("folder", type=Path, metavar="FOLDER", help="an empty folder, or a new one")
    exported.add_argument("--notebook", action="store_true", help="as a Jupyter notebook")
    return parser


def read_config(name: str, texts: Sequence[str]) -> TrainingConfig:
    """The config of an experiment from field=value texts, its device found.

    Raises:
        Mistake: no such experiment, field, value or device.
    """
    if name not in experiments():
        raise Mistake(f"There is no experiment “{name}”; there are: {', '.join(experiments())}.")
    values = {}
    for text in texts:
        field, equals, value = text.partition("=")
        if not equals:
            raise Mistake(f"“{text}” is not of the form field=value.")
        if field in values:
            raise Mistake(f"{field} is given twice.")
        values[field] = value
    try:
        config = experiment(name).config.create(values)
        on_cluster = os.environ.get(address.CLUSTER, "").strip() and config.device.startswith("cuda")
        return config if on_cluster else config.changed(device=resolve(config.device))
    except ConfigError as error:
        problem = error.problems[0]
        raise Mistake(f"{problem.field}: {problem}") from None
    except LookupError as error:
        raise Mistake(f"device: {error.args[0]}") from None


def listing() -> dict[str, Any]:
    """Every experiment with its fields, defaults and bounds."""
    return {
        name: {
            "fields": {
                field: _described(experiment(name).config, field, setting)
                for field, setting in experiment(name).config.settings().items()
            }
        }
        for name in experiments()
    }


def _described(config: type[TrainingConfig], field: str, setting: Setting) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "type": kind_of(config, field),
        "default": config.default(field),
        "label": setting.label,
        "help": setting.help,
        "group": setting.group,
    }
    if setting.low is not None:
        facts |= {"min": setting.low, "max": setting.high}
    if setting.choices is not None:
        facts["choices"] = list(setting.choices)
    if setting.source:
        facts["source"] = setting.source
    return facts


def train(config: TrainingConfig, out: Path | None) -> None:
    """Train in this process, print every step, and keep a folder if asked.

    Raises:
        Mistake: the folder can't be written, or holds another run.
    """
    torch.set_num_threads(1)
    folder = _make_folder(config, out) if out is not None else None
    trained = experiment(config.experiment)
    losses: list[float] = []
    row: dict[str, Any] = {}
    snapshot: Snapshot
    for snapshot in trained.train(config, {}):
        if not snapshot.metrics:
            continue
        losses.append(snapshot.metrics["loss/train"])
        new = line(snapshot.step, snapshot.epoch, snapshot.metrics)
        row |= new
        print(json.dumps(new), flush=snapshot.step % 100 == 0)
        if folder is not None:
            folder.append("run", [(snapshot.step, snapshot.epoch, snapshot.metrics)])
    diverged = row["loss/train"] is None
    if folder is not None:
        if not diverged:
            frame = encode(trained.frames({"run": config}, {"run": snapshot}))
            folder.keep(snapshot.step, {"run": checkpoints.checkpoint(snapshot, losses)}, frame)
        folder.update_facts(status="diverged" if diverged else "finished")
    print(json.dumps({"final": True, **row, "diverged": diverged}))


def train_on_cluster(config: TrainingConfig, out: Path | None) -> None:
    """Train as `train` does, but on the cluster that the settings name.

    Raises:
        Mistake: the cluster can't be used, or as `train`.
    """
    problem = address.problem(os.environ)
    if problem is not None:
        raise Mistake(problem)
    from core.cluster import training

    row: dict[str, Any] = {}

    def step(new: Mapping[str, Any]) -> None:
        row.update(new)
        print(json.dumps(new), flush=new["step"] % 100 == 0)

    try:
        with training.joined(os.environ[address.CLUSTER].strip()) as launcher:
            folder = _make_folder(config, out) if out is not None else None
            training.train(launcher, config, folder, step)
    except (address.ClusterError, training.TrainingError) as error:
        raise Mistake(str(error)) from None
    except LookupError as error:
        raise Mistake(f"device: {error.args[0]}") from None
    print(json.dumps({"final": True, **row, "diverged": row["loss/train"] is None}))


def _make_folder(config: TrainingConfig, out: Path) -> Folder:
    folder = Folder(out)
    try:
        if (out / "run.json").exists():
            raise Mistake(f"{out} already holds a run.")
        folder.create({"run": config}, {})
    except OSError as error:
        raise Mistake(f"{out} can't be written: {error.strerror}.") from None
    return folder


if __name__ == "__main__":
    sys.exit(main())
