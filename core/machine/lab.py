"""Measurements and mistakes with devices: where tensors live, what moving costs, precision, threads.

Each runs in a process of its own: a thread count, a used-up GPU or an error there concerns nobody else.
"""

from __future__ import annotations

import contextlib
import io
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from core.data.digits import digits
from core.models import CNN, Net
from core.processes.confined import confined
from core.resources import cores

BATCHES = 7
"""Batches that a time is the median of."""
WIDTHS = (4, 8, 16, 32, 64, 128)
BATCH_SIZES = (16, 64, 256)
LONGEST_STEP, LONGEST_SWEEP = 0.6, 6.0
"""Seconds: where a step, or all of them, would take longer, larger networks are left out."""


def synchronize(device: torch.device) -> None:
    """Wait until a device has done all that it was asked: a GPU works while the program continues."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def milliseconds(device: torch.device, work: Callable[[], object], times: int = BATCHES) -> float:
    """How long something takes on a device, once it is warm: the median."""
    work()
    times_taken = []
    for _ in range(times):
        synchronize(device)
        start = time.perf_counter()
        work()
        synchronize(device)
        times_taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(times_taken)


@dataclass(frozen=True)
class Place:
    """A tensor's name, device, shape and bytes."""

    name: str
    device: str
    shape: tuple[int, ...]
    bytes: int


@dataclass(frozen=True)
class Stage:
    """One line of the three moves.

    Attributes:
        name: loaded, data, model, forward, backward or back.
        code: what was run.
        places: where every tensor lives after it.
        milliseconds: how long it took, None where there are no numbers to compute.
        error: what PyTorch said instead.
    """

    name: str
    code: str
    places: list[Place]
    milliseconds: float | None
    error: str


def moves(device: str) -> list[Stage]:
    """One batch through the three moves; on the meta device, which has shapes but no numbers, without times."""
    return [
        Stage(**{**stage, "places": [Place(**place) for place in stage["places"]]})
        for stage in json.loads(confined(run_moves, device, memory=None))
    ]


def run_moves(name: str) -> bytes:
    """`moves` in the process of its own."""
    work = _Moves(torch.device(name))
    moved = "images = images.to(device)\nlabels = labels.to(device)"
    stages = [
        work.stage("loaded", "images, labels = next(iter(loader))", work.load),
        work.stage("data", moved, work.move_data),
        work.stage("model", "cnn.to(device)", work.move_model),
        work.stage("forward", "output = cnn(images)\nloss = loss_func(output, labels)", work.forward, repeat=True),
        work.stage("backward", "loss.backward()\noptimizer.step()", work.backward, repeat=True),
        work.stage("back", "pred_y = output.argmax(dim=1).cpu()", work.back, repeat=True),
    ]
    return json.dumps([asdict(stage) for stage in stages]).encode()


