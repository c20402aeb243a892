"""What is changed while a run trains: step -> {field: value} from that step on. The learning rate is the first case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.config import TrainingConfig

Changes = Mapping[int, Mapping[str, Any]]
"""Step -> the fields of the config that are changed from that step on, such as ``{120: {"lr": 0.01}}``."""


def as_pairs(changes: Changes) -> list[list[Any]]:
    """The changes as JSON has them: [step, {field: value}], in the order of the steps."""
    return [[step, dict(fields)] for step, fields in sorted(changes.items())]


def from_pairs(pairs: Iterable[Any]) -> dict[int, dict[str, Any]]:
    """The changes that `as_pairs` wrote."""
    return {int(step): dict(fields) for step, fields in pairs}


def recorded(facts: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """The changes in what run.json says. Older records have pairs of step and learning rate, as "lr_changes"."""
    if "changes" in facts:
        return from_pairs(facts["changes"])
    return {int(step): {"lr": lr} for step, lr in facts.get("lr_changes", [])}


def value_after(changes: Changes, config: TrainingConfig, field: str) -> Any:
    """The value that a field has after all changes; the config's, where it was never changed."""
    values = [fields[field] for _, fields in sorted(changes.items()) if field in fields]
    return values[-1] if values else getattr(config, field)
