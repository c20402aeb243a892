"""What the exported script costs a page, as a multiple of what Python takes to compile that script.

Run: .venv/bin/python -m tests.benchmarks.export_speed
"""

import statistics
import time

from core.experiments import experiment
from core.export import marked_lines, script
from tests.experiments import NAMES

ROUNDS = 7


def main() -> None:
    """Print, for each experiment, the processor's time of the first script and of one more after a change."""
    for name in NAMES:
        config = experiment(name).config()
        start = time.process_time()
        text = script(config)
        first = time.process_time() - start
        again, compiled = [], []
        for seed in range(ROUNDS):
            changed = config.changed(seed=1000 + seed)
            start = time.process_time()
            marked_lines(changed)
            again.append(time.process_time() - start)
            start = time.process_time()
            compile(text, "script", "exec")
            compiled.append(time.process_time() - start)
        changed_time, plain = statistics.median(again), statistics.median(compiled)
        print(
            f"{name:<12} first {first:6.3f} s, after a change {changed_time:6.3f} s: {changed_time / plain:5.1f} times"
        )


if __name__ == "__main__":
    main()
