"""How long the check of a network takes, and how long it takes to refuse one: a second is too slow for a page.

Run: .venv/bin/python -m tests.benchmarks.check_speed
"""

import time
from contextlib import suppress

from core.blocks import MOST_BLOCKS, BlocksRefused, read
from core.blocks.fitting import check
from core.config import ConfigError
from core.experiments.build import BuildConfig
from core.experiments.vgg import PRESETS, VGGConfig, untrained

RESIDUAL = "Residual(Conv2d(64,64,3,padding=1),BatchNorm2d(64),ReLU())"
INSIDE = {
    "the tutorial's CNN": (BuildConfig().blocks, (1, 28, 28)),
    f"{MOST_BLOCKS} convolutions of 8,192 channels": (
        ",".join(["Conv2d(8192,8192,64,padding=64)"] * MOST_BLOCKS),
        (8192, 28, 28),
    ),
    f"{MOST_BLOCKS // 4} residual blocks": (",".join([RESIDUAL] * (MOST_BLOCKS // 4)), (64, 32, 32)),
    f"{MOST_BLOCKS} batch norms": (",".join(["BatchNorm2d(64)"] * MOST_BLOCKS), (64, 32, 32)),
}
OUTSIDE = {"20,000 layers": "ReLU()," * 20_000, "10^9 channels": "Conv2d(1,1000000000,3)", "nonsense": "(" * 8000}

VGGS = {
    "the largest VGG": {"cfg": PRESETS["VGG-19"], "width": "1", "size": 224, "head": "paper", "batch_size": 512},
    "a VGG that is too large": {"cfg": [1024] * 60 + ["M"] * 4, "width": "1", "size": 224},
}


def main() -> None:
    """Print the seconds that each takes, as a page asks for it."""
    for name, (text, shape) in INSIDE.items():
        start = time.perf_counter()
        blocks = read(text)
        check(blocks, shape, 10, (50,))
        print(f"checked  {time.perf_counter() - start:6.3f} s  {name}")
    for name, text in OUTSIDE.items():
        start = time.perf_counter()
        try:
            BuildConfig.create({"blocks": text})
        except (ConfigError, BlocksRefused):
            print(f"refused  {time.perf_counter() - start:6.3f} s  {name}")
    for name, values in VGGS.items():
        start = time.perf_counter()
        with suppress(ConfigError):
            untrained(VGGConfig.create(values))
        print(f"checked  {time.perf_counter() - start:6.3f} s  {name}")


if __name__ == "__main__":
    main()
