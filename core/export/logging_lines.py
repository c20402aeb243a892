"""A run's script that logs for TensorBoard: the lines that the app itself logs with, around the same loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.config import TrainingConfig
from core.experiments import experiment
from core.export.syntax import literal
from core.tensorboard import lines
from core.tensorboard.config import LogConfig, hparams, kinds, special

CALLS: dict[str, str] = {
    "graph": "log_graph(writer, snapshot.net, x)",
    "images": "log_images(writer, x)",
    "scalars": "log_scalars(writer, step, snapshot.metrics)",
    "test": "log_test(writer, step, snapshot.metrics)",
    "validation": "log_validation(writer, step, snapshot.metrics)",
    "learning_rate": 'log_learning_rate(writer, step, snapshot.optimizer.param_groups[0]["lr"])',
    "histograms": "log_histograms(writer, step, snapshot.net)",
    "pr_curves": "log_pr_curves(writer, step, snapshot.net, x, y)",
    "embedding": "log_embedding(writer, step, snapshot.net, x, y)",
    "hparams": "log_hparams(writer, step, HPARAMS, final)",
}
"""Kind -> the line that logs it."""
BATCH = {"graph", "images", "pr_curves", "embedding"}
"""What looks at a batch of the test set."""


def logged(config: TrainingConfig, log: LogConfig) -> list[str]:
    """What a script of a run logs, the curves of test and validation apart from those of training."""
    trained = experiment(config.experiment)
    logged_kinds = kinds(log, trained.pictured(config))
    if "scalars" not in logged_kinds or not trained.tested:
        return logged_kinds
    return [*logged_kinds, "test", *(["validation"] if getattr(config, "validates", False) else [])]


def functions(config: TrainingConfig, log: LogConfig) -> tuple[Callable[..., Any], ...]:
    """The functions that log, and the one that makes the batch they look at."""
    wanted = logged(config, log)
    log_functions = [getattr(lines, f"log_{kind}") for kind in wanted]
    return (*log_functions, *([experiment(config.experiment).logged_batch] if BATCH & set(wanted) else []))


def constants(config: TrainingConfig, log: LogConfig) -> list[str]:
    """The constants that the lines of logging need."""
    return [f"HPARAMS = {literal(hparams(config))}"] if "hparams" in logged(config, log) else []


def loop(config: TrainingConfig, log: LogConfig, entry: str, record: str) -> str:
    """The lines that train and log.

    Args:
        entry: the training loop's name.
        record: the lines for each step, which log nothing.
    """
    wanted = logged(config, log)
    name = "_".join(filter(None, [config.experiment, special(config)]))
    text = f'writer = SummaryWriter("runs/{name}")\n'
    if BATCH & set(wanted):
        text += "x, y = logged_batch()\n"
    text += f"final = {{}}\nfor snapshot in {entry}():\n    step = snapshot.step\n"
    text += _block("if step == 0:", ("graph", "images"), wanted)
    text += "    if snapshot.metrics:\n" + "".join(f"        {line}\n" for line in record.splitlines())
    text += "        final.update(snapshot.metrics)\n"
    text += _block(
        f"if step == 1 or (step > 1 and step % {log.every} == 0):" if log.every > 1 else "if step > 0:",
        ("scalars", "learning_rate"),
        wanted,
    )
    between = getattr(config, "evaluate_every", 1)
    due = f" and step % {log.every} < {between}" if between < log.every else ""
    text += _block(f'if "loss/test" in snapshot.metrics{due}:', ("test", "validation"), wanted)
    text += _block(f"if step > 0 and step % {log.histograms_every} == 0:", ("histograms",), wanted)
    if log.every > 1:
        text += _block(f"if step > 1 and step % {log.every} > 0:", ("scalars", "learning_rate"), wanted, "")
    if between < log.every:
        text += _block(
            f'if "loss/test" in snapshot.metrics and step % {log.every} >= {between}:',
            ("test", "validation"),
            wanted,
            "",
        )
    for kind in ("pr_curves", "embedding", "hparams"):
        if kind in wanted:
            text += f"{CALLS[kind]}\n"
    return text + "writer.close()\n"


def _block(head: str, kinds: tuple[str, ...], wanted: list[str], indent: str = "    ") -> str:
    body = "".join(f"{indent}    {CALLS[kind]}\n" for kind in kinds if kind in wanted)
    return f"{indent}{head}\n{body}" if body else ""
