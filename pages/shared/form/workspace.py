"""A training page's state: the form's config and the run on display, kept on the person's desk between visits."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.config import Config, Problem, TrainingConfig
from core.disk import DiskError
from core.engine.manager import manager
from core.engine.run import Run
from core.engine.store import INDEX, Entry, new_id
from core.experiments import Experiment, experiment
from core.refused import Refused
from pages.index import page_of
from pages.shared.form.form import Form
from pages.shared.form.link import forget_link, linked
from pages.shared.person import language, session

DAMAGE_SHOWN = 7 * 24 * 3600
"""Seconds for which a page says that something was damaged; the list of runs says it for good."""
MOST_FILES = 3
"""Damaged files of a run that are named."""
SPEED = 30.0
"""Steps a second until someone chooses another speed."""
MOST_REPLACED = 10
"""Settings that can be brought back, one after the other."""


@dataclass(frozen=True)
class Replaced:
    """What was in a workspace before other settings came.

    Attributes:
        config: its settings.
        run_id: the run on display.
        typed: what stood in the form and could not be used.
        own: see `Workspace`.
        by_hand: whether a change of some settings took it away, not a button or a link with all of them.
    """

    config: Any
    run_id: str | None
    typed: Mapping[str, Any] = field(default_factory=dict)
    own: bool = True
    by_hand: bool = False

    @classmethod
    def read(cls, kind: type[TrainingConfig], stored: Mapping[str, Any]) -> Replaced:
        """What was stored of it, as JSON (raises TypeError, KeyError, ValueError or AttributeError)."""
        typed = {name: tuple(value) if isinstance(value, list) else value for name, value in stored["typed"].items()}
        return cls(**{**stored, "config": kind.forgive(stored["config"])[0], "typed": typed})


class Workspace(Form):
    """What one tab has of one experiment: its settings and its run.

    Attributes:
        run_id: the run on display, whose config differs only in fields that need no new run; None before a run.
        next_id: the id of the run that is started next, so that the browser can wait for it while it starts. Another
            one says that the last start was answered, also if it was refused.
        link: the link last seen in the address.
        focus: what the picture is to show while there is no run.
        refusal: why what was pressed last could not be done; None if it was.
        own: whether the settings are what the person made of them. They are not as a button, a link or a first visit
            left them: what takes their place then replaces what the person had before that.
        past: what can be brought back, the latest last.
        tries: how often a button of a lesson has started something.

    Streamlit may end a script run wherever it touches the session, to begin the next one. So nothing here does that
    once the workspace is made, or a change could be left half done. Until the old script run gets to such a place it
    continues beside the next one: their changes are made one after the other.
    """

    def __init__(self, name: str):
        self.owner = session.owner()
        self._changing = threading.RLock()
        self.experiment: Experiment = experiment(name)
        super().__init__(name, self.experiment.config())
        self.run_id: str | None = None
        self.next_id = new_id()
        self.refusal: Problem | None = None
        self.own = False
        self.past: list[Replaced] = []
        self._past_stored: tuple[bool, list[Replaced]] | None = None
        self._typed_in: dict[str, Any] = {}
        self.tries = 0
        self._unstored: Problem | None = None
        self.speed = SPEED
        self.link: dict[str, str] = {}
        self.focus: dict[str, Any] = {}
        self._restore()

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self.experiment.name

    @property
    def folder(self) -> str:
        """The folder of the experiment's page."""
        row = page_of(self.name)
        return row.folder if row else self.name

    @property
    def run(self) -> Run | None:
        """The run on display."""
        return manager().run(self.owner, self.run_id) if self.run_id else None

    def _restore(self) -> None:
        desk = manager().store.desk(self.owner, self.name)
        row = page_of(self.name)
        if row is not None and row.opening:
            self.config = self.experiment.config.create(row.opening)
        if desk:
            self.config, _ = self.experiment.config.forgive(desk.config)
            self.run_id = self._kept(desk.run)
            self.own = True
            self._restore_past()
        self.notices += damage_of(self.owner, self.name)

    def _restore_past(self) -> None:
        stored = manager().store.preferences(self.owner, f"past {self.name}")
        try:
            self.past = [Replaced.read(self.experiment.config, one) for one in stored.get("past", [])]
            self.own = bool(stored.get("own", True))
            self._past_stored = (self.own, self.past) if stored else None
        except (TypeError, KeyError, ValueError, AttributeError):  # another version wrote it
            self.past = []

    def _kept(self, run_id: str | None) -> str | None:
        """The run, if it is still there."""
        return run_id if manager().run(self.owner, run_id or "") else None

    @property
    def replaced(self) -> Replaced | None:
        """What Undo brings back; None where there is nothing."""
        return self.past[-1] if self.past else None

    @property
    def unstored(self) -> Problem | None:
        """Why its settings are not stored for the next visit; None if they are."""
        return self._unstored if manager().store.is_waiting(self.owner, self.name) else None

    def save(self) -> None:
        """Store config and run on the person's desk, for the next visit."""
        try:
            try:
                manager().store.leave(self.owner, self.config, self.run_id)
            finally:
                self._save_past()
        except DiskError as error:
            self._unstored = session.unstored(error)

    def _save_past(self) -> None:
        if (self.own, self.past) != self._past_stored:
            self._past_stored = (self.own, self.past)
            past = [{**vars(one), "config": one.config.model_dump(mode="json")} for one in self.past]
            text = json.dumps({"own": self.own, "past": past})
            manager().store.prefer(self.owner, f"past {self.name}", text)

    def fill(self, config: Config, typed: Mapping[str, Any] | None = None, run_id: str | None = None) -> None:
        """Put another config into the form, with a run or without; only before its widgets are drawn."""
        self.run_id, self.refusal = run_id, None
        self._typed_in = {name: value for name, value in (typed or {}).items() if value != getattr(config, name)}
        super().fill(config, typed)

    def put_in(self, config: Config, run_id: str | None = None) -> None:
        """Put all other settings into the form, as a link does: what the person had there can be brought back."""
        with self._changing:
            if self.own or self._unusable() != self._typed_in:
                self._put_away(config)
            self.own = self.own and config == self.config
            self.fill(config, run_id=run_id)

    def take_link(self, query: Mapping[str, str]) -> None:
        """Fill the form from a link; where it asks for what is there already, as a frame's does once it is loaded
        again, the run stays on display."""
        with self._changing:
            before, shown = self.config, self.run_id
            super().take_link(query)
            if shown is not None and self.config == before:
                self.run_id = shown
                self.save()

    def replace(self, config: Config, starts: bool = False, typed: Mapping[str, Any] | None = None) -> None:
        """Put other settings into the form, as buttons with settings do: what was there can be brought back.

        Args:
            starts: train with them.
            typed: values beside them that can't be used.
        """
        with self._changing:
            run = self.run
            if self.own or not self.past or self._unusable() != self._typed_in:
                self._put_away(config)
            self.own = self.own and config == self.config
            self.fill(config, typed)
            if run is not None and run.alive:
                manager().stop(run)
            if starts:
                self._play(self.speed)

    def _put_away(self, config: Config) -> None:
        """Keep what is in the workspace where it can be brought back, unless the same settings come."""
        before = Replaced(self.config, self.run_id, self._unusable(), self.own)
        if config != before.config or before.typed:
            self._forget_change()
            self.past = [*self.past, before][-MOST_REPLACED:]

    def also_replaced(self, typed: Mapping[str, Any]) -> None:
        """Keep with the settings that a link replaced what stood beside them on the last visit and can't be used."""
        with self._changing:
            last = self.replaced or Replaced(self.config, None)
            self.past = [*self.past[:-1], replace(last, typed={**last.typed, **typed})]
            self.save()

    def _unusable(self) -> dict[str, Any]:
        """What stands in the form and can't be used."""
        return {name: value for name, value in self.refused.items() if value != getattr(self.config, name)}

    def _forget_change(self) -> None:
        """Let a change of some settings be: what it took away is not brought back any more."""
        if self.replaced is not None and self.replaced.by_hand:
            self.past = self.past[:-1]

    def train_with(self, values: Mapping[str, Any]) -> None:
        """Change some settings and train with them; what was there can be brought back.

        Raises:
            ConfigError: they can't be used.
        """
        with self._changing:
            config = self.config.changed(**values)
            before = self.run
            self.submit(dict(config))
            self.refill |= set(values)
            if self.run is None or self.run is before:
                self._play(self.speed)

    def undo(self) -> None:
        """Bring back the settings and the run from before the last change that needed a new run."""
        with self._changing:
            before, run = self.replaced, self.run
            if before is None:
                return
            self.past, self.own = self.past[:-1], before.own
            self.fill(before.config, before.typed, self._kept(before.run_id))
            if run is not None and run.alive and run.id != before.run_id:
                manager().stop(run)

    def changed_since(self, before: Replaced | None) -> list[str]:
        """The settings that are others than before; none where there is no before."""
        if before is None:
            return []
        return [name for name, value in self.config if value != before.typed.get(name, getattr(before.config, name))]

    def to_link(self) -> dict[str, str]:
        """What a link to these settings asks for: one of them at least, as an empty link asks for nothing."""
        first = next(iter(self.config.settings()))
        return self.config.to_query() or {first: self.config.write(first, getattr(self.config, first))}

    def follow(self, typed: Any) -> None:
        """Take up the learning rate that another tab gave the run on display, unless this one's is being changed.

        Args:
            typed: the learning rate that this tab's widget has.
        """
        run = self.run
        if run is not None and run.alive and typed == self.config.lr != run.value_wanted("lr"):
            self.config = self.config.changed(lr=run.value_wanted("lr"))
            self.refill.add("lr")

    def change(self, config: Config) -> None:
        """Act on another config that fits: at once where a run can take it up, else with a new run."""
        with self._changing:
            changed = {name for name, value in config if value != getattr(self.config, name)}
            before = Replaced(self.config, self.run_id, own=self.own, by_hand=True)
            self.config, self.refusal = config, None
            self.own = self.own or not self.past or bool(changed & config.acting("new run"))
            run = self.run
            if run is not None:
                at_once = {name: getattr(config, name) for name in sorted(changed & config.acting("at once"))}
                new = {name: value for name, value in at_once.items() if value != run.value_wanted(name)}
                if run.alive and new:  # what was dragged to its place is there already
                    run.command("change", new)
                if changed & config.acting("new run"):
                    last = self.replaced
                    if last is None or not last.by_hand or not set(self.changed_since(last)) <= changed:
                        self._forget_change()
                        self.past = [*self.past, before][-MOST_REPLACED:]  # else the same setting moves on
                    self.run_id = None
                    if run.status == "running":
                        self._start(speed=run.speed)
                    if run.alive:
                        manager().stop(run)
            self.save()

    def _next(self) -> str:
        """The id for a run that is started now."""
        id, self.next_id = self.next_id, new_id()
        return id

    def _start(self, **how: Any) -> None:
        try:
            self.run_id = manager().start(self.owner, self.config, id=self._next(), **how).id
        except Refused as refused:
            self.refusal = refused.problem

    def play(self, speed: float, paused: bool = False, steps: int | str = 0) -> None:
        """Start a run with the form's config, or continue the run on display where it has steps left."""
        with self._changing:
            if self.run is not None:  # else what was changed since the run before can still be brought back
                self._forget_change()
            self._play(speed, paused, steps)

    def _play(self, speed: float, paused: bool = False, steps: int | str = 0) -> None:
        with self._changing:
            self.refusal = None
            run = self.run
            how: dict[str, Any] = {"speed": speed, "paused": paused, "steps": steps}
            unfinished = run is not None and run.status in ("finished", "stopped", "crashed") and run.kept
            reached = (run.message or {}).get("code") if run is not None else None
            if run is not None and run.alive:
                run.command(str(steps) if steps == "epoch" else "step" if steps else "play")
            elif (
                unfinished
                and run is not None
                and run.kept[-1] < self.config.num_steps
                and reached in ("reached_steps", "stopped", "crashed")
            ):
                self._resume(run.kept[-1], **how)
            else:
                self._start(**how)
            self.save()

    def resume(self, step: int, **how: Any) -> None:
        """Continue from a kept step of the run on display."""
        with self._changing:
            self._forget_change()
            self._resume(step, **how)

    def _resume(self, step: int, **how: Any) -> None:
        with self._changing:
            assert self.run_id is not None
            self.refusal = None
            how |= {"num_steps": max(self.config.num_steps, step + 1), "change": {"lr": self.config.lr}}
            try:
                self.run_id = manager().resume(self.owner, self.run_id, step, new=self._next(), **how).id
            except Refused as refused:
                self.refusal = refused.problem
            self.save()

    def reset(self) -> None:
        """Return to the untrained picture; the run's record is kept."""
        with self._changing:
            run = self.run
            self._forget_change()
            self.run_id = self.refusal = None
            self.save()
            if run is not None and run.alive:
                manager().stop(run)

    def open(self, entry: Entry) -> None:
        """Show a run of the past, with its config in the form."""
        run = manager().run(self.owner, entry.id)
        if run is not None:
            self.put_in(run.config.changed(device=self.config.device, lr=run.value_now("lr")), run.id)
        else:
            self.refusal = Problem("", "This run can't be opened: its record is damaged or gone.")

    def runs(self) -> list[Entry]:
        """The person's runs of this experiment that took at least one step, the newest first."""
        return manager().entries(self.owner, self.name)

    def facts(self, run: str) -> dict[str, Any]:
        """What the folder of one of the person's runs says; empty if it can't be read."""
        try:
            return manager().store.folder(run).facts()
        except (OSError, ValueError):
            return {}

    def ghost(self) -> str | None:
        """The run that the one shown continues from, else the run before it on the same data."""
        data = getattr(self.config, "dataset", None)
        runs = [e.id for e in manager().store.of(self.owner, self.name) if e.config.get("dataset") == data]
        resumed = self.facts(self.run_id).get("resumed") if self.run_id in runs else None
        if resumed and resumed[0] in runs:
            return str(resumed[0])
        if self.run_id in runs:
            runs = runs[runs.index(self.run_id) + 1 :]
        return runs[0] if runs else None


