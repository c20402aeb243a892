"""How long the refusal of each bomb takes, as a multiple of reading a good file.

Run: python -m tests.benchmarks.hostile_files
"""

import tempfile
import time
from pathlib import Path

from core.engine.manager import Manager
from core.engine.store import Store
from core.files.uploads import read
from tests.core.files.uploads import hostile_programs
from tests.core.files.uploads.hostile import GOOD, for_a_process_of_its_own
from tests.core.files.uploads.test_hostile import refusal


def seconds(data: bytes) -> float:
    """How long it takes to read or refuse a file."""
    start = time.perf_counter()
    refusal(read, data)
    return time.perf_counter() - start


def main() -> None:
    """Print the slowest ten; more than 12 times the good file is too slow."""
    with tempfile.TemporaryDirectory() as name:
        manager = Manager(Store(Path(name)))
        manager.warm()
        bombs = for_a_process_of_its_own()
        bombs |= {name: data for name, data, _words in hostile_programs.for_a_process_of_its_own()}
        seconds(GOOD)
        good = min(seconds(GOOD) for _ in range(3))
        ratios = {name: seconds(data) / good for name, data in bombs.items()}
        manager.close()
    print(f"a good file: {good:.3f} s; of {len(ratios)} bombs the slowest:")
    for name, ratio in sorted(ratios.items(), key=lambda entry: -entry[1])[:10]:
        print(f"{ratio:6.1f} times  {name}")


if __name__ == "__main__":
    main()
