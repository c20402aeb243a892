"""How far ahead of a page its pictures are sent."""

from __future__ import annotations

import pytest

from pages.shared.server.viewer import AHEAD, LONG_PATIENCE, MOST_PARTS, PATIENCE, Viewer


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def viewer(clock: Clock) -> Viewer:
    """A page that was sent as many pictures as it gets ahead."""
    made = Viewer(clock=clock)
    for _ in range(AHEAD):
        assert made.wait == 0
        made.sends()
    return made


def test_pictures_wait_until_one_is_drawn(viewer: Viewer) -> None:
    assert viewer.wait > 0
    viewer.has_drawn(1)
    assert viewer.wait == 0
    viewer.sends()
    assert viewer.wait > 0
    viewer.has_drawn(3)
    viewer.sends()
    assert viewer.wait == 0


def test_a_page_that_never_says_so_gets_one_now_and_then(viewer: Viewer, clock: Clock) -> None:
    assert viewer.wait == pytest.approx(PATIENCE)
    clock.now += PATIENCE
    assert viewer.wait == 0
    viewer.sends()
    assert viewer.wait == pytest.approx(PATIENCE)


def test_a_page_that_has_said_so_is_waited_for_longer(viewer: Viewer, clock: Clock) -> None:
    viewer.has_drawn(1)
    viewer.sends()
    clock.now += PATIENCE
    assert viewer.wait == pytest.approx(LONG_PATIENCE - PATIENCE)


@pytest.mark.parametrize("count", [-1, 0, 1e9, None, "2", [2], True, 10**30])
def test_nobody_draws_more_than_was_sent(viewer: Viewer, count: object) -> None:
    viewer.has_drawn(count)
    for _ in range(AHEAD):
        viewer.sends()
    assert viewer.wait > 0


def test_a_tab_that_comes_back_gets_its_picture_at_once(viewer: Viewer) -> None:
    viewer.is_visible(False)
    assert not viewer.visible
    viewer.is_visible(True)
    assert viewer.visible and viewer.wait == 0


@pytest.mark.parametrize("parts", [None, 3, {"units": 1}, [1], ["x" * 1000], ["x"] * (MOST_PARTS + 1)])
def test_what_is_no_list_of_parts(viewer: Viewer, parts: object) -> None:
    assert not viewer.says(parts)
    assert viewer.shows is None


def test_parts(viewer: Viewer) -> None:
    assert viewer.says(["units", "weights"]) and viewer.shows == frozenset({"units", "weights"})
    assert viewer.says([]) and viewer.shows == frozenset()
