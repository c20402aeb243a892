"""A whole run of the classifier as one frame: how the boundary bends, picture after picture."""

import numpy as np

from core.experiments.classifier import fast
from core.experiments.classifier.config import ClassifierConfig
from core.experiments.classifier.loop import train
from core.experiments.classifier.views import scene, view
from core.frames import encode
from core.snapshot import Frame, undisturbed

EVERY_OTHER = 2
"""Of the points of the boundary's grid, along each axis, that a picture keeps."""


def film(config: ClassifierConfig, every: int) -> bytes:
    """Train, and keep a picture every `every` steps, the untrained one and the last one included.

    Args:
        config: what to train, on the CPU.
        every: steps from one picture to the next.

    Returns:
        A frame as `core.frames` encodes it, with the arrays `decision` uint8 (pictures, 50, 50), `steps` int32
        (pictures,), `accuracy` float32 (pictures,) on the test set, `points` float32 (N, 2) and `labels` int32 (N,) of
        the training points, and the facts `levels` and `domain`.
    """
    run = fast.train if fast.fits(config) else train
    pictures, steps, accuracies = [], [], []
    with undisturbed():
        for snapshot in run(config, {}):
            if snapshot.step % every == 0 or snapshot.step == config.num_steps:
                drawn = view(config, snapshot, {"left_out": ("units", "weights")})
                pictures.append(drawn.arrays["decision"][::EVERY_OTHER, ::EVERY_OTHER])
                steps.append(snapshot.step)
                accuracies.append(snapshot.metrics.get("accuracy/test", np.nan))
    known = scene(config)
    arrays = {
        "decision": np.stack(pictures),
        "steps": np.array(steps, np.int32),
        "accuracy": np.array(accuracies, np.float32),
        "points": known.x_train.numpy().astype(np.float32),
        "labels": known.y_train.numpy().astype(np.int32),
    }
    facts = {"levels": drawn.facts["levels"], "classes": config.n_output, "domain": list(known.domain)}
    return encode({"run": Frame(steps[-1], steps[-1], arrays, facts)})
