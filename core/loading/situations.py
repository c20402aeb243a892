"""Pairs of settings that teach something, side by side."""

from __future__ import annotations

from typing import Any

from core.loading.config import FRESH, MOST_FRESH, LoadingConfig

SITUATIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "slow": ({}, {"num_workers": 2}),
    "memory": ({"dataset": "memory", "samples": 1024}, {"num_workers": 2}),
    "many": ({"num_workers": 2}, {"num_workers": 8}),
    "waiting": ({"decode": "waiting", "num_workers": 2}, {"num_workers": 8}),
    "first": ({"decode_ms": 1, "num_workers": 2, "context": "spawn", "num_epochs": 3}, {"persistent_workers": True}),
    "gpu": ({"decode_ms": 1, "step": "accelerator", "step_ms": 20}, {"num_workers": 2}),
    "twice": ({"style": "stream", "num_workers": 2}, {"style": "split"}),
    "tensor": ({"dataset": "files", "num_workers": 2, "num_epochs": 5}, {"style": "tensor", "num_workers": 0}),
}
"""Name -> the settings of A, and in what B differs from A."""

SWEPT = (0, 1, 2, 3, 4, 6, 8)
"""Numbers of workers that are tried one after the other."""


def situation(name: str) -> tuple[LoadingConfig, LoadingConfig]:
    """The two settings that a situation compares, A and B."""
    first, other = SITUATIONS[name]
    return LoadingConfig.create(first), LoadingConfig.create({**first, **other})


def sweep(config: LoadingConfig) -> list[LoadingConfig]:
    """The same settings with each number of workers that they allow."""
    most = MOST_FRESH if config.context in FRESH else max(SWEPT)
    return [config.with_workers(count) for count in SWEPT if count <= most]
