"""What the cards' lessons say of numbers is what the cards show. The claims stand beside the lessons."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.layers import CARDS

FOLDER = Path(__file__).parents[3] / "pages" / "layers"
CLAIMS: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "card_claims.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_holds(name: str) -> None:
    claim = CLAIMS[name]
    assert set(claim) == {"lesson", "says", "card", "config", "check"}
    card = CARDS[claim["card"]]
    assert card.family == claim["lesson"]
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in claim["config"].items()}
    result = card.show(card.config.create(values), None)
    names = {**result.arrays, "parameters": result.parameters, "shapes": result.shapes, "np": np}
    assert eval(claim["check"], names), claim["check"]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", CLAIMS)
def test_a_lesson_says_what_is_checked(name: str, language: str) -> None:
    text = (FOLDER / f"{CLAIMS[name]['lesson']}.{language}.md").read_text(encoding="utf-8")
    for part in CLAIMS[name]["says"]:
        assert re.search(rf"(?<![\d.]){re.escape(part)}(?!\d|\.\d)", text), part
