"""Settings that can't work are named before anything starts, in one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from core.config import ConfigError
from core.loading.config import LoadingConfig


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"persistent_workers": True}, "persistent_workers", "without workers"),
        ({"style": "split", "shuffle": True}, "shuffle", "stream has its own order"),
        ({"num_workers": 5, "context": "spawn"}, "num_workers", "At most 4"),
        ({"batch_size": 256, "decode_ms": 50}, "decode_ms", "12.8 s"),
        ({"samples": 32, "batch_size": 64, "drop_last": True}, "drop_last", "none is left"),
        ({"style": "split", "samples": 64, "num_workers": 8, "batch_size": 16, "drop_last": True}, "drop_last", "none"),
        ({"num_workers": 9}, "num_workers", "from 0 to 8"),
    ],
)  # fmt: skip
def test_one_sentence_for_what_can_not_work(values: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        LoadingConfig.create(values)
    [problem] = refused.value.problems
    assert problem.field == field
    assert words in str(problem)


def test_other_numbers_of_workers_bring_what_goes_with_them() -> None:
    config = LoadingConfig.create({"num_workers": 2, "persistent_workers": True})
    assert not config.with_workers(0).persistent_workers
    assert config.with_workers(8).persistent_workers


def test_a_link_restores_it() -> None:
    config = LoadingConfig.create({"dataset": "files", "file_size": 64, "num_workers": 4, "decode_ms": 7})
    assert LoadingConfig.create(config.to_query()) == config
