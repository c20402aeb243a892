"""The bench of the loading page: two forms, the measurement that was asked for last, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.config import Problem
from core.engine.jobs import jobs
from core.loading.config import LoadingConfig
from core.loading.measure import Bar, Order, Result, measure
from core.loading.situations import situation, sweep
from core.processes.jobs import Job
from core.refused import Refused
from pages.shared.form.form import Form
from pages.shared.form.link import forget_link, linked
from pages.shared.person import session

SWEEP_LONGEST = 6.0
"""Seconds that one setting of a sweep is measured at most."""
OTHER = "b."
"""What the names of the other setting's fields begin with in a link."""


class Side(Form):
    """The form of one of the two settings."""

    def __init__(self, name: str, config: LoadingConfig):
        super().__init__(f"loading {name}", config)
        self.name = name
        self.refill = set(config.settings())


@dataclass
class Measured:
    """One setting of a measurement so far."""

    config: LoadingConfig
    name: str
    bars: list[Bar] = field(default_factory=list)
    result: Result | None = None
    begun: bool = False


class Bench:
    """What one tab has on the loading page: two forms, and the measurement started last."""

    def __init__(self) -> None:
        self.owner = session.owner()
        self.a = Side("A", LoadingConfig())
        self.b = Side("B", LoadingConfig().with_workers(2))
        self.compare = True
        self.situation: str | None = "slow"
        self.job: Job | None = None
        self.kind: Literal["run", "sweep"] = "run"
        self.measured: list[Measured] = []
        self.taken = 0
        self.number = 0
        self.notices: list[Problem] = []
        self.link: dict[str, str] = {}

    @property
    def shown_situation(self) -> str | None:
        """The situation that was chosen, while both forms are still as it sets them."""
        if self.situation is None or not self.compare:
            return None
        return self.situation if situation(self.situation) == (self.a.config, self.b.config) else None

    @property
    def sides(self) -> list[Side]:
        """The forms in use."""
        return [self.a, self.b] if self.compare else [self.a]

    def choose(self, name: str) -> None:
        """Set a situation up and measure it."""
        first, other = situation(name)
        self.a.fill(first)
        self.b.fill(other)
        self.compare, self.situation = True, name
        session.drop("loading compare")
        self.run()

    def run(self) -> None:
        """Measure the forms' settings."""
        self._start("run", [Measured(side.config, side.name) for side in self.sides])

    def run_sweep(self) -> None:
        """Measure the forms' settings with every number of workers."""
        measurements = [Measured(config, side.name) for side in self.sides for config in sweep(side.config)]
        measurements.sort(key=lambda one: one.config.num_workers)
        self._start("sweep", measurements)

    def _start(self, kind: Literal["run", "sweep"], measurements: list[Measured]) -> None:
        longest = SWEEP_LONGEST if kind == "sweep" else Order.longest
        try:
            job = jobs().start(self.owner, measure, Order([one.config for one in measurements], longest))
        except Refused as refusal:
            self.notices.append(refusal.problem)
            return
        self.job, self.kind, self.measured, self.taken = job, kind, measurements, 0
        self.number += 1

    def end(self) -> None:
        """End the measurement."""
        if self.job is not None:
            jobs().end(self.job)

    def before(self) -> int:
        """How many are before this measurement in line."""
        return jobs().before(self.job) if self.job is not None else 0

    def follow(self) -> None:
        """Take in what the measurement has sent since the last look."""
        if self.job is None:
            return
        events = self.job.events[self.taken :]
        self.taken += len(events)
        for event in events:
            one = self.measured[event["setting"]]
            if event["kind"] == "begin":
                one.begun = True
            elif event["kind"] == "bars":
                one.bars += event["bars"]
            elif event["kind"] == "result":
                one.result = event["result"]

    def to_query(self) -> dict[str, str]:
        """Both settings, for a link; `compare=false` where there is only one."""
        query: dict[str, str] = self.a.config.to_query()
        if not self.compare:
            return {**query, "compare": "false"}
        mine, other = dict(self.a.config), dict(self.b.config)
        changed = {name: value for name, value in other.items() if value != mine[name]}
        return query | {OTHER + name: LoadingConfig.write(name, value) for name, value in changed.items()}

    def take_link(self, query: Mapping[str, str]) -> None:
        """Fill the forms from a link. It starts nothing."""
        first = {name: value for name, value in query.items() if name != "compare" and not name.startswith(OTHER)}
        config, notices = LoadingConfig.forgive(first)
        changed = {name.removeprefix(OTHER): value for name, value in query.items() if name.startswith(OTHER)}
        other, more = LoadingConfig.forgive({**config.to_query(), **changed})
        self.a.fill(config)
        self.b.fill(other)
        self.compare = query.get("compare") != "false"
        self.situation = None
        session.drop("loading compare")
        self.notices = list({str(notice): notice for notice in [*notices, *more]}.values())


def bench() -> Bench:
    """This tab's bench, with what the address asks for."""
    own: Bench | None = session.get("loading bench")
    if own is None:
        own = Bench()
        session.put("loading bench", own)
    query = linked()
    if query and query != own.link:
        own.take_link(query)
    own.link = query
    forget_link()
    return own
