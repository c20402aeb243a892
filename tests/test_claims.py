"""What lessons promise of runs, see `pages.shared.person.claims`: that it is written well, and that it holds.

Claims of small networks are tried on one seed here, and of each larger one a single claim; the long form tries all of
them on five seeds, and writes down their values.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import torch

from core.experiments import experiment
from core.experiments.vgg import PRESETS
from core.snapshot import Row
from pages.shared.person.claims import BOUND, Claim, claims, places, read, with_claims
from tests.data_folder import MNIST

PAGES = Path(__file__).parents[1] / "pages"
SEEDS = (1, 2, 3, 4, 5)
"""The first is that of the defaults, and the one that is tried each time."""
SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip

SMALL = {"classifier", "rnn"}
"""Experiments of which a run takes a second or two."""

KNOWN = {
    f"{path.parent.name}/{name}": claim
    for path in sorted(PAGES.glob("*/claims.toml"))
    for name, claim in claims(path.parent).items()
}
"""All claims: "page/name" -> claim."""


def parts_of(name: str) -> list[Claim]:
    """The claims that need a run to try one: itself, or the two that it compares."""
    claim = KNOWN[name]
    if claim.compared is None:
        return [claim]
    return [KNOWN[f"{name.split('/')[0]}/{part}"] for part in claim.compared[:2]]


def is_long(name: str) -> bool:
    return any(claim.long for claim in parts_of(name)) or KNOWN[name].long or KNOWN[name].runs < len(SEEDS)


def tried_here() -> list[str]:
    """The claims that are tried each time."""
    short = [name for name in KNOWN if not is_long(name)]
    shortest: dict[str, str] = {}
    for name in sorted(short, key=lambda name: sum(num_steps(part) for part in parts_of(name))):
        shortest.setdefault(parts_of(name)[0].experiment, name)
    return [name for name in short if parts_of(name)[0].experiment in SMALL or name in shortest.values()]


def num_steps(claim: Claim) -> int:
    """The steps of a claim's run up to the last one that it looks at; an epoch counts as a hundred."""
    if isinstance(claim.at, int):
        return claim.at
    epochs = int(claim.at.split()[1]) if claim.at != "end" else 0
    return 100 * epochs or experiment(claim.experiment).config.create(dict(query(claim, 1))).num_steps


def query(claim: Claim, seed: int) -> tuple[tuple[str, Any], ...]:
    """The values of a claim's run; a list of the paper's may be given by its name."""
    values = {"seed": seed, "device": "cpu", **claim.config}
    if values.get("cfg") in PRESETS:
        values["cfg"] = PRESETS[values["cfg"]]
    return tuple(sorted((name, tuple(value) if isinstance(value, list) else value) for name, value in values.items()))


def within(claim: Claim, step: int, epoch: int) -> bool:
    """Whether a step is among those that a claim looks at."""
    if isinstance(claim.at, int):
        return step <= claim.at
    return claim.at == "end" or epoch <= int(claim.at.split()[1])


@lru_cache(maxsize=32)
def rows(name: str, values: tuple[tuple[str, Any], ...]) -> tuple[Row, ...]:
    """All that a run records, up to the last step that any claim of it looks at."""
    trained = experiment(name)
    config = trained.config.create(dict(values))
    asked = [claim for claim in KNOWN.values() if claim.experiment == name and query(claim, config.seed) == values]
    torch.set_num_threads(1)
    kept: list[Row] = []
    for snapshot in (trained.fast(config) or trained.train)(config, {}):
        if not any(within(claim, snapshot.step, snapshot.epoch) for claim in asked):
            break
        if snapshot.metrics:
            kept.append((snapshot.step, snapshot.epoch, dict(snapshot.metrics)))
    return tuple(kept)


def looked_at(claim: Claim, seed: int) -> list[Row]:
    """The rows of a run that a claim looks at."""
    return [row for row in rows(claim.experiment, query(claim, seed)) if within(claim, row[0], row[1])]


def value_of(metric: str, kept: list[Row]) -> float:
    """A metric of a run, as a claim names it."""
    if metric == "steps":
        return kept[-1][0]
    if metric == "epochs":
        return kept[-1][1]
    kind, _space, name = metric.rpartition(" ")
    values = [measured[name] for _step, _epoch, measured in kept if name in measured]
    return min(values) if kind == "lowest" else max(values) if kind == "highest" else values[-1]


def outcome(name: str, seed: int) -> tuple[float, bool]:
    """The value that decides on a claim, of one seed, and whether it holds."""
    claim = KNOWN[name]
    if claim.compared is not None:
        more, less = (value_of(part.metric, looked_at(part, seed)) for part in parts_of(name))
        return more / less if less else math.inf, more > claim.compared[2] * less
    kept = looked_at(claim, seed)
    if claim.check == "NaN":
        return kept[-1][0], not math.isfinite(kept[-1][2]["loss/train"])
    if bound := BOUND.fullmatch(claim.check):
        value = value_of(bound["metric"], kept)
        return value, SIGNS[bound["sign"]](value, float(bound["number"]))
    value = value_of(claim.metric, kept)
    return value, bool(claim.range) and is_near(value, claim)


def is_near(value: float, claim: Claim) -> bool:
    """Whether a value lies in a claim's range, or no farther beside it than the range is wide.

    Another kind of processor rounds in another way, and the same seed then takes another course: what five seeds gave
    here says how far that leads.
    """
    low, high = claim.range
    least = 0.01 if "accuracy/" in claim.metric else 0.05 * high
    slack = max(high - low, least)
    return low - slack <= value <= high + slack