class _Moves:
    """A network, an optimizer and one batch on their way to a device and back."""

    def __init__(self, device: torch.device):
        self.device = device
        torch.manual_seed(1)
        self.all_images, self.all_labels, _, _ = digits()
        self.cnn = CNN()
        self.optimizer = torch.optim.SGD(self.cnn.parameters(), lr=0.1)
        self.loss_func = nn.CrossEntropyLoss()
        self.tensors: dict[str, Tensor] = {}

    def stage(self, name: str, code: str, work: Callable[[], object], repeat: bool = False) -> Stage:
        """Do one stage, and see what it took and where all tensors are after it.

        Args:
            repeat: whether it can be done again, for a time that is the median of several.
        """
        error, took = "", None
        try:
            start = time.perf_counter()
            work()
            synchronize(self.device)
            took = 1000 * (time.perf_counter() - start)
            if repeat:
                took = milliseconds(self.device, work)
        except (RuntimeError, NotImplementedError, TypeError) as refused:
            error = f"{type(refused).__name__}: {refused}".split("\n")[0]
        return Stage(name, code, self.places(), None if self.device.type == "meta" else took, error)

    def places(self) -> list[Place]:
        """Where every tensor lives."""
        weight = self.cnn.out.weight
        tensors = {**self.tensors, "cnn.out.weight": weight}
        if weight.grad is not None:
            tensors["cnn.out.weight.grad"] = weight.grad
        return [
            Place(key, str(tensor.device), tuple(tensor.shape), tensor.numel() * tensor.dtype.itemsize)
            for key, tensor in tensors.items()
        ]

    def load(self) -> None:
        images = self.all_images[:64].unsqueeze(1).float() / 255
        labels = self.all_labels[:64]
        if self.device.type == "cuda":
            images, labels = images.pin_memory(), labels.pin_memory()
        self.tensors.update(images=images, labels=labels)

    def move_data(self) -> None:
        self.tensors["images"] = self.tensors["images"].to(self.device, non_blocking=True)
        self.tensors["labels"] = self.tensors["labels"].to(self.device, non_blocking=True)

    def move_model(self) -> None:
        self.cnn.to(self.device)

    def forward(self) -> None:
        self.tensors["output"] = self.cnn(self.tensors["images"])
        self.tensors["loss"] = self.loss_func(self.tensors["output"], self.tensors["labels"])

    def backward(self) -> None:
        self.optimizer.zero_grad()
        self.loss_func(self.cnn(self.tensors["images"]), self.tensors["labels"]).backward()
        self.optimizer.step()

    def back(self) -> None:
        self.tensors["pred_y"] = self.tensors["output"].argmax(dim=1).cpu()


@dataclass(frozen=True)
class Step:
    """One training step of the CNN, in milliseconds: data to the device, compute, result back."""

    device: str
    width: int
    batch_size: int
    transfer: float
    compute: float
    back: float

    @property
    def whole(self) -> float:
        """Milliseconds of the whole step: transfer, compute and back."""
        return self.transfer + self.compute + self.back


def sweep(device: str, batch_size: int) -> list[Step]:
    """Training steps of ever wider CNNs on one device; widths that would take too long are left out."""
    return [Step(**step) for step in json.loads(confined(run_sweep, device, batch_size, memory=None))]


def run_sweep(name: str, batch_size: int, widths: tuple[int, ...] = WIDTHS) -> bytes:
    """`sweep` in the process of its own."""
    device = torch.device(name)
    torch.set_num_threads(1)  # as in every run of the app
    steps: list[Step] = []
    end = time.perf_counter() + LONGEST_SWEEP
    for width in widths:
        if time.perf_counter() > end:
            break
        if len(steps) > 1 and steps[-1].whole * steps[-1].whole / steps[-2].whole > 1000 * LONGEST_STEP:
            break
        steps.append(_step(device, width, batch_size))
    return json.dumps([asdict(step) for step in steps]).encode()


def _step(device: torch.device, width: int, batch_size: int) -> Step:
    images, labels = torch.rand(batch_size, 1, 28, 28), torch.randint(10, (batch_size,))
    if device.type == "cuda":
        images, labels = images.pin_memory(), labels.pin_memory()
    cnn = CNN(channels1=width, channels2=2 * width).to(device)
    optimizer = torch.optim.SGD(cnn.parameters(), lr=0.01)
    loss_func = nn.CrossEntropyLoss()
    x, y = images.to(device), labels.to(device)
    output = cnn(x)

    def transfer() -> None:
        images.to(device, non_blocking=True)
        labels.to(device, non_blocking=True)

    def compute() -> None:
        optimizer.zero_grad()
        loss_func(cnn(x), y).backward()
        optimizer.step()

    times = 3 if width >= 64 else BATCHES
    return Step(
        str(device),
        width,
        batch_size,
        milliseconds(device, transfer, times),
        milliseconds(device, compute, times),
        milliseconds(device, lambda: output.argmax(dim=1).cpu(), times),
    )


