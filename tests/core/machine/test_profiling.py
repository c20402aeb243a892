"""The profile of a run: real operations, nested as they called each other, in the right part of the step."""

from __future__ import annotations

from core.engine.manager import Manager
from core.machine.profiling import DEEPEST, STEPS, Profile, profile_run
from core.processes.jobs import Jobs
from tests.experiments import over_all, smallest


@over_all
def test_every_experiment_can_be_profiled(name: str, manager: Manager) -> None:
    jobs = Jobs(lambda owner: True, at_once=1)
    job = jobs.start("anne", profile_run, smallest(name))
    assert job.over.wait(100)
    assert (job.status, job.problem) == ("finished", None)
    [event] = job.events
    check(event["profile"])
    jobs.close()


def check(profile: Profile) -> None:
    assert len(profile.steps) == STEPS and profile.plain > 0
    tops = [bar for bar in profile.bars if bar[0] == 0]
    assert [profile.names[bar[4]] for bar in tops] == [f"step {number}" for number in range(1, STEPS + 1)]
    for depth, kind, start, end, number in profile.bars:
        assert 0 <= depth <= DEEPEST and end >= start
        name = profile.names[number]
        assert any(top[2] - 0.01 <= start and end <= top[3] + 0.01 for top in tops), "inside of a step"
        if name.startswith("autograd::engine"):
            assert kind == "op1"
        if name.startswith("Optimizer.step"):
            assert kind == "op2"
    assert {bar[1] for bar in profile.bars} == {"op0", "op1", "op2", "op3"}
    assert profile.times and profile.times == sorted(profile.times, key=lambda entry: -entry[2])
    assert sum(seconds for _name, _calls, seconds in profile.times) <= sum(profile.steps)
