"""What a tab stores, and what is deleted of it."""

from __future__ import annotations

import pytest
import streamlit as st

from pages.shared.person import session


def test_a_field_is_dropped_with_its_parts_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"classifier.points_per_class": 50, "classifier": "all", "points": 1}
    dropped = {"classifier.points": "1,2,0", "classifier.points.0": 8, "classifier.points.1": 4}
    stored = {**kept, **dropped}
    monkeypatch.setattr(st, "session_state", stored)
    session.drop("classifier.points")
    assert stored == kept


def test_an_experiment_is_dropped_with_its_fields_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"workspace rnn_digits": 1, "rnn_digits.lr": 0.1}
    stored = {**kept, "workspace rnn": 2, "rnn.lr": 0.2, "rnn.hidden_sizes.0": 8}
    monkeypatch.setattr(st, "session_state", stored)
    session.drop("workspace rnn")
    session.drop("rnn")
    assert stored == kept