def seeds_of(name: str) -> tuple[int, ...]:
    """The seeds that a claim speaks of."""
    own = {claim.config["seed"] for claim in parts_of(name) if "seed" in claim.config}
    return tuple(sorted(own)) or SEEDS


def by_run(names: Iterator[str]) -> list[str]:
    """Names in an order in which claims of the same run follow each other."""
    return sorted(names, key=lambda name: (name.split("/")[0], repr([query(part, 0) for part in parts_of(name)]), name))


@pytest.fixture
def data(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder with MNIST, where it is at hand; a claim on images that are not is skipped."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in MNIST.glob("*.gz"):
        (raw / file.name).symlink_to(file)
    monkeypatch.setenv("TORCH_PLAYGROUND_DATA", str(tmp_path))
    name = getattr(request.node, "callspec", None) and request.node.callspec.params.get("claim")
    for part in parts_of(name) if name else []:
        trained = experiment(part.experiment)
        problem = trained.missing(trained.config.create(dict(query(part, 1))))
        if problem is not None:
            pytest.skip(str(problem))


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("claim", by_run(iter(tried_here())))
def test_a_claim_holds(claim: str) -> None:
    assert KNOWN[claim].check or KNOWN[claim].range, "not measured yet: pytest -m long tests/test_claims.py"
    value, holds = outcome(claim, seeds_of(claim)[0])
    assert holds, f"{value:.6g}; pages/{claim.split('/')[0]}/claims.toml says {KNOWN[claim]}"


@pytest.mark.long
@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("claim", by_run(iter(KNOWN)))
def test_on_five_seeds(claim: str, record_property: Callable[[str, object], None]) -> None:
    outcomes = [outcome(claim, seed) for seed in seeds_of(claim)]
    values = " ".join(f"{value:.4g}" for value, _holds in outcomes)
    record_property("claimed", KNOWN[claim].check or " to ".join(map(str, KNOWN[claim].range)))
    record_property("values", values)
    assert sum(holds for _value, holds in outcomes) >= min(KNOWN[claim].runs, len(outcomes)), values


@pytest.mark.parametrize("page", sorted({path.parent.name for path in PAGES.glob("*/*.en.md")}))
def test_texts_and_claims_name_each_other(page: str) -> None:
    named = {
        code: sorted(
            place for path in sorted((PAGES / page).glob(f"*.{code}.md")) for place in places(path.read_text("utf-8"))
        )
        for code in ("en", "zh")
    }
    assert named["en"] == named["zh"], "each language makes the same claims"
    known = claims(PAGES / page)
    assert set(named["en"]) <= set(known), f"pages/{page}/claims.toml does not have them"
    compared = {part for claim in known.values() if claim.compared for part in claim.compared[:2]}
    assert not set(known) - set(named["en"]) - compared, "no text makes these claims"


@pytest.mark.parametrize("claim", sorted(KNOWN))
def test_a_claim_can_be_tried(claim: str) -> None:
    for part in parts_of(claim):
        trained = experiment(part.experiment)
        trained.config.create(dict(query(part, 1)))
        if KNOWN[claim].compared:
            assert part.metric, "what is compared has a metric"


def test_what_texts_say() -> None:
    known = {
        "share": read({"experiment": "vgg", "metric": "accuracy/test", "range": [0.78, 0.865]}),
        "loss": read({"experiment": "vgg", "metric": "loss/test", "range": [1000, 2000.5]}),
        "same": read({"experiment": "vgg", "metric": "accuracy/test", "range": [1, 1]}),
        "later": read({"experiment": "vgg", "metric": "accuracy/test", "range": []}),
        "floor": read({"experiment": "vgg", "check": "lowest loss/test > 0.31"}),
        "half": read({"experiment": "vgg", "check": "accuracy/test <= 0.5"}),
        "nan": read({"experiment": "vgg", "check": "NaN"}),
        "better": read({"check": "share > same"}),
    }
    text = "{share} {loss}; {same}, {later}, {floor} {half} {nan} so {better}. `{share}` ${same}$ {other}"
    assert with_claims(text, known, "en") == (
        "78 to 86.5 % 1,000 to 2,000.5; 100 %, (not measured yet), 0.31 50 % `NaN` so. `{share}` ${same}$ {other}"
    )
    assert with_claims(text, known, "zh").startswith("78%～86.5% 1000～2000.5; 100%,（尚未测量）, 0.31 50% `NaN`")
    assert places(text) == ["share", "loss", "same", "later", "floor", "half", "nan", "better", "other"]


@pytest.mark.parametrize(
    "values",
    [
        {"experiment": "vgg", "metric": "loss/test"},
        {"experiment": "vgg", "metric": "loss", "range": [0, 1]},
        {"experiment": "vgg", "metric": "loss/test", "range": [1, 0]},
        {"experiment": "vgg", "metric": "loss/test", "range": [0, 1], "check": "NaN"},
        {"experiment": "vgg", "metric": "loss/test", "range": [0, 1], "at": "epoch two"},
        {"experiment": "vgg", "check": "loss/test is low"},
        {"experiment": "vgg", "check": "a > b"},
        {"metric": "loss/test", "range": [0, 1]},
        {"experiment": "vgg", "metric": "loss/test", "range": [0, 1], "unit": "%"},
    ],
)
def test_a_claim_that_can_not_be_read(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        read(values)
