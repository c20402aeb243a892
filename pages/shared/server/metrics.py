"""What the server counts and measures, for Prometheus. Nothing in it leads to a person."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from core import limits
from core.engine.events import tally
from core.engine.manager import manager
from core.engine.overview import Overview, observer
from pages.shared.server.health import handles

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Histogram
    from prometheus_client.core import Metric

METRICS = "TORCH_PLAYGROUND_METRICS"
"""The environment variable that has /metrics answered to everyone who asks: "on"; "off" is the default."""
METRICS_TOKEN = "TORCH_PLAYGROUND_METRICS_TOKEN"
"""The environment variable that has /metrics answered to whoever brings this token, and to nobody else."""
SHORTEST = 16
"""Characters that a token has at least."""
PREFIX = "torch_playground_"
LAG_INTERVAL = 1.0
"""Seconds between two looks at how late the event loop is."""
LAGS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
COUNTS = {
    "runs_begun": ("Runs that have begun.", ("experiment",)),
    "runs_ended": ("Runs that have ended, by what ended them.", ("experiment", "cause")),
    "steps": ("Training steps.", ("experiment",)),
    "frames": ("Pictures sent to browsers.", ()),
    "commands": ("Commands of people to their runs.", ("command",)),
    "refusals": ("What was refused, by kind.", ("kind",)),
    "http_requests": ("HTTP requests, by route and class of status.", ("route", "status")),
}
"""What `tally` counts: what it is, and its labels."""


def problems(environment: Mapping[str, str]) -> list[str]:
    """What of the environment can't be used, a sentence each. The token itself is never said."""
    chosen, token = environment.get(METRICS, "").strip(), environment.get(METRICS_TOKEN, "").strip()
    sentences = []
    if chosen not in ("", "on", "off"):
        sentences.append(f"{METRICS} has to be on or off, not “{chosen[:40]}”.")
    if token and len(token) < SHORTEST:
        sentences.append(f"{METRICS_TOKEN} has to have at least {SHORTEST} characters, not {len(token)}.")
    if not (token.isascii() and token.isprintable()):
        sentences.append(f"{METRICS_TOKEN} can only have English letters, digits and signs, as it stands in a header.")
    if not sentences and answers(environment) and find_spec("prometheus_client") is None:
        name = METRICS_TOKEN if token else METRICS
        sentences.append(f"{name} needs a package: pip install -r requirements-metrics.txt.")
    return sentences


def answers(environment: Mapping[str, str]) -> bool:
    """Whether there are metrics at all."""
    return environment.get(METRICS, "").strip() == "on" or bool(environment.get(METRICS_TOKEN, "").strip())


def may_read(authorization: str, environment: Mapping[str, str]) -> bool:
    """Whether a request with that header may read them."""
    token = environment.get(METRICS_TOKEN, "").strip()
    if not token:
        return environment.get(METRICS, "").strip() == "on"
    return hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())


class Measures:
    """What is looked at when someone asks, and not before. It is a `Collector` of prometheus_client's."""

    def collect(self) -> Iterable[Metric]:
        """Everything there is."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        seen = observer(manager()).overview()
        for name, (text, value) in now(seen).items():
            if value is not None:
                yield GaugeMetricFamily(PREFIX + name, text, value=value)
        alive = GaugeMetricFamily(f"{PREFIX}runs_alive", "Runs that are alive.", labels=("experiment", "status"))
        for (experiment, status), runs in Counter((run.experiment, run.status) for run in seen.runs).items():
            alive.add_metric((experiment, status), runs)
        yield alive
        for name, (text, labels) in COUNTS.items():
            family = CounterMetricFamily(PREFIX + name, text, labels=labels)
            for values, count in tally.of(name).items():
                family.add_metric(values, count)
            yield family


def now(seen: Overview) -> dict[str, tuple[str, float | None]]:
    """What is so now, by names: what it is and how much; None where the system does not say."""
    open_handles, most_handles = handles() or (None, None)
    cluster = seen.cluster
    return {
        "people_here": ("People who have a tab open.", seen.people),
        "places_taken": ("Places that are taken.", seen.places),
        "places": ("Places that there are.", limits.PEOPLE),
        "runs_most": ("Runs that may be alive at once.", limits.RUNS_AT_ONCE),
        "jobs_running": ("Measurements and programs that run.", seen.jobs),
        "jobs_waiting": ("Measurements and programs that wait in line.", seen.waiting),
        "workers_memory_bytes": ("Memory of all workers of runs.", seen.workers_memory),
        "server_memory_bytes": ("Memory of the server's own process.", seen.memory),
        "memory_free_bytes": ("Memory that a new process could take.", seen.memory_free),
        "data_bytes": ("Bytes in the data folder, looked at once a minute.", seen.disk),
        "disk_free_bytes": ("Bytes free where the data folder is.", seen.disk_free),
        "handles_open": ("File handles that the server has open.", open_handles),
        "handles_most": ("File handles that the server may have open.", most_handles),
        "cluster_machines": ("Machines of the cluster that can train.", cluster.machines if cluster else None),
        "cluster_cores": ("Cores of these machines.", cluster.cores if cluster else None),
        "cluster_waiting": ("Runs that wait for a place on the cluster.", cluster.waiting if cluster else None),
    }


@cache
def registry() -> tuple[CollectorRegistry, Histogram]:
    """All that is exported, and how late the event loop was. The package is imported here: few servers need it."""
    from prometheus_client import CollectorRegistry, Histogram

    made = CollectorRegistry()
    made.register(Measures())
    help = "How late the event loop, which answers everybody, is."
    return made, Histogram(f"{PREFIX}loop_lag_seconds", help, buckets=LAGS, registry=made)


async def measure_lag() -> None:
    """See again and again how late the event loop is."""
    _registry, lag = registry()
    while True:
        due = time.perf_counter() + LAG_INTERVAL
        await asyncio.sleep(LAG_INTERVAL)
        lag.observe(max(0.0, time.perf_counter() - due))


def exported() -> bytes:
    """All of it, as Prometheus reads it."""
    from prometheus_client import generate_latest

    return generate_latest(registry()[0])
