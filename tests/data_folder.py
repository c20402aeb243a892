"""Where the tests find MNIST, which is not part of the project; without it those that want it are skipped."""

import os
from pathlib import Path

BESIDE = Path(__file__).parents[2] / "shared" / "data"
"""The folder beside the project's that is looked into if none is named."""
MNIST = Path(os.environ.get("TORCH_PLAYGROUND_TEST_DATA") or BESIDE).absolute() / "MNIST" / "raw"
"""The whole of MNIST as torchvision fetches it, four .gz files."""
