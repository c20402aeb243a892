"""`python -m core train` on a cluster: a run as the app has it, whose steps are printed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.cluster.launcher import ClusterLauncher
from core.cluster.places import Places
from core.config import TrainingConfig
from core.data import image_sets
from core.engine.assignment import Assignment
from core.engine.launcher import Launches
from core.engine.record import Folder
from core.experiments import experiment
from core.processes import scratch


class TrainingError(Exception):
    """The run did not end as it should; the text is one sentence."""


@contextmanager
def joined(address: str) -> Iterator[ClusterLauncher]:
    """A cluster, joined, and left in the end (raises ClusterError)."""
    launcher = ClusterLauncher(Places(address))
    launcher.join()
    try:
        yield launcher
    finally:
        launcher.close()


def train(
    launcher: Launches, config: TrainingConfig, folder: Folder | None, step: Callable[[Mapping[str, Any]], None]
) -> str:
    """Train a run on a cluster.

    Args:
        folder: where its record goes, with its first facts; None for nowhere.
        step: called with the line of each step, in their order.

    Returns:
        its status in the end.

    Raises:
        TrainingError: it could not be trained.
        RuntimeError: PyTorch stopped it.
        ConnectionError: its images can't be fetched.
        LookupError: its device is not there; the message is a `Problem`.
    """
    config = config.changed(device=launcher.resolve(config.device))
    if experiment(config.experiment).missing(config) is not None:
        image_sets.load_images(config)  # type: ignore[arg-type]  # fetches them, as it does without a cluster
    with tempfile.TemporaryDirectory(prefix=scratch.prefix()) as place:
        if folder is None:
            folder = Folder(Path(place) / "run")
            folder.create({"run": config})
        process, connection = launcher.launch(Assignment({"run": config}, folder.path))
        status = "running"
        message: dict[str, Any] = {}
        try:
            while True:
                data = connection.recv_bytes()
                content = json.loads(data[1:]) if data[:1] == b"M" else {}
                for row in content.get("rows", {}).get("run", ()):
                    step(row)
                if content.get("kind") == "status":
                    status, message = content.get("status", status), content["message"] or message
        except EOFError:
            pass
        finally:
            process.kill()
            connection.close()
        for kept in folder.kept()[:-1]:
            folder.drop(kept)
    _raise_if_failed(status, message)
    return status


def _raise_if_failed(status: str, message: Mapping[str, Any]) -> None:
    if status in ("finished", "diverged", "stopped"):
        return
    match message.get("code"):
        case "failed":
            raise RuntimeError(message["error"])
        case "memory":
            raise TrainingError("The run needs more memory than it may take.")
        case "cluster_torch":
            raise TrainingError(
                f"The machines of the cluster have PyTorch {message['theirs']}, and this one has {message['ours']}: "
                "runs could not be repeated there bit for bit."
            )
        case "cluster_unfit":
            raise TrainingError(f"No machine of the cluster can train: {message['error']}")
        case _:
            raise TrainingError("The process that trained the run ended unexpectedly.")
