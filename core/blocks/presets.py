"""Networks to begin with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """A network that works on a set, and what trains it well there.

    Attributes:
        dataset: the set it is made for.
        blocks: its text.
        lr, batch_size, num_epochs: settings it learns well with.
    """

    dataset: str
    blocks: str
    lr: float = 0.001
    batch_size: int = 50
    num_epochs: int = 12


_BASIC = (
    "Residual(Conv2d({0},{0},3,padding=1),BatchNorm2d({0}),ReLU(),Conv2d({0},{0},3,padding=1),BatchNorm2d({0})),ReLU()"
)

PRESETS = {
    "cnn": Preset(
        "digits",
        "Conv2d(1,16,5,stride=2,padding=2),ReLU(),MaxPool2d(2),Conv2d(16,32,5,padding=2),ReLU(),Flatten(),"
        "Linear(1568,10)",
    ),
    "mlp": Preset("digits", "Flatten(),Linear(784,128),ReLU(),Dropout(p=0.2),Linear(128,64),ReLU(),Linear(64,10)"),
    "resnet": Preset(
        "digits",
        f"Conv2d(1,16,3,stride=2,padding=1),BatchNorm2d(16),ReLU(),{_BASIC.format(16)},"
        f"Conv2d(16,32,3,stride=2,padding=1),BatchNorm2d(32),ReLU(),{_BASIC.format(32)},"
        "AdaptiveAvgPool2d(1),Flatten(),Linear(32,10)",
        lr=0.005,
    ),
    "conv1d": Preset(
        "digits",
        "Flatten(end_dim=2),Conv1d(28,32,5,padding=2),ReLU(),MaxPool1d(2),Conv1d(32,64,3,padding=1),ReLU(),"
        "MaxPool1d(2),Flatten(),Linear(448,10)",
    ),
    "points": Preset("spirals", "Linear(2,32),ReLU(),Linear(32,32),ReLU(),Linear(32,2)", lr=0.01, num_epochs=120),
    "deep": Preset(
        "spirals", "Linear(2,32),Tanh()," + 12 * "Linear(32,32),Tanh()," + "Linear(32,2)", lr=0.01, num_epochs=120
    ),
    "deep_residual": Preset(
        "spirals",
        "Linear(2,32),Tanh()," + 12 * "Residual(Linear(32,32),Tanh())," + "Linear(32,2)",
        lr=0.01,
        num_epochs=120,
    ),
}