def crossover(cpu: list[Step], gpu: list[Step]) -> int | None:
    """The first width at which the GPU takes a step sooner than the CPU; None where it never does."""
    cpu_times = {step.width: step.whole for step in cpu}
    return next((step.width for step in gpu if step.width in cpu_times and step.whole < cpu_times[step.width]), None)


PRECISIONS = ("float64", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Kind:
    """What a kind of number can hold, as `torch.finfo` says.

    Attributes:
        smallest: the smallest positive number with all its digits.
        largest: the largest number.
        eps: the gap between 1 and the next number.
    """

    name: str
    bytes: int
    smallest: float
    largest: float
    eps: float


def kinds() -> list[Kind]:
    """What each of `PRECISIONS` can hold."""
    limits = [(name, torch.finfo(getattr(torch, name))) for name in PRECISIONS]
    return [Kind(name, about.bits // 8, about.smallest_normal, about.max, about.eps) for name, about in limits]


@dataclass(frozen=True)
class Precision:
    """What a kind of number costs and brings.

    Attributes:
        milliseconds: one forward pass of a wide CNN over 64 images; None where the device can't.
        accuracy: of a trained CNN on 1,000 test digits, its weights and images in this precision.
        error: the largest difference between its logits and those in float64.
        refused: what PyTorch said where the device can't.
    """

    name: str
    milliseconds: float | None
    accuracy: float | None
    error: float | None
    refused: str


def precisions(device: str) -> list[Precision]:
    """Train a CNN briefly in float32, then let it answer in each precision."""
    return [Precision(**fields) for fields in json.loads(confined(run_precisions, device, memory=None))]


def run_precisions(name: str) -> bytes:
    """`precisions` in the process of its own."""
    device = torch.device(name)
    torch.manual_seed(1)
    images, labels, test_images, test_labels = digits()
    x, y = images.unsqueeze(1).float() / 255, labels
    cnn = CNN()
    optimizer = torch.optim.Adam(cnn.parameters(), lr=0.002)
    loss_func = nn.CrossEntropyLoss()
    order = torch.randperm(len(x))
    for start in range(0, len(x), 50):
        batch = order[start : start + 50]
        optimizer.zero_grad()
        loss_func(cnn(x[batch]), y[batch]).backward()
        optimizer.step()
    test = test_images[:1000].unsqueeze(1).float() / 255
    with torch.no_grad():
        exact = cnn.double()(test.double())
        cnn.float()
        measured = [_precision(device, name, cnn, test, test_labels[:1000], exact) for name in PRECISIONS]
    return json.dumps([asdict(one) for one in measured]).encode()


def _precision(device: torch.device, name: str, cnn: CNN, test: Tensor, labels: Tensor, exact: Tensor) -> Precision:
    dtype = getattr(torch, name)
    try:
        net = CNN().to(device, dtype)
        net.load_state_dict(cnn.state_dict())
        logits = net(test.to(device, dtype)).double().cpu()
        wide = CNN(channels1=32, channels2=64).to(device, dtype)
        batch = torch.rand(64, 1, 28, 28).to(device, dtype)
        took = milliseconds(device, lambda: wide(batch), 5)
    except (RuntimeError, TypeError, NotImplementedError) as error:
        return Precision(name, None, None, None, f"{type(error).__name__}: {error}".split("\n")[0])
    accuracy = (logits.argmax(dim=1) == labels).double().mean().item()
    return Precision(name, took, accuracy, (logits - exact).abs().max().item(), "")


@dataclass(frozen=True)
class Threads:
    """Milliseconds of a training step with this many threads: the tutorial's small network, and a wide CNN."""

    threads: int
    small: float
    large: float


def thread_counts() -> list[int]:
    """1, 2, 4 ... up to all processors."""
    counts = [1]
    while counts[-1] * 2 <= min(cores(), 32):
        counts.append(counts[-1] * 2)
    if counts[-1] != cores() <= 32:
        counts.append(cores())
    return counts


def threads(count: int) -> Threads:
    """Measure with this many threads, in a process of its own."""
    return Threads(**json.loads(confined(run_threads, count, memory=None)))


def run_threads(count: int) -> bytes:
    """`threads` in the process of its own."""
    torch.set_num_threads(count)
    cpu = torch.device("cpu")
    small = _training_step(Net(2, 10, 2), torch.randn(200, 2), 2)
    large = _training_step(CNN(channels1=32, channels2=64), torch.rand(256, 1, 28, 28), 10)
    return json.dumps(asdict(Threads(count, milliseconds(cpu, small, 50), milliseconds(cpu, large, BATCHES)))).encode()


def _training_step(net: nn.Module, x: Tensor, classes: int) -> Callable[[], None]:
    y = torch.randint(classes, (len(x),))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    loss_func = nn.CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad()
        loss_func(net(x), y).backward()
        optimizer.step()

    return step


PITFALLS = {
    "data": (
        "net = nn.Linear(4, 2).to(device)\nx = torch.randn(3, 4)\nnet(x)",
        "net = nn.Linear(4, 2).to(device)\nx = torch.randn(3, 4).to(device)\nprint(net(x).device)",
    ),
    "numpy": (
        "x = torch.ones(3, device=device)\nx.numpy()",
        "x = torch.ones(3, device=device)\nprint(x.cpu().numpy())",
    ),
    "assigned": (
        "x = torch.ones(3)\nx.to(device)\nprint(x.device)",
        "x = torch.ones(3)\nx = x.to(device)\nprint(x.device)\n\n"
        "net = nn.Linear(4, 2)\nnet.to(device)  # a module moves itself\nprint(net.weight.device)",
    ),
    "time": (
        "a = torch.randn(1500, 1500, device=device)\n"
        "times = []\n"
        "for _ in range(5):\n"
        "    start = time.perf_counter()\n"
        "    y = a @ a\n"
        "    times.append(1000 * (time.perf_counter() - start))\n"
        "print(f'{sorted(times)[2]:.1f} ms, the median of 5, on {y.device}')",
        "a = torch.randn(1500, 1500, device=device)\n"
        "times = []\n"
        "for _ in range(5):\n"
        "    start = time.perf_counter()\n"
        "    y = a @ a\n"
        "    {synchronize}\n"
        "    times.append(1000 * (time.perf_counter() - start))\n"
        "print(f'{sorted(times)[2]:.1f} ms, the median of 5, on {y.device}')",
    ),
}
"""Each mistake, and the program that avoids it."""
SYNCHRONIZE = {
    "cpu": "torch.cpu.synchronize()  # on a GPU: torch.cuda.synchronize()",
    "cuda": "torch.cuda.synchronize(device)",
    "mps": "torch.mps.synchronize()",
}
"""The line that waits, for each type of device."""


def pitfall_program(name: str, fixed: bool, device: str) -> str:
    """One of the `PITFALLS` on a device, with its imports: what is run is what is shown."""
    body = PITFALLS[name][fixed].replace("{synchronize}", SYNCHRONIZE.get(device.split(":")[0], SYNCHRONIZE["cpu"]))
    imports = "import time\n\nimport torch\n" if "time." in body else "import torch\n"
    if "nn." in body:
        imports += "from torch import nn\n"
    return f'{imports}\ndevice = "{device}"\n{body}'


@dataclass(frozen=True)
class Outcome:
    """What a program printed, and the error that ended it, empty if none did."""

    printed: str
    error: str


def pitfall(name: str, fixed: bool, device: str) -> Outcome:
    """Run one of the `PITFALLS` on a device."""
    return Outcome(**json.loads(confined(run_program, pitfall_program(name, fixed, device), memory=None)))


def run_program(program: str) -> bytes:
    """`pitfall` in the process of its own: the program gets nothing that it does not import."""
    printed, error = io.StringIO(), ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(program, "lesson.py", "exec"), {"__name__": "__main__"})
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
    return json.dumps(asdict(Outcome(printed.getvalue(), error))).encode()