def damage_of(owner: str, experiment_name: str) -> list[Problem]:
    """What is said of a person's files that were found damaged lately, of an experiment's runs and of no run."""
    store = manager().store
    store.look_through(owner, experiment_name)
    files: dict[str, list[str]] = {}
    for damage in store.damage(owner):
        if time.time() - damage.seen < DAMAGE_SHOWN:
            files.setdefault(damage.run, []).append(damage.file)
    problems = []
    for run, names in files.items():
        entry = store.find(run) if run else None
        if run and (entry is None or entry.experiment != experiment_name):
            continue
        values: dict[str, Any] = {"files": files_listed(names)}
        if entry is not None:
            values["time"] = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.created))
        if entry is not None and "run.json" in names:
            problems.append(Problem("", "The run of {time} can't be opened: {files} is damaged.", values))
        elif entry is not None:
            problems.append(Problem("", "Damaged files of the run of {time} were set aside: {files}.", values))
        elif INDEX in names:
            problems.append(Problem("", "The index of all runs was damaged; it was made again from what is whole."))
        else:
            problems.append(Problem("", "Damaged files of what you have stored were set aside: {files}.", values))
    return problems


def files_listed(names: list[str]) -> str:
    """Some files by name, and how many more there are."""
    more = len(names) - MOST_FILES
    return language.listed(names[:MOST_FILES]) + (f" (+ {more})" if more > 0 else "")


def workspace(name: str) -> Workspace:
    """This tab's workspace for an experiment."""
    space: Workspace | None = session.get(f"workspace {name}")
    if space is None:
        space = Workspace(name)
        session.put(f"workspace {name}", space)
    query = linked()
    if query and query != space.link:
        space.take_link(query)
    space.link = query
    space.follow(session.get(space.key("lr"), space.config.lr))
    forget_link()
    return space
