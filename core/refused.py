"""The refusal of a run or a job. What starts them and what asks for them both know it."""

from __future__ import annotations

from core.config import Problem


class Refused(Exception):
    """Something that can't be started. `problem` says why in one sentence."""

    def __init__(self, problem: Problem):
        super().__init__(str(problem))
        self.problem = problem
