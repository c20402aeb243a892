"""What a VGG costs: whether it is too large for the server, and how much memory a run takes."""

from core.config import Problem
from core.data.image_sets import missing
from core.experiments.vgg.config import VGGConfig, lanes
from core.shapes.memory import too_large

LARGE_FLOPS, LARGE_PARAMETERS = 2e9, 25_000_000
"""Beyond these a network is drawn by its own process only, once it trains."""
BY_HAND_FLOPS = 1e10
"""Operations of a batch beyond which no steps are taken by hand: they would run in the server's own process."""
LOADING = 3
"""How many times its own size a set takes while it is loaded."""


def is_large(config: VGGConfig) -> bool:
    """Whether the network is too large to be built and run outside of a process of its own."""
    return config.stack.flops > LARGE_FLOPS or config.stack.parameters > LARGE_PARAMETERS


def cannot_start(config: VGGConfig) -> Problem | None:
    """Why a run can't start: its images are not here, or it would not fit into memory."""
    needed = sum(memory(lane) for lane in lanes(config).values() if isinstance(lane, VGGConfig))
    return missing(config) or too_large(needed)


def memory(config: VGGConfig) -> int:
    """Bytes that training takes at its peak, predicted."""
    known = config.image_set
    data = (known.train + known.test) * known.channels * known.size**2
    copies = {"SGD": 0, "RMSprop": 1}.get(config.optimizer, 2)
    training = config.stack.training_bytes(config.batch_size, copies, config.precision == "bfloat16")
    return data + max(training, (LOADING - 1) * data)
