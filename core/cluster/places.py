"""The places of a cluster: warm ones are kept ready, runs wait in line for them, and lost ones are noticed."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections import Counter, deque
from contextlib import suppress
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Any

from core.cluster.address import ClusterError, share_of_a_gpu
from core.cluster.bridge import Bridge
from core.cluster.head import Head
from core.cluster.joining import JOIN_PATIENCE, advice, first_sentence, joined
from core.cluster.parcel import parcel
from core.cluster.place import Place
from core.cluster.shipping import code, place_class
from core.cluster.wire import Switchboard
from core.engine.launcher import Cluster

LOOK_INTERVAL = 0.2
"""Seconds between two looks at what is waiting and what has been lost."""
NODES_INTERVAL = 1.0
"""Seconds between two looks at which machines there are."""
BEAT_INTERVAL = 2.0
"""Seconds between two words to each place, see `seat.ORPHANED`."""
LOST_AFTER = 12.0
"""Seconds without a word of a place that trains after which it counts as lost. Mostly the end of its connection says so
at once; that a run does not answer the page says sooner, see `core.engine.heartbeat`."""
IDLE = 60.0
"""Seconds that a place without a run is kept beyond the one that each machine keeps ready."""
PENDING = 10.0
"""Seconds that Ray is asked for a place on any machine after nobody waits for it any more."""
UNFIT = 60.0
"""Seconds after which a machine that could not make a place is tried again."""
REFUSED = 5.0
"""Seconds for which Ray is not left to choose a machine after one could not make a place: it would choose that one."""
WARM_PATIENCE = 120.0
"""Seconds that the first place may take to be ready."""
MOST_DEATHS = 3
"""How often in a row a place may die on a machine before it is ready."""
RESTS = 30.0
"""Seconds that a run has to be paused before its place may be given to one that waits."""
GIVEN = 10.0
"""Seconds that a place may take until whoever it is given to has it."""
MOST_PENDING = 8
"""Places asked for beyond those that the machines have now: an autoscaler adds machines for them."""


class Places:
    """All places that this server holds. `put` and `remove` may be called from any thread; one chooses the places."""

    def __init__(self, address: str):
        self.address = address
        self._line: deque[Bridge] = deque()
        self._places: list[Place] = []
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._joined = threading.Event()
        self._problem: ClusterError | None = None
        self._closing = threading.Event()
        self._head: Head | None = None
        self._board: Switchboard | None = None
        self._nodes: dict[str, dict[str, Any]] = {}
        self._unfit: dict[str, tuple[float, dict[str, Any]]] = {}
        self._deaths: Counter[str] = Counter()
        self._nodes_time = 0.0
        self._refused_time = -math.inf
        self._given: list[float] = []
        self._ray: Any = None
        self._made: Any = None
        self._thread = threading.Thread(target=self._serve, name="cluster", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until the cluster is joined (raises ClusterError)."""
        if not self._joined.wait(JOIN_PATIENCE):
            raise ClusterError(
                f"The cluster {self.address} can't be joined: it did not take this server in within "
                f"{JOIN_PATIENCE:.0f} seconds.{advice(self.address)}"
            )
        if self._problem is not None:
            raise self._problem

    def put(self, bridge: Bridge) -> None:
        """Have a run trained as soon as there is a place."""
        with self._lock:
            self._line.append(bridge)
        self._wake.set()

    def remove(self, bridge: Bridge) -> None:
        """Take a run out of the line, or end the place that trains it."""
        with self._lock:
            with suppress(ValueError):
                self._line.remove(bridge)
            for place in self._places:
                if place.bridge is bridge:
                    self._discard(place)
        self._wake.set()

    def has_gpu(self) -> bool:
        """Whether a machine of the cluster has a GPU."""
        return any(node["Resources"].get("GPU", 0) > 0 for node in self._nodes.values())

    def close(self) -> None:
        """End all places."""
        self._closing.set()
        self._wake.set()
        self._thread.join(2)

    def warm(self) -> None:
        """Wait until a run would start at once, as far as that can be: an autoscaler brings machines for runs only."""
        end = time.monotonic() + WARM_PATIENCE
        while self._fit() and not self.ready() and time.monotonic() < end and not self._closing.wait(LOOK_INTERVAL):
            pass

    def about(self) -> Cluster:
        """What is so now."""
        fit = self._fit()
        with self._lock:
            return Cluster(len(fit), sum(fit.values()), len(self._line), not (self._head and self._head.gone))

    def ready(self) -> int:
        """How many places wait for a run."""
        with self._lock:
            return sum(bool(place.about) and place.bridge is None for place in self._places)

    # The thread that asks Ray

    def _serve(self) -> None:
        try:
            self._ray = joined(self.address)
            self._made = self._ray.remote(concurrency_groups={"train": 1, "files": 1, "beat": 1})(place_class())
            self._look_at_nodes()
            here = self._ray.get_runtime_context()
            self._head = Head(here.gcs_address)
            self._board = _board(self._nodes[here.get_node_id()]["NodeManagerAddress"])
        except ClusterError as error:
            self._problem = error
            return
        except Exception as error:
            logging.debug("The cluster can't be joined.", exc_info=True)
            said = f"{first_sentence(error)}{advice(self.address)}"
            self._problem = ClusterError(f"The cluster {self.address} can't be joined: {said}")
            return
        finally:
            self._joined.set()
        threading.Thread(target=self._attend, args=(self._head,), name="beats", daemon=True).start()
        while not self._closing.is_set():
            try:
                self._look()
            except Exception as error:  # one place's trouble must not end the thread that serves all runs
                logging.warning("The cluster could not be asked: %s", first_sentence(error))
            self._wake.wait(LOOK_INTERVAL)
            self._wake.clear()
        for place in list(self._places):
            self._discard(place)
        self._board.close()
        with suppress(Exception):
            self._ray.shutdown()

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._nodes_time > NODES_INTERVAL:
            self._look_at_nodes()
        self._take_ready()
        for place in list(self._places):
            bridge = place.bridge
            if bridge is not None and not bridge.busy and now - bridge.heard > LOST_AFTER:
                self._lost(place, bridge)
        self._fill()
        self._give_places(now)
        self._make()
        self._give_back(now)
        self._say_places()

    def _say_places(self) -> None:
        """Say to all who wait how many are ahead of them, or that nobody answers."""
        with self._lock:
            line = list(self._line)
        for ahead, bridge in enumerate(line):
            if self._head is not None and self._head.gone:
                bridge.say_headless()
            else:
                bridge.say_place_in_line(ahead)

    def _attend(self, head: Head) -> None:
        """Tell all places that the server is there, and see whether the head is: a thread that never waits for it."""
        while not self._closing.wait(BEAT_INTERVAL):
            if head.ask():
                if head.gone:
                    logging.warning(
                        "The cluster's head, %s, does not answer. If it stays away for a minute, Ray ends this server: "
                        "start it again once the head is back.",
                        head.address,
                    )
                else:
                    logging.warning("The cluster's head, %s, answers again.", head.address)
            if head.gone:
                self._say_places()
            for place in list(self._places):
                with suppress(Exception):  # a place that is gone is noticed elsewhere
                    place.beat()

    def _look_at_nodes(self) -> None:
        self._nodes_time = time.monotonic()
        self._nodes = {node["NodeID"]: node for node in self._ray.nodes() if node["Alive"]}
        self._unfit = {id: fault for id, fault in self._unfit.items() if fault[0] > self._nodes_time}

    def _take_ready(self) -> None:
        """Take in which places have become ready, and which can't be."""
        for place in [place for place in self._places if not place.about]:
            done, _ = self._ray.wait([place.readiness], timeout=0)
            if not done:
                continue
            try:
                about = self._ray.get(place.readiness)
            except Exception as error:
                logging.debug("A place could not be made.", exc_info=True)
                if self._may_be_tried_again(place, error):
                    self._discard(place)
                    continue
                self._unfit_for(place, {"code": "cluster_unfit", "error": first_sentence(error)})
                continue
            place.node, place.idle_since = about["node"], time.monotonic()
            self._deaths.pop(place.node, None)
            if "error" in about:
                self._unfit_for(place, {"code": "cluster_unfit", "error": about["error"]})
                continue
            ours = version("torch")
            if about["torch"] != ours:
                self._unfit_for(place, {"code": "cluster_torch", "theirs": about["torch"], "ours": ours})
                continue
            place.about = about

    def _may_be_tried_again(self, place: Place, error: Exception) -> bool:
        """Whether a place that could not be made says nothing about its machine."""
        errors = self._ray.exceptions
        if isinstance(error, errors.ActorUnschedulableError):  # the machine has just come, or gone
            return True
        if not isinstance(error, (errors.ActorDiedError, errors.ActorUnavailableError)):
            return False
        self._look_at_nodes()
        self._deaths[place.node] += 1
        return place.node not in self._nodes or self._deaths[place.node] < MOST_DEATHS

    def _unfit_for(self, place: Place, message: dict[str, Any]) -> None:
        """A machine can't train: no place is made there for a while, and runs hear why if there is no other."""
        self._discard(place)
        if place.node in self._nodes or not place.node:
            where = self._nodes.get(place.node, {}).get("NodeManagerAddress", "a machine of the cluster")
            why = message.get("error") or f"it has PyTorch {message['theirs']}, this server {message['ours']}."
            logging.warning("%s can't train: %s", where, why)
            self._unfit[place.node] = (time.monotonic() + UNFIT, message)
            self._refused_time = time.monotonic()

    def _fit(self) -> dict[str, int]:
        """The machines that can train, each with its cores."""
        return {id: cores for id, cores in self._cores().items() if id not in self._unfit}

    def _cores(self) -> dict[str, int]:
        """The cores of each machine that has any: a head mostly has none."""
        cores = {id: int(node["Resources"].get("CPU", 0)) for id, node in self._nodes.items()}
        return {id: number for id, number in cores.items() if number}

    def _fill(self) -> None:
        """Give places to those who are first in the line."""
        with self._lock:
            for bridge in list(self._line):
                free = next((place for place in self._places if self._suits(place, bridge)), None)
                if free is not None:
                    self._line.remove(bridge)
                    bridge.waiting = False
                    free.bridge = bridge
                    bridge.place, bridge.busy = free, True
                    threading.Thread(target=self._train, args=(free, bridge), daemon=True).start()
            failed = [bridge for bridge in self._line if self._nowhere(on_a_gpu(bridge))]
            for bridge in failed:
                self._line.remove(bridge)
        for bridge in failed:
            bridge.fail(next(iter(self._unfit.values()))[1])

    def _nowhere(self, gpu: bool) -> bool:
        """Whether no machine is fit for such a run, and none has one; if there is no machine at all, one may come."""
        if any(place.bridge is not None and place.gpu == gpu for place in self._places):
            return False
        able = [id for id, node in self._nodes.items() if node["Resources"].get("GPU" if gpu else "CPU", 0) > 0]
        return bool(able) and all(id in self._unfit for id in able)

    def _give_places(self, now: float) -> None:
        """Have runs that were paused a while ago give up their places, the first ones first, if others wait."""
        with self._lock:
            kinds = [on_a_gpu(bridge) for bridge in self._line]
        self._given = [time for time in self._given if now - time < GIVEN]
        resting = [
            (since, place.bridge)
            for place in self._places
            if place.bridge is not None and place.gpu in kinds
            if (since := place.bridge.rests_since()) is not None and now - since > RESTS
        ]
        for _since, bridge in sorted(resting, key=lambda pair: pair[0])[: max(0, len(kinds) - len(self._given))]:
            if bridge.give_up_place():
                self._given.append(now)

    def _suits(self, place: Place, bridge: Bridge) -> bool:
        return bool(place.about) and place.bridge is None and place.gpu == on_a_gpu(bridge)

    def _make(self) -> None:
        """Have places made: one ready on each machine with a free core, and as many as are waited for."""
        with self._lock:
            waited = [bridge for bridge in self._line if not on_a_gpu(bridge)]
            gpus = len(self._line) - len(waited)
        for id, cores in self._fit().items():
            here = [place for place in self._places if place.node == id and not place.gpu]
            if len(here) < cores and all(place.bridge for place in here):
                self._add(id)
        if time.monotonic() - self._refused_time < REFUSED:
            return
        idle = sum(place.bridge is None and not place.gpu for place in self._places)
        for _ in range(min(MOST_PENDING, len(waited)) - idle):
            self._add("")
        idle = sum(place.bridge is None and place.gpu for place in self._places)
        for _ in range(min(MOST_PENDING, gpus) - idle):
            self._add("", gpu=True)

    def _add(self, node: str, gpu: bool = False) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        options: dict[str, Any] = {"num_cpus": 1, "max_restarts": 0, "max_task_retries": 0}
        if node:
            options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(node_id=node, soft=False)
        if gpu:
            options["num_gpus"] = share_of_a_gpu(os.environ)
        assert self._board is not None
        self._places.append(Place(self._ray, self._made.options(**options).remote(code()), node, gpu, self._board))

    def _give_back(self, now: float) -> None:
        """End places that nobody has needed for a while, and those on machines that are gone."""
        kept: set[str] = set()
        with self._lock:
            waits = bool(self._line)
        for place in list(self._places):
            if place.bridge is not None:
                continue
            lost = place.node and place.node not in self._nodes
            unwanted = not (place.about or place.node or waits) and now - place.idle_since > PENDING
            if lost or unwanted:
                self._discard(place)
            elif place.about and not waits:
                late = now - place.idle_since > IDLE
                if (place.node in kept or place.gpu) and late:
                    self._discard(place)
                kept.add(place.node)

    def _discard(self, place: Place) -> None:
        with self._lock:
            place.hang_up()
            if place in self._places:
                self._places.remove(place)
        with suppress(Exception):
            self._ray.kill(place.actor)

    def _lost(self, place: Place, bridge: Bridge) -> None:
        """A place is gone, or does not answer: its run goes to another one, before all that wait."""
        with self._lock:
            if place.gone or place.bridge is not bridge:
                return
            place.bridge = None
            self._discard(place)
        if bridge.place is place and bridge.lost():  # else it has given up this place already
            with self._lock:
                self._line.appendleft(bridge)
        self._wake.set()

    # A thread for each run that trains

    def _train(self, place: Place, bridge: Bridge) -> None:
        run = f"runs/{bridge.id}"
        try:
            assignment = bridge.next_assignment()
            packed = parcel(assignment, run, PurePosixPath(place.about["root"]))
        except Exception:
            logging.exception("A run can't be sent to the cluster.")
            bridge.fail({"code": "failed", "step": 1, "error": "The run can't be sent to the cluster."})
            place.bridge = None
            return
        bridge.hear()
        bridge.busy = False
        try:
            place.send(packed, bridge.hear)
            for item in place.train(run, packed.assignment, bridge):
                if place.gone:
                    return
                bridge.take(item, place)
        except Exception as error:
            if not isinstance(error, (self._ray.exceptions.RayError, ConnectionError)):
                logging.exception("A run's place is given up.")
            self._lost(place, bridge)
            return
        with self._lock:
            place.bridge, place.idle_since = None, time.monotonic()
        if place.gpu:
            self._discard(place)
        if bridge.place is place and not bridge.over.is_set():
            bridge.end()
        self._wake.set()


def _board(host: str) -> Switchboard:
    """Where places call this server (raises ClusterError)."""
    try:
        return Switchboard(host)
    except OSError as error:
        raise ClusterError(
            f"The cluster can't be used: Ray knows this machine as {host}, and no place could call it there "
            f"({error.strerror or error})."
        ) from None


def on_a_gpu(bridge: Bridge) -> bool:
    """Whether a run needs a GPU."""
    return bridge.assignment.config.device.startswith("cuda")
