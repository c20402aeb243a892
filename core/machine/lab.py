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

BATCHES = 7
"""Batches that a time is the median of."""
WIDTHS = (4, 8, 16, 32, 64, 128)
BATCH_SIZES = (16, 64, 256)
LONGEST_STEP, LONGEST_SWEEP = 0.6, 6.0
"""Seconds: where a step, or all of them, would take longer, larger networks are left out."""


def synchronize(device: torch.device) -> None:
    """Wait until a device has done all that it was asked: a GPU works while the program goes on."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def milliseconds(device: torch.device, work: Callable[[], object], times: int = BATCHES) -> float:
    """How long something takes on a device, once it is warm: the median."""
    work()
    found = []
    for _ in range(times):
        synchronize(device)
        start = time.perf_counter()
        work()
        synchronize(device)
        found.append(1000 * (time.perf_counter() - start))
    return statistics.median(found)


@dataclass(frozen=True)
class Place:
    """Where a tensor lives."""

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
    device = torch.device(name)
    torch.manual_seed(1)
    all_images, all_labels, _, _ = digits()
    cnn = CNN()
    optimizer = torch.optim.SGD(cnn.parameters(), lr=0.1)
    loss_func = nn.CrossEntropyLoss()
    stages: list[Stage] = []
    tensors: dict[str, Tensor] = {}

    def stage(name: str, code: str, work: Callable[[], object], repeat: bool = False) -> None:
        error, took = "", None
        try:
            start = time.perf_counter()
            work()
            synchronize(device)
            took = 1000 * (time.perf_counter() - start)
            if repeat:
                took = milliseconds(device, work)
        except (RuntimeError, NotImplementedError, TypeError) as refused:
            error = f"{type(refused).__name__}: {refused}".split("\n")[0]
        shown = dict(tensors)
        shown["cnn.out.weight"] = cnn.out.weight
        if cnn.out.weight.grad is not None:
            shown["cnn.out.weight.grad"] = cnn.out.weight.grad
        places = [
            Place(key, str(value.device), tuple(value.shape), value.numel() * value.dtype.itemsize)
            for key, value in shown.items()
        ]
        stages.append(Stage(name, code, places, None if device.type == "meta" else took, error))

    def load() -> None:
        images = all_images[:64].unsqueeze(1).float() / 255
        labels = all_labels[:64]
        if device.type == "cuda":
            images, labels = images.pin_memory(), labels.pin_memory()
        tensors.update(images=images, labels=labels)

    def move_data() -> None:
        tensors["images"] = tensors["images"].to(device, non_blocking=True)
        tensors["labels"] = tensors["labels"].to(device, non_blocking=True)

    def forward() -> None:
        tensors["output"] = cnn(tensors["images"])
        tensors["loss"] = loss_func(tensors["output"], tensors["labels"])

    def backward() -> None:
        optimizer.zero_grad()
        loss_func(cnn(tensors["images"]), tensors["labels"]).backward()
        optimizer.step()

    def back() -> None:
        tensors["pred_y"] = tensors["output"].argmax(dim=1).cpu()

    stage("loaded", "images, labels = next(iter(loader))", load)
    moved = "images = images.to(device)\nlabels = labels.to(device)"
    stage("data", moved, move_data)
    stage("model", "cnn.to(device)", lambda: cnn.to(device))
    stage("forward", "output = cnn(images)\nloss = loss_func(output, labels)", forward, repeat=True)
    stage("backward", "loss.backward()\noptimizer.step()", backward, repeat=True)
    stage("back", "pred_y = output.argmax(dim=1).cpu()", back, repeat=True)
    return json.dumps([asdict(stage) for stage in stages]).encode()


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
        """All three."""
        return self.transfer + self.compute + self.back


def sweep(device: str, batch_size: int) -> list[Step]:
    """Training steps of ever wider CNNs on one device; widths that would take too long are left out."""
    return [Step(**step) for step in json.loads(confined(run_sweep, device, batch_size, memory=None))]


def run_sweep(name: str, batch_size: int, widths: tuple[int, ...] = WIDTHS) -> bytes:
    """`sweep` in the process of its own."""
    device = torch.device(name)
    torch.set_num_threads(1)  # as in every run of the app
    found: list[Step] = []
    end = time.perf_counter() + LONGEST_SWEEP
    for width in widths:
        if time.perf_counter() > end:
            break
        if len(found) > 1 and found[-1].whole * found[-1].whole / found[-2].whole > 1000 * LONGEST_STEP:
            break
        found.append(_step(device, width, batch_size))
    return json.dumps([asdict(step) for step in found]).encode()


def _cores() -> int:
    from core.machine.inventory import cores

    return cores()


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
    known = {step.width: step.whole for step in cpu}
    return next((step.width for step in gpu if step.width in known and step.whole < known[step.width]), None)


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
    """All of `PRECISIONS`."""
    found = [(name, torch.finfo(getattr(torch, name))) for name in PRECISIONS]
    return [Kind(name, about.bits // 8, about.smallest_normal, about.max, about.eps) for name, about in found]


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
    return [Precision(**found) for found in json.loads(confined(run_precisions, device, memory=None))]


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
        found = [_precision(device, name, cnn, test, test_labels[:1000], exact) for name in PRECISIONS]
    return json.dumps([asdict(one) for one in found]).encode()


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
    """Milliseconds of a training step with so many threads: the tutorial's small network, and a wide CNN."""

    threads: int
    small: float
    large: float


def thread_counts() -> list[int]:
    """1, 2, 4 ... up to all processors."""
    counts = [1]
    while counts[-1] * 2 <= min(_cores(), 32):
        counts.append(counts[-1] * 2)
    if counts[-1] != _cores() <= 32:
        counts.append(_cores())
    return counts


def threads(count: int) -> Threads:
    """Measure with so many threads, in a process of its own."""
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
"""Each mistake and how it is mended."""
SYNCHRONIZE = {
    "cpu": "torch.cpu.synchronize()  # on a GPU: torch.cuda.synchronize()",
    "cuda": "torch.cuda.synchronize(device)",
    "mps": "torch.mps.synchronize()",
}
"""The line that waits, for each type of device."""


def pitfall_program(name: str, mended: bool, device: str) -> str:
    """One of the `PITFALLS` on a device, with its imports: what is run is what is shown."""
    body = PITFALLS[name][mended].replace("{synchronize}", SYNCHRONIZE.get(device.split(":")[0], SYNCHRONIZE["cpu"]))
    imports = "import time\n\nimport torch\n" if "time." in body else "import torch\n"
    if "nn." in body:
        imports += "from torch import nn\n"
    return f'{imports}\ndevice = "{device}"\n{body}'


@dataclass(frozen=True)
class Outcome:
    """What a program printed, and the error that ended it, empty if none did."""

    printed: str
    error: str


def pitfall(name: str, mended: bool, device: str) -> Outcome:
    """Run one of the `PITFALLS` on a device."""
    return Outcome(**json.loads(confined(run_program, pitfall_program(name, mended, device), memory=None)))


def run_program(program: str) -> bytes:
    """`pitfall` in the process of its own: the program gets nothing that it does not import."""
    printed, error = io.StringIO(), ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(program, "lesson.py", "exec"), {"__name__": "__main__"})
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
    return json.dumps(asdict(Outcome(printed.getvalue(), error))).encode()
