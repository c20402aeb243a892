"""A measurement to take home: the Dataset, the loader and the loop that ran, as one file that needs only torch."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst
import torch

from core.export.specialise import source
from core.export.syntax import Names, literal
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


def program(used: Sequence[Callable[..., Any]], imported: set[tuple[str, str | None]]) -> tuple[str, list[str]]:
    """The import lines and the definitions, each after those it uses, of all that some functions and classes need."""
    definitions: dict[str, str] = {}
    constants: dict[str, str] = {}
    imported = set(imported)

    def visit(item: Any) -> None:
        if item.__name__ in definitions:
            return
        if not item.__module__.startswith("core."):
            imported.add((_public(item), item.__name__))
            return
        if inspect.isclass(item):
            for base in item.__bases__:
                if base.__module__.startswith("core."):
                    visit(base)
        follow(Names(source(item)).free, inspect.getmodule(item))
        definitions[item.__name__] = inspect.getsource(item).rstrip()

    def follow(names: Sequence[str], module: Any) -> None:
        """Look up names of a module: the app's own are visited, others imported, constants taken over."""
        origins, assigned = _imports(module), _assigned(module)
        for name in names:
            if name in origins:
                where, what = origins[name]
                if where.startswith("core."):
                    known = getattr(module, name)
                    owner = sys.modules[where]
                    visit(known) if callable(known) and not name.isupper() else follow([name], owner)
                else:
                    imported.add((where, what))
            elif name in assigned:
                follow(Names(_expression(assigned[name])).free, module)
                constants[name] = assigned[name]
            elif name in vars(module) and name not in definitions:
                visit(getattr(module, name))

    for item in used:
        visit(item)
    head = _import_lines(imported)
    if constants:
        head += "\n" + "\n".join(constants.values())
    return head, list(definitions.values())


def _public(item: Any) -> str:
    """The module that a class of PyTorch's is imported from."""
    parts = item.__module__.split(".")
    for length in range(1, len(parts) + 1):
        module = ".".join(parts[:length])
        if getattr(sys.modules.get(module), item.__name__, None) is item:
            return module
    return str(item.__module__)


def _expression(text: str) -> Any:
    return cst.parse_module(text).body[0]


def _assigned(module: Any) -> dict[str, str]:
    """Name -> the statement that assigns it, of a module's constants."""
    text = inspect.getsource(module)
    return {
        statement.targets[0].id: ast.get_source_segment(text, statement) or ""
        for statement in ast.parse(text).body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }


def _imports(module: Any) -> dict[str, tuple[str, str | None]]:
    """Name -> (module, name in it or None) of a module's imports."""
    found: dict[str, tuple[str, str | None]] = {}
    for statement in ast.parse(inspect.getsource(module)).body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                written = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
                found[alias.asname or alias.name.split(".")[0]] = (written, None)
        elif isinstance(statement, ast.ImportFrom) and statement.module and statement.module != "__future__":
            found.update({alias.name: (statement.module, alias.name) for alias in statement.names})
    return found


def _import_lines(imported: set[tuple[str, str | None]]) -> str:
    groups: list[list[str]] = [[], []]
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for where, name in imported:
        if name is None:
            groups[where.split(".")[0].split(" ")[0] not in sys.stdlib_module_names].append(f"import {where}")
        else:
            parts[where].append(name)
    for group in groups:
        group.sort()
    for where, names in sorted(parts.items()):
        ours = where.split(".")[0] in sys.stdlib_module_names
        groups[not ours].append(f"from {where} import {', '.join(sorted(names))}")
    return "\n".join("\n".join(group) + "\n" for group in groups if group)
