"""What lessons promise of runs: a file claims.toml beside them, from which text and test take the same numbers.

A lesson writes `{name_of_claim}` where the number stands, in both languages, and claims.toml says what it is:

    [vgg11_two_epochs]
    experiment = "vgg"
    config = { cfg = "VGG-11", num_epochs = 2 }   # what differs from the defaults
    at = "epoch 2"          # or a step's number, or "end" (as if left out)
    metric = "accuracy/test"
    range = [0.78, 0.86]    # over five seeds; the text says 78 to 86 %

Instead of `metric` and `range` a claim may have a `check`:

    check = "lowest loss/test > 0.31"   # < <= > >=; the text says 0.31
    check = "NaN"                       # the loss becomes infinite or no number; the text says `NaN`
    check = "deep > 2 * wide"           # two other claims, seed by seed; the text says nothing

A metric is one of a run's (loss or accuracy of "train", "validation" or "test", as "loss/test"), or "steps" or
"epochs": how many were taken. In front of it may stand "lowest" or "highest": over all steps up to `at`; otherwise it
is the last one measured by then. Further fields: `runs = 4` if four of five seeds have to keep it and not all, `long =
true` if a run takes longer than 20 seconds. A seed in `config` is the only one that is tried. `range = []` is not
measured yet.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

NAME = re.compile(r"(?P<space> ?)\{(?P<name>[a-z][a-z0-9_]*)\}")
"""A place for a claim, with the space before it."""
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`|\$[^$\n]*\$", re.MULTILINE | re.DOTALL)
"""Where braces are no places: code and formulas."""
NUMBER = r"[-+]?[0-9.]+(?:e[-+]?[0-9]+)?"
METRIC = r"(?:lowest |highest )?(?:loss|accuracy)/(?:train|validation|test)|steps|epochs"
BOUND = re.compile(rf"(?P<metric>{METRIC}) (?P<sign>[<>]=?) (?P<number>{NUMBER})")
COMPARISON = re.compile(rf"(?P<more>[a-z]\w*) > (?:(?P<factor>{NUMBER}) \* )?(?P<less>[a-z]\w*)")
AT = re.compile(r"end|epoch [1-9][0-9]*")
ALLOWED = {"experiment", "config", "at", "metric", "range", "check", "runs", "long"}
UNKNOWN = {"en": "(not measured yet)", "zh": "（尚未测量）"}


@dataclass(frozen=True)
class Claim:
    """What a text promises of a run.

    Attributes:
        experiment: whose run; empty for a comparison of two other claims.
        config: the values that differ from the experiment's defaults.
        at: up to where the run is looked at: a step, "epoch N" or "end".
        metric: what is looked at, where there is a range.
        range: the lowest and the highest value over five seeds; empty if it was not measured yet.
        check: a bound, "NaN", or a comparison.
        runs: how many of five seeds have to keep it.
        long: whether a run takes longer than 20 seconds.
    """

    experiment: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    at: int | str = "end"
    metric: str = ""
    range: tuple[float, ...] = ()
    check: str = ""
    runs: int = 5
    long: bool = False

    @property
    def compared(self) -> tuple[str, str, float] | None:
        """The claims that are compared, the greater first, and how many times the other it has to be."""
        match = COMPARISON.fullmatch(self.check)
        return (match["more"], match["less"], float(match["factor"] or 1)) if match else None

    def written(self, language: str) -> str:
        """What the text says."""
        if self.check:
            bound = BOUND.fullmatch(self.check)
            if bound is None:
                return "`NaN`" if self.check == "NaN" else ""
            return _written([float(bound["number"])], bound["metric"], language)
        return _written(self.range, self.metric, language) if self.range else UNKNOWN[language]


def read(values: Mapping[str, Any]) -> Claim:
    """A claim from its part of the file.

    Raises:
        ValueError: a field is missing, unknown or not as described above.
    """
    unknown = set(values) - ALLOWED
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    fields: dict[str, Any] = {**values, "range": tuple(values.get("range", ()))}
    claim = Claim(**fields)
    if claim.check:
        if "range" in values or claim.metric:
            raise ValueError("either check or metric and range")
        if claim.check != "NaN" and not BOUND.fullmatch(claim.check) and not claim.compared:
            raise ValueError(f"check: {claim.check}")
    elif not re.fullmatch(METRIC, claim.metric) or "range" not in values:
        raise ValueError(f"metric and range: {claim.metric!r}")
    elif claim.range and (len(claim.range) != 2 or claim.range[0] > claim.range[1]):
        raise ValueError(f"range: {claim.range}")
    if not isinstance(claim.at, int) and not AT.fullmatch(claim.at):
        raise ValueError(f"at: {claim.at}")
    if bool(claim.experiment) == bool(claim.compared):
        raise ValueError("an experiment, unless two claims are compared")
    return claim


@lru_cache(maxsize=64)
def claims(folder: Path) -> Mapping[str, Claim]:
    """The claims of a page by name; none if it makes none.

    Raises:
        ValueError: the file is not as described above.
    """
    path = folder / "claims.toml"
    if not path.is_file():
        return {}
    known = {}
    for name, values in tomllib.loads(path.read_text(encoding="utf-8")).items():
        try:
            known[name] = read(values)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}: {name}: {error}") from None
    for name, claim in known.items():
        if claim.compared and not set(claim.compared[:2]) <= set(known):
            raise ValueError(f"{path}: {name}: {claim.check} compares what is not there")
    return known


def with_claims(text: str, known: Mapping[str, Claim], language: str) -> str:
    """A text with its claims' numbers; braces in code and formulas stay, and so do names that are unknown."""
    if not known:
        return text

    def number(place: re.Match[str]) -> str:
        if place["name"] not in known:
            return place.group()
        written = known[place["name"]].written(language)
        return place["space"] + written if written and written != UNKNOWN["zh"] else written

    return on_prose(text, lambda prose: NAME.sub(number, prose))


def places(text: str) -> list[str]:
    """The names of the claims that a text makes, in their order."""
    return [place["name"] for place in NAME.finditer(CODE.sub("", text))]


def on_prose(text: str, change: Callable[[str], str]) -> str:
    """A text with what is neither code nor formula changed."""
    pieces: list[str] = []
    end = 0
    for code in CODE.finditer(text):
        pieces += [change(text[end : code.start()]), code.group()]
        end = code.end()
    return "".join([*pieces, change(text[end:])])


def _written(numbers: Sequence[float], metric: str, language: str) -> str:
    percent = "accuracy/" in metric
    values = [f"{100 * number if percent else number:,.6g}" for number in numbers]
    if language == "zh":
        values = [value.replace(",", "") + ("%" if percent else "") for value in values]
        return "～".join(dict.fromkeys(values))
    return " to ".join(dict.fromkeys(values)) + (" %" if percent else "")
