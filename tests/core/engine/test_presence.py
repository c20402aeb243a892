"""Who is present, and who of them has a place on a server that takes only so many people."""

from __future__ import annotations

import threading

import pytest

from core import limits
from core.engine.presence import Presence
from core.refused import Refused

ANNE, BOB, CARL = "a" * 32, "b" * 32, "c" * 32


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time, on a server with two places that are held for ten seconds."""
    monkeypatch.setattr(limits, "PEOPLE", 2)
    monkeypatch.setattr(limits, "PLACE_SECONDS", 10.0)
    return Clock()


@pytest.fixture
def presence(clock: Clock) -> Presence:
    return Presence(clock)


def full_for(presence: Presence, owner: str) -> bool:
    """Whether a person is refused."""
    return presence.refusal(owner) is not None


def test_people_are_counted_not_tabs(presence: Presence) -> None:
    for owner in (ANNE, ANNE, ANNE, BOB):
        presence.arrive(owner)
    assert not full_for(presence, ANNE) and not full_for(presence, BOB)
    presence.arrive(CARL)
    assert presence.present(CARL)
    problem = presence.refusal(CARL)
    assert problem is not None and problem.values == {"count": 2}
    assert str(problem).startswith("This server is full: 2 people are on it")
    with pytest.raises(Refused):
        presence.admit(CARL)


def test_who_only_looks_takes_no_place(presence: Presence, clock: Clock) -> None:
    for owner in (ANNE, BOB, CARL):
        presence.arrive(owner)
    assert presence.turned_away(ANNE) is None and presence.turned_away(BOB) is None
    assert str(presence.turned_away(CARL)) == str(presence.refusal(CARL))
    presence.depart(ANNE)
    assert str(presence.turned_away(CARL)).startswith(
        "This server is full, but someone has just left: in 10 s their place is free"
    ), "it might be a refresh"
    assert presence.counts() == (2, 2)
    clock.now += 10
    assert presence.turned_away(CARL) is None
    assert presence.counts() == (2, 1), "her place is hers only as long as nobody wants it"
    presence.arrive(ANNE)
    assert not full_for(presence, ANNE), "her place is still hers: Carl only looked"
    assert presence.turned_away(CARL) is not None


def test_one_person_is_not_one_people(presence: Presence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PEOPLE", 1)
    presence.arrive(ANNE)
    assert str(presence.refusal(BOB)).startswith("This server is full: one person is on it;")


def test_a_place_is_held_while_a_tab_is_open_and_for_a_while_after(presence: Presence, clock: Clock) -> None:
    for owner in (ANNE, ANNE, BOB, CARL):
        presence.arrive(owner)
    presence.depart(ANNE)
    clock.now += 1000
    assert full_for(presence, CARL), "one of Anne's tabs is open"
    presence.depart(ANNE)
    clock.now += 9.9
    assert full_for(presence, CARL), "it might be a refresh"
    clock.now += 0.2
    assert not full_for(presence, CARL)
    presence.arrive(ANNE)
    assert full_for(presence, ANNE)
    presence.depart(BOB)
    clock.now += 10
    assert not full_for(presence, ANNE)


def test_a_refresh_loses_no_place(presence: Presence, clock: Clock) -> None:
    for owner in (ANNE, BOB, CARL):
        presence.arrive(owner)
    for _ in range(3):
        presence.depart(ANNE)
        clock.now += 5
        assert full_for(presence, CARL)
        presence.arrive(ANNE)
        clock.now += 60
        assert full_for(presence, CARL)
    assert not full_for(presence, ANNE)


def test_a_place_that_nobody_wants_waits_for_its_owner(presence: Presence, clock: Clock) -> None:
    presence.arrive(ANNE)
    presence.arrive(BOB)
    presence.depart(ANNE)
    clock.now += 3600
    presence.arrive(ANNE)
    presence.arrive(CARL)
    assert not full_for(presence, ANNE)
    assert full_for(presence, CARL)


def test_who_left_first_makes_way_first(presence: Presence, clock: Clock) -> None:
    presence.arrive(ANNE)
    presence.arrive(BOB)
    presence.depart(BOB)
    clock.now += 20
    presence.depart(ANNE)
    clock.now += 20
    presence.arrive(CARL)
    presence.arrive(ANNE)
    assert not full_for(presence, ANNE)
    presence.arrive(BOB)
    assert full_for(presence, BOB)


def test_one_without_a_tab_takes_a_place_for_a_while(presence: Presence, clock: Clock) -> None:
    """The engine without a screen, and a browser whose first page has not told yet that it is there."""
    presence.admit(ANNE)
    presence.admit(BOB)
    assert full_for(presence, CARL)
    clock.now += 10
    assert not full_for(presence, CARL)


def test_many_at_once_get_no_more_places_than_there_are(clock: Clock) -> None:
    presence = Presence(clock)
    owners = [f"{number:032}" for number in range(40)]
    together = threading.Barrier(len(owners))
    admitted = []

    def come(owner: str) -> None:
        together.wait()
        presence.arrive(owner)
        if presence.refusal(owner) is None:
            admitted.append(owner)

    threads = [threading.Thread(target=come, args=(owner,)) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) == 2


def test_nothing_is_kept_of_people_who_have_gone(presence: Presence, clock: Clock) -> None:
    for number in range(1000):
        with presence.attended(f"{number:032}"):
            clock.now += 20
    assert len(presence._places) <= 2 and not presence._tabs
