"""Print the figures of a Ray cluster, each part as soon as it is there.

Run: python -m tests.benchmarks.cluster [PART ...] [--runs N --steps N --every SECONDS] [--times N] [--seconds S]
"""

from __future__ import annotations

import argparse

from tests.benchmarks.cluster.figures import beside, many, said


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="A Ray cluster.")
    parser.add_argument("parts", nargs="*", metavar="PART", help="of beside, many, said; or all")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--every", type=float, default=20.0, help="seconds between two machines that are killed")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    parts = {
        "beside": lambda: beside(given.seconds),
        "many": lambda: many(given.runs, given.steps, kill_every=given.every),
        "said": lambda: said(given.times),
    }
    for name in given.parts or parts:
        for row in parts[name]():
            print(row.as_line(), flush=True)


if __name__ == "__main__":
    main()
