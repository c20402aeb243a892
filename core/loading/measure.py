"""The measuring process: it trains with a DataLoader for real, and tells who did what when."""

from __future__ import annotations

import multiprocessing
import os
import time
import warnings
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import default_collate

from core.loading import plan
from core.loading.config import LoadingConfig
from core.loading.datasets import write_files
from core.loading.loop import Moment, run, warm_up
from core.loading.tracing import Clock, Note, Noted, NotedCollate, NotedStream
from core.processes.jobs import Tell

LONGEST = 15.0
"""Seconds that one setting is measured at most; a longer one is cut off and says so."""
TELL_INTERVAL = 0.15
"""Seconds between two reports while it runs."""
MOST_BARS = 1500
"""Bars of one setting that are drawn; the figures count all."""
TRAINING = 0
"""The lane of the training; worker k has lane k + 1."""

Bar = tuple[int, str, float, float, int]
"""Lane, what it did, from and to in ms since the setting's begin, number of the batch (-1 for none)."""


@dataclass
class Result:
    """What was measured of one setting. Seconds by the clock, megabytes of 2**20 bytes.

    Attributes:
        batches, samples: what reached the training.
        epochs: seconds of each epoch, start and end of its workers included.
        prepared: seconds to make the data set; for one tensor also to read all samples into it.
        waited: seconds that the training stood still for lack of a batch.
        computed: seconds of training steps.
        cut: whether it was cut off.
        memory: what each worker holds for itself alone, MB.
        resident: what each worker seems to hold, shared pages counted again, MB.
        others: cores that other programs kept busy meanwhile; None where that can't be known.
        warnings: what PyTorch warned of.
    """

    batches: int = 0
    samples: int = 0
    epochs: list[float] = field(default_factory=list)
    prepared: float = 0.0
    waited: float = 0.0
    computed: float = 0.0
    cut: bool = False
    memory: list[float] = field(default_factory=list)
    resident: list[float] = field(default_factory=list)
    others: float | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long all epochs took together."""
        return sum(self.epochs)

    @property
    def rate(self) -> float:
        """Batches per second, over all epochs."""
        return self.batches / self.seconds if self.seconds else 0.0

    @property
    def idle(self) -> float:
        """The share of the time in which the training did not compute, from 0 to 1."""
        return 1 - self.computed / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Order:
    """What is to be measured, one after the other, each for `longest` seconds at most."""

    configs: Sequence[LoadingConfig]
    longest: float = LONGEST


def measure(tell: Tell, folder: Path, order: Order) -> None:
    """Measure settings one after the other; tells "begin", "bars" and "result" of each, by its number."""
    # A program's forkserver imports the program, and with it torch.
    multiprocessing.set_forkserver_preload(["torch"])
    with chdir(folder):
        files: tuple[int, ...] = ()
        for number, config in enumerate(order.configs):
            wanted = (config.samples, config.seed, config.file_size)
            if config.dataset == "files" and wanted != files:
                tell({"kind": "files", "setting": number})
                prepare_files(config)
                files = wanted
            tell({"kind": "begin", "setting": number})
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                result = _Measurement(tell, number, config, order.longest).measure()
            result.warnings = list(dict.fromkeys(str(warning.message) for warning in caught))[:3]
            tell({"kind": "result", "setting": number, "result": result})


def prepare_files(config: LoadingConfig) -> None:
    """Write the JPEGs that a config reads, in place of any others."""
    images = Path(plan.FOLDER)
    images.mkdir(exist_ok=True)
    for path in images.iterdir():
        path.unlink()
    write_files(plan.FOLDER, config.samples, config.seed, config.file_size)


class _Measurement:
    """Measures how fast one setting loads."""

    def __init__(self, tell: Tell, number: int, config: LoadingConfig, longest: float):
        self.tell = tell
        self.longest = longest
        self.number = number
        self.config = config
        self.result = Result()
        self.bars: list[Bar] = []
        self.sent = 0
        self.last_told = 0.0
        self.start = 0.0
        self.epoch_start = 0.0
        self.fetched: dict[int, float] = {}
        self.pids: dict[int, int] = {}
        self.seen = 0

    def measure(self) -> Result:
        config = self.config
        step = plan.step(config)()
        warm_up(step)
        clock = Clock()
        torch.manual_seed(config.seed)
        self.start = time.perf_counter()
        busy, own = _busy_cores(), _own_cores()
        loader = self._loader(clock)
        self.epoch_start = time.perf_counter()
        self.result.prepared = self.epoch_start - self.start
        self._bar(TRAINING, "preparing", self.start, self.epoch_start, -1)
        begin = self.epoch_start
        for moment in run(loader, lambda batch: step(batch[0]), config.num_epochs):
            self._take(moment)
            if moment.done - begin > self.longest:
                self.result.cut = moment.batch is not None or moment.epoch < config.num_epochs
                if moment.batch is not None:
                    self.result.epochs.append(moment.done - self.epoch_start)
                break
        del loader
        taken = time.perf_counter() - self.start
        if busy is not None:
            own_share = (_own_cores() - own) / taken
            self.result.others = max(0.0, ((_busy_cores() or 0.0) - busy) / taken - own_share)
        self._report()
        return self.result

    def _loader(self, clock: Clock) -> Any:
        config = self.config
        made = plan.dataset(config)()
        if config.style == "tensor":
            whole = plan.loader(config)(made)
            return _NotedTensor(whole)
        stream = plan.stream(config)
        noted = NotedStream(stream(made), clock) if stream else Noted(made, clock)
        loader = plan.loader(config)
        collate = loader.arguments.get("collate_fn", default_collate)
        return loader(noted, collate_fn=NotedCollate(collate, clock))

    def _take(self, moment: Moment) -> None:
        result, config = self.result, self.config
        if moment.batch is None:
            result.epochs.append(moment.done - self.epoch_start)
            result.waited += moment.got - moment.asked
            self._bar(TRAINING, "waiting", moment.asked, moment.got, -1)
            self.epoch_start, self.seen = moment.done, 0
            if not config.persistent_workers:
                self.fetched, self.pids = {}, {}
            self.last_told = 0.0
        else:
            worker, pid, start, end, samples = moment.batch[1]
            result.batches += 1
            result.samples += int(samples)
            result.waited += moment.got - moment.asked
            result.computed += moment.done - moment.got
            batch = result.batches - 1
            if worker < 0:
                self._bar(TRAINING, "fetching", start, end, batch)
                self._bar(TRAINING, "waiting", max(end, moment.asked), moment.got, batch)
            else:
                self.pids[int(worker)] = int(pid)
                self._worker(int(worker), start, end, batch)
                self._bar(TRAINING, "waiting", moment.asked, moment.got, batch)
            self._bar(TRAINING, "computing", moment.got, moment.done, batch)
            self.seen += 1
            if moment.epoch == config.num_epochs and self.seen == self._weighed_at():
                self._weigh()
        if time.perf_counter() - self.last_told > TELL_INTERVAL:
            self._report()

    def _worker(self, worker: int, start: float, end: float, batch: int) -> None:
        """A worker's lane: what it did since its last batch, and this one."""
        before = self.fetched.get(worker)
        if before is None:
            self._bar(worker + 1, "starting", self.epoch_start, start, -1)
        else:
            self._bar(worker + 1, "waiting", before, start, -1)
        self._bar(worker + 1, "fetching", start, end, batch)
        self.fetched[worker] = end

    def _bar(self, lane: int, kind: str, start: float, end: float, batch: int) -> None:
        if end > start and len(self.bars) < MOST_BARS:
            self.bars.append(
                (lane, kind, round(1000 * (start - self.start), 2), round(1000 * (end - self.start), 2), batch)
            )

    def _weighed_at(self) -> int:
        """The batch of the last epoch at which all workers are known and still there.

        Those of a stream leave as soon as they have made their last batch; the others wait for the end of the epoch.
        """
        if self.config.style in ("stream", "split"):
            return self.config.num_workers
        return self.config.batches_per_epoch

    def _weigh(self) -> None:
        for _worker, pid in sorted(self.pids.items()):
            private, resident = memory(pid)
            if resident:
                self.result.memory.append(private)
                self.result.resident.append(resident)

    def _report(self) -> None:
        self.last_told = time.perf_counter()
        if len(self.bars) > self.sent:
            self.tell({"kind": "bars", "setting": self.number, "bars": self.bars[self.sent :]})
            self.sent = len(self.bars)


class _NotedTensor:
    """The batches of one tensor with notes like those of a DataLoader."""

    def __init__(self, whole: Any):
        self.whole = whole

    def __iter__(self) -> Any:
        start = time.perf_counter()
        for batch in self.whole:
            note: Note = (-1, os.getpid(), start, time.perf_counter(), len(batch[1]))
            yield batch, note
            start = time.perf_counter()


def memory(pid: int) -> tuple[float, float]:
    """Megabytes that a process holds for itself alone, and those that it seems to hold; zeros where unknown."""
    kilobytes = {"Private_Clean": 0, "Private_Dirty": 0, "Rss": 0}
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    for line in lines:
        name, _, value = line.partition(":")
        if name in kilobytes:
            kilobytes[name] = int(value.split()[0])
    return (kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]) / 1024, kilobytes["Rss"] / 1024


def _busy_cores() -> float | None:
    """Core seconds that the whole machine has worked since it was switched on."""
    try:
        fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    except OSError:
        return None
    user, nice, system, _idle, _waiting, irq, soft = map(int, fields[:7])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def _own_cores() -> float:
    """Core seconds of this process and of the workers that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
