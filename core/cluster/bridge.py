"""A run whose worker is on the cluster, from the server's side: a pipe to the engine, as if the worker were here."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from core import disk
from core.changes import as_pairs, from_pairs, value_after
from core.cluster.copy import Copy
from core.cluster.wire import Item
from core.engine.assignment import Assignment
from core.engine.record import Folder

MOST_MOVES = 3
"""How often a run whose place is lost begins again without having kept a step in between."""
RETRY_INTERVAL = 1.0
"""Seconds before a disk that did not take something is asked again."""
HEADLESS = -1
"""The place in line of a run where nobody knows of the line."""
SHOWN = 15.0
"""Seconds for which the page says that a run has come to another machine."""
ALIVE = ("running", "paused")


class Bridge:
    """One run on the cluster. Its orders come from one thread, what its place sends from another.

    Attributes:
        id: the run's folder on a place.
        waiting: whether it is in line for a place.
        over: set once nothing more comes of it.
        heard: when its place was heard last, on `time.monotonic`.
        busy: whether something is being done for it here, so that its place can't be heard.
        place: the place that it has.
        on_end: called once it is over, to have the pipe closed.
        on_wish: called when a run that has given up its place is to go on.
    """

    def __init__(self, id: str, assignment: Assignment, connection: Connection):
        self.id = id
        self.assignment = assignment
        self.connection = connection
        self.copy = Copy(Folder(assignment.folder), assignment.log.folder if assignment.log is not None else None)
        self.waiting = True
        self.over = threading.Event()
        self.heard = time.monotonic()
        self.busy = False
        self.place: object = None
        self.on_end: Callable[[], None] = lambda: None
        self.on_wish: Callable[[], None] = lambda: None
        self.exitcode: int | None = None
        self.send: Callable[[bytes], None] | None = None
        self.tell_again: Callable[[Mapping[str, int]], None] | None = None
        self._lock = threading.RLock()
        self._copying = threading.Lock()
        self._sending = threading.Lock()
        self._held: list[bytes] = []
        self._latest: dict[str, Any] = {}
        self._ordered: dict[str, Any] = {}
        self._assigned = assignment
        self._changes = dict(assignment.changes)
        self._paused, self._speed, self._watched = assignment.paused, assignment.speed, assignment.watched
        self._told: dict[str, int] = {lane: self.copy.last_step(lane) for lane in self.copy.lanes()}
        self._untold_kept: list[int] = []
        self._ended = False
        self._behind = False
        self._retry_time = 0.0
        self._moves = 0
        self._kept_at_move = -1
        self._ahead: int | None = None
        self._moved_time: float | None = None
        self._given_up = False
        self._steps_ordered = False
        self._quiet_since = time.monotonic()

    # What the engine says

    def order(self, data: bytes) -> None:
        """Take a command of the engine's."""
        order = json.loads(data)
        name, value = order["command"], order["value"]
        with self._lock:
            if self.over.is_set():
                return
            if name in ("watch", "focus", "shows", "speed"):
                self._latest[name] = value
            if name == "change":
                self._ordered |= value
            if name == "watch":
                self._watched = bool(value)
            elif name == "speed":
                self._speed = float(value)
            elif name in ("play", "pause", "step", "epoch"):
                self._paused = name != "play"
                self._steps_ordered = name in ("step", "epoch")
                if not self._steps_ordered:  # as a worker does with steps that it has not taken yet
                    self._held = [held for held in self._held if b'"change"' in held]
            if name not in ("answer", "watch"):  # these the server asks by itself
                self._quiet_since = time.monotonic()
            wishes = self._given_up and name in ("play", "step", "epoch", "focus")
            if wishes:
                self._given_up, self.waiting, self._ahead = False, True, None
            send = self.send
            if send is not None:
                send(data)
            elif name == "answer":
                self._say({"kind": "beat", "seconds": 0})
            elif name == "stop":
                self._stop(value)
            elif name in ("step", "epoch", "change"):
                self._held.append(data)
            else:
                self._say_status()
        if wishes:
            self.on_wish()

    def _stop(self, cause: str | None) -> None:
        """End a run that waits for a place."""
        step = self.copy.furthest
        message: dict[str, Any] = {"code": "stopped", "step": step, **({"cause": cause} if cause else {})}
        facts = {"status": "stopped", "message": message, "changes": as_pairs(self._changes)}
        try:
            self.copy.folder.update_facts(**facts)
        except (disk.DiskError, disk.Damaged):
            message = {**message, "unkept": "record"}
        self._say({**self._status("stopped"), "message": message})
        self._ended = True
        self.end()

    def _status(self, status: str) -> dict[str, Any]:
        return {
            "kind": "status",
            "status": status,
            "step": self.copy.furthest,
            "speed": self._speed,
            "changes": as_pairs(self._changes),
            "message": None,
        }

    def _say_status(self) -> None:
        self._say(self._status("paused" if self._paused else "running"))

    # What it says to the engine

    def _say(self, content: Mapping[str, Any]) -> None:
        self._pass_on(b"M" + json.dumps(content).encode())

    def _pass_on(self, data: bytes) -> None:
        with self._sending, suppress(OSError, ValueError):
            self.connection.send_bytes(data)

    def say_place_in_line(self, ahead: int) -> None:
        """Say how many runs are ahead of it in the line for a place, and that it has lost one if it has."""
        if ahead != self._ahead:
            self._ahead = ahead
            cause = "_".join([*(["lost"] if self._moves else []), *([] if ahead else ["first"])])
            self.say("queued", ahead=ahead, **({"cause": cause} if cause else {}))

    def say_headless(self) -> None:
        """Say that it waits, and that nobody answers who could give it a place."""
        if self._ahead != HEADLESS:
            self._ahead = HEADLESS
            self.say("queued", cause="headless")

    def say(self, code: str, **words: Any) -> None:
        """Say something below the picture."""
        self._moved_time = None
        self._say({"kind": "status", "message": {"code": code, **words}})

    def fail(self, message: Mapping[str, Any]) -> None:
        """End it, since no place can be had."""
        with self._lock:
            with suppress(disk.DiskError, disk.Damaged):
                self.copy.folder.update_facts(status="failed", message=message)
            self._say({**self._status("failed"), "message": message})
            self._ended = True
            self.end()

    def end(self) -> None:
        """Nothing more comes of it. Its pipe is closed, and the engine takes this for the worker's end."""
        with self._lock:
            self.waiting = False
            self.send = self.tell_again = self.place = None
            self.over.set()
        self.on_end()

    def hang_up(self) -> None:
        """Close the pipe; called from the thread that listens to it."""
        with self._sending:
            self.connection.close()

    # A place

    def hear(self) -> None:
        """Its place is there."""
        self.heard = time.monotonic()

    def next_assignment(self) -> Assignment:
        """What the next worker is to do: at first what was assigned, later to continue from the last kept step."""
        with self._copying, self._lock:
            self.copy.begin_again()
            self._behind = False
            self._tell_recorded()
            self._untold_kept = self.copy.folder.kept()  # a place may be lost between a file and the word of it
            kept = self._kept()
            given = self.assignment
            resume = kept[-1] if kept else None
            if resume is None and given.resume_step is not None:
                resume = given.resume_step
            self._assigned = replace(
                given,
                changes=dict(self._changes),
                resume_step=resume,
                furthest=max([self.copy.furthest, *self._told.values()]),
                speed=self._speed,
                paused=self._paused,
                watched=self._watched,
            )
            return self._assigned

    def _tell_recorded(self) -> None:
        """Tell the steps that a place has recorded and was lost before it could tell them: the next one does not."""
        for lane in self.copy.lanes():
            told, last = self._told.get(lane, 0), self.copy.last_step(lane)
            if last > told:
                rows = [row for row in self.copy.folder.rows(lane) if row["step"] > told]
                self._told[lane] = last
                self._say({"kind": "metrics", "rows": {lane: rows}, "kept": [], "dropped": [], "step": last})

    def _kept(self) -> list[int]:
        """The kept steps that a worker can continue from: what it reads of the last one is whole."""
        kept = self.copy.folder.kept()
        while kept and self._moves and not self._whole(kept[-1]):
            kept.pop()
        return kept

    def _whole(self, step: int) -> bool:
        try:
            self.copy.folder.states(step)
        except (disk.Damaged, OSError):
            return False
        return True

    def placed(
        self, place: object, send: Callable[[bytes], None], tell_again: Callable[[Mapping[str, int]], None]
    ) -> None:
        """Its place trains it from now on.

        Args:
            place: which one; it may have been lost meanwhile, and then nothing is done.
            send: passes a command on to the worker.
            tell_again: has the place send all changes again but those that are known.
        """
        with self._lock:
            if self.place is not place:
                return
            self.send, self.tell_again = send, tell_again
            self.hear()
            self._say({**self._status("paused" if self._paused else "running"), "message": self._welcome()})
            self._moved_time = time.monotonic() if self._moves else None
            for name, value in self._ordered_meanwhile():
                send(json.dumps({"command": name, "value": value}).encode())
            held, self._held = self._held, []
            wanted = {
                name: value
                for name, value in self._ordered.items()
                if value_after(self._changes, self.assignment.config, name) != value
            }
            if wanted and not any(b'"change"' in data for data in held):
                held.append(json.dumps({"command": "change", "value": wanted}).encode())
            for data in held:
                send(data)

    def _ordered_meanwhile(self) -> Iterator[tuple[str, Any]]:
        """What its worker does not know yet: some of it was ordered while the assignment was on its way."""
        for name in ("focus", "shows"):
            if name in self._latest:
                yield name, self._latest[name]
        if self._speed != self._assigned.speed:
            yield "speed", self._speed
        if self._watched != self._assigned.watched:
            yield "watch", self._watched
        if self._paused != self._assigned.paused:
            yield ("pause" if self._paused else "play"), None

    def _welcome(self) -> dict[str, Any]:
        """What is said when it has a place: nothing at the first one."""
        return {"code": "moved", "step": self.copy.furthest} if self._moves else {}

    def take(self, item: Item, place: object) -> None:
        """Take in what its place sends: first the files, then the message that speaks of them."""
        self.busy = True
        try:
            with self._copying:
                if self.place is place:
                    self._copy(item)
            with self._lock:
                if self.place is place and item.message is not None:
                    self._report(item.message)
                if self._moved_time is not None and time.monotonic() > self._moved_time + SHOWN:
                    self._moved_time = None
                    self._say({"kind": "status", "message": {}})
        finally:
            self.hear()
            self.busy = False
        if item.exitcode is not None and self.place is place:
            self.exitcode = item.exitcode
            self.end()

    def _copy(self, item: Item) -> None:
        if not self._behind:
            try:
                self.copy.take(item.changes)
            except disk.DiskError as error:
                self._behind = True
                self._retry_time = time.monotonic() + RETRY_INTERVAL
                self.say("disk_full" if error.full else "disk", reason=error.strerror)
        elif time.monotonic() > self._retry_time and not self._ended:
            self._try_again()

    def _try_again(self) -> None:
        """Ask the disk again; once it takes something, have everything sent that it lacks."""
        self._retry_time = time.monotonic() + RETRY_INTERVAL
        try:
            disk.check_writable(self.copy.folder.path)
        except disk.DiskError:
            return
        with self._lock:
            if self.tell_again is not None:
                self._behind = False
                self.tell_again(dict(self.copy.known))
                self.say("disk_again")

    def _report(self, data: bytes) -> None:
        """Pass a message on; of steps only those that were not told before, and of kept ones those that are here."""
        if data[:1] == b"F":
            self._pass_on(data)
            return
        content = json.loads(data[1:])
        changed = False
        if content["kind"] == "metrics":
            if any(content["rows"].values()):
                self._steps_ordered, self._quiet_since = False, time.monotonic()
            changed = self._only_new(content)
        elif content["kind"] == "status" and "status" in content:
            self._changes = from_pairs(content["changes"])
            if content["message"]:
                self._moved_time = None
            self._ended = content["status"] not in ALIVE
            if self._ended and self._behind and content["message"] is not None:
                content["message"]["unkept"] = "record"
                changed = True
        if changed:
            self._say(content)
        else:
            self._pass_on(data)

    def _only_new(self, content: dict[str, Any]) -> bool:
        """Leave out what was told before; whether there was anything."""
        changed = False
        for lane, rows in content["rows"].items():
            told = self._told.get(lane, 0)
            if rows and rows[0]["step"] <= told:
                content["rows"][lane] = rows = [row for row in rows if row["step"] > told]
                changed = True
            if rows:
                self._told[lane] = rows[-1]["step"]
        if self._behind or self._untold_kept:
            here = set(self.copy.folder.kept())
            kept = {*self._untold_kept, *content["kept"]}
            content["kept"] = sorted(kept & here)
            self._untold_kept = sorted(kept - here)
            changed = True
        return changed

    def rests_since(self) -> float | None:
        """Since when its place has had nothing to do, on `time.monotonic`; None if it has.

        One that takes steps one by one, or an epoch, counts as paused as well: it rests once these are told.
        """
        idle = self._paused and not (self._steps_ordered or self._held or self._ended or self._behind)
        return self._quiet_since if idle and self.send is not None else None

    def give_up_place(self) -> bool:
        """Leave the place to others while it is paused: it continues from its last kept step. Whether it does."""
        with self._lock:
            send = self.send
            if self.rests_since() is None or send is None:
                return False
            self.send = self.tell_again = self.place = None
            self._given_up = True
            send(json.dumps({"command": "stop", "value": None}).encode())
            self.say("place_given_up")
            return True

    def lost(self) -> bool:
        """Its place is gone: whether it is to have another one."""
        with self._lock:
            self.send = self.tell_again = self.place = None
            if self.over.is_set():
                return False
            kept = self.copy.folder.kept()
            last = kept[-1] if kept else 0
            self._moves = self._moves + 1 if last <= self._kept_at_move else 1
            self._kept_at_move = last
            if self._ended or self._moves > MOST_MOVES:
                self.end()
                return False
            self.waiting, self._ahead = True, None
            self.say("node_lost", step=self.copy.furthest, kept_step=last)
            return True
