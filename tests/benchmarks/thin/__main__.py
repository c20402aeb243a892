"""Print the figures of a thin link and a slow processor, each as soon as it is there.

Run: python -m tests.benchmarks.thin [PART ...]
"""

from __future__ import annotations

import argparse

from tests.benchmarks.thin.figures import PARTS
from tests.benchmarks.thin.place import place


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="A thin link and a slow processor.")
    parser.add_argument("parts", nargs="*", metavar="PART", choices=[*PARTS, []], help=f"of {', '.join(PARTS)}; or all")
    arguments = parser.parse_args()
    with place() as where:
        for name in arguments.parts or PARTS:
            for row in PARTS[name](where):
                print(row.as_line(), flush=True)


if __name__ == "__main__":
    main()
