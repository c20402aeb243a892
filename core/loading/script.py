"""A measurement to take home: the Dataset, the loader and the loop that ran, as one file that needs only torch."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import torch

from core.export.collector import Collector, Import, import_lines, is_ours
from core.export.syntax import literal
from core.loading import plan
from core.loading.config import LoadingConfig
from core.loading.datasets import write_files
from core.loading.loop import run, warm_up
from core.loading.plan import Call

PRINT = """\
begin = start = time.perf_counter()
batches = seen = 0
waited = 0.0
for moment in run(loader, step, num_epochs={num_epochs}):
    waited += moment.got - moment.asked
    if moment.batch is not None:
        batches += 1
        continue
    seconds = moment.done - start
    record = {{"epoch": moment.epoch, "batches": batches - seen, "seconds": seconds, "waited": waited / seconds}}
    print(json.dumps(record))
    start, seen, waited = moment.done, batches, 0.0
print(json.dumps({{"batches_per_second": batches / (start - begin)}}))
"""


def script(config: LoadingConfig) -> str:
    """The program that measures a config, a line of JSON an epoch."""
    made, stream, loader, step = plan.dataset(config), plan.stream(config), plan.loader(config), plan.step(config)
    used: list[Any] = [made.function, loader.function, step.function, run, warm_up]
    lines = [
        "# One thread for the training, as in the app.",
        "torch.set_num_threads(1)",
        f"torch.manual_seed({config.seed})",
    ]
    if config.dataset == "files":
        used.append(write_files)
        arguments = f"{literal(plan.FOLDER)}, samples={config.samples}, seed={config.seed}, side={config.file_size}"
        lines += [f"Path({literal(plan.FOLDER)}).mkdir(exist_ok=True)", f"write_files({arguments})"]
    lines.append(f"dataset = {written(made)}")
    if stream is not None:
        used.append(stream.function)
        lines.append(f"dataset = {written(stream, 'dataset')}")
    lines += [f"loader = {written(loader, 'dataset')}", f"step = {written(step)}", "warm_up(step)", ""]
    used += [value for value in loader.arguments.values() if inspect.isfunction(value)]
    title = (
        f'"""Loading data as in Torch Playground, with torch {torch.__version__}.\n\nPrints a line of JSON an epoch."""'
    )
    text = "\n".join(lines) + "\n" + PRINT.format(num_epochs=config.num_epochs)
    imports, definitions = program(used, {("json", None), ("time", None), ("torch", None)})
    return "\n\n\n".join(
        [f"{title}\n\n{imports}", *definitions, 'if __name__ == "__main__":\n' + textwrap.indent(text, "    ")]
    )


def written(call: Call, *first: str) -> str:
    """A call as Python, one line if it fits."""
    arguments = [*first]
    for name, value in call.arguments.items():
        arguments.append(f"{name}={value.__name__ if inspect.isfunction(value) else literal(value)}")
    line = f"{call.function.__name__}({', '.join(arguments)})"
    if len(line) <= 90:
        return line
    return f"{call.function.__name__}(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


def program(used: Sequence[Callable[..., Any]], imported: set[Import]) -> tuple[str, list[str]]:
    """The import lines and the definitions, each after those it uses, of all that some functions and classes need."""
    collector = Collector([item for item in used if is_ours(item)])
    collector.collect()
    constants, needed = collector.constants_as_written()
    public = {(_public(item), item.__name__) for item in used if not is_ours(item)}
    head = import_lines(imported | needed | public)
    if constants:
        head += "\n" + "\n".join(constants.values())
    return head, [inspect.getsource(item).rstrip() for item in collector.order]


def _public(item: Any) -> str:
    """The module that a class of PyTorch's is imported from."""
    parts = item.__module__.split(".")
    for length in range(1, len(parts) + 1):
        module = ".".join(parts[:length])
        if getattr(sys.modules.get(module), item.__name__, None) is item:
            return module
    return str(item.__module__)
