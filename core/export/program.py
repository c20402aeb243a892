"""The parts of an exported run: all that its training loop uses, found by following names from it."""

from __future__ import annotations

import builtins
import inspect
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import libcst as cst
import torch
from torch import nn
from torch.utils.data import Dataset

from core.changes import Changes, as_pairs, from_pairs
from core.config import TrainingConfig
from core.experiments import experiment
from core.export.collector import Collector, Import, import_lines, imports_of, is_ours
from core.export.fold import Knowledge, parameters, takes_config
from core.export.layout import WIDTH
from core.export.specialise import formula, options, source, specialise, without_options
from core.export.syntax import Definition, calls, code, literal, names_in


@dataclass(frozen=True)
class Program:
    """The parts that a script and a notebook are laid out from.

    Attributes:
        title: what it trains, a sentence.
        promise: what it prints, a sentence.
        entry: the name of the training loop.
        imported: (module, name in it or None) of each import.
        constants: assignments of constants, as texts.
        kinds: "data", "model" or "training" for each definition.
        definitions: functions and classes as texts, each after those it uses.
    """

    title: str
    promise: str
    entry: str
    imported: frozenset[Import]
    constants: tuple[str, ...]
    kinds: tuple[str, ...]
    definitions: tuple[str, ...]

    def of_kind(self, kind: str) -> Iterator[str]:
        """The definitions of one kind."""
        return (text for text, its in zip(self.definitions, self.kinds, strict=True) if its == kind)

    def imports(self) -> str:
        """The import lines: the standard library, then all else."""
        return import_lines(self.imported)


def program_of(config: TrainingConfig, changes: Changes | None, others: tuple[Callable[..., Any], ...] = ()) -> Program:
    """The parts of a config's run. A device that was left open becomes the CPU.

    Args:
        others: functions of the app that are in it beside the training loop.
    """
    if getattr(config, "device", None) == "auto":
        config = config.changed(device="cpu")
    return _build(config, json.dumps(as_pairs(changes or {})), others)


@lru_cache(maxsize=256)
def _build(config: TrainingConfig, changes: str, others: tuple[Callable[..., Any], ...]) -> Program:
    train = experiment(config.experiment).train
    writer = _Writer(config, train, from_pairs(json.loads(changes)), others)
    writer.drop_options()
    constants, imported = writer.outside()
    return Program(
        title=_title(train),
        promise="Prints the same losses as the app, bit for bit, with the same torch "
        f"(version {torch.__version__}) on the CPU.",
        entry=train.__name__,
        imported=frozenset({("json", None), ("math", None), ("torch", None), *imported}),
        constants=tuple(_constant(name, value) for name, value in constants.items()),
        kinds=tuple(map(writer.kind, writer.order)),
        definitions=tuple(code(writer.trees[item].with_changes(leading_lines=())) for item in writer.order),
    )


class _Writer(Collector):
    """Finds what the training loop uses and specialises it.

    Attributes:
        trees: each function or class met so far -> its source for this run.
    """

    def __init__(
        self,
        config: TrainingConfig,
        train: Callable[..., Any],
        changes: Changes,
        others: tuple[Callable[..., Any], ...],
    ) -> None:
        self.train = train
        self.knowledge = Knowledge(config, formula=self.formula)
        literal_changes = self.knowledge.expression("changes", dict(changes), longest=len("{}"))
        bound = {"changes": literal_changes, "resume": cst.Name("None")}
        super().__init__((train, *others))
        self.trees: dict[Any, Definition] = {}
        self.trees[train] = specialise(train, self.knowledge, bound)
        self.collect()

    def namespace(self, item: Any) -> dict[str, Any]:
        """What names mean in a function or class for this run."""
        return self.knowledge.brought_values() | super().namespace(item) | self.knowledge.classes

    def imports(self, item: Any) -> dict[str, Import]:
        """Name -> what it imports, for a function or class for this run."""
        brought = self.knowledge.brought.items()
        theirs = {name: imports_of(module)[name] for name, module in brought if name in imports_of(module)}
        return theirs | super().imports(item)

    def tree(self, item: Any) -> Definition:
        """The source of a function or class for this run."""
        if item not in self.trees:
            self.trees[item] = specialise(item, self.knowledge) if takes_config(item) else source(item)
        return self.trees[item]

    def formula(self, item: Any) -> tuple[list[str], cst.BaseExpression] | None:
        """What a function computes where it is one expression, see `Knowledge.formula`."""
        tree = self.tree(item)
        return formula(tree) if isinstance(tree, cst.FunctionDef) else None

    def drop_options(self) -> None:
        """Take those options out of the networks' constructors that nobody passes."""
        for item in self.order:
            if inspect.isclass(item) and issubclass(item, nn.Module):
                unused = self._unused_options(item)
                if unused:
                    self.trees[item] = without_options(item, self.knowledge, unused)
        self.collect()

    def _unused_options(self, item: type) -> dict[str, cst.BaseExpression]:
        defaults = options(item)
        if not defaults:
            return {}
        trees = [self.trees[other] for other in self.order]
        if any(names_in(tree).read[item.__name__] != names_in(tree).called[item.__name__] for tree in trees):
            return {}
        passed: set[str] = set()
        wanted = list(parameters(item))
        for call in calls(item.__name__, trees):
            if any(arg.star for arg in call.args):
                return {}
            passed.update(arg.keyword.value if arg.keyword else wanted[i] for i, arg in enumerate(call.args))
        return {name: default for name, default in defaults.items() if name not in passed}

    def outside(self) -> tuple[dict[str, Any], set[Import]]:
        """Name -> value of the constants in use, and the imports."""
        constants: dict[str, Any] = {}
        imported: set[Import] = set()
        for item in self.order:
            namespace, imports = self.namespace(item), self.imports(item)
            for name in names_in(self.trees[item]).free:
                if name in self.knowledge.constants:
                    constants[name] = self.knowledge.constants[name]
                elif name in imports:
                    imported.add(imports[name])
                elif name in namespace and not is_ours(namespace[name]):
                    constants[name] = namespace[name]
                elif name not in namespace and not hasattr(builtins, name):
                    raise ValueError(f"{item.__qualname__} uses {name}, which its module does not have")
        return constants, imported

    def kind(self, item: Any) -> str:
        """Whether a definition is about "data", a "model", or all else, "training", as the loop always is."""
        if item is self.train:
            return "training"
        reached = self.reach(item)
        data = any(map(_is_data, reached))
        model = any(map(_is_model, reached))
        return "training" if data == model else "data" if data else "model"


def _title(train: Callable[..., Any]) -> str:
    """The first line of the text on top of an experiment's module, or of its folder's `__init__.py`.

    A loop in core/experiments/vgg/loop.py belongs to core.experiments.vgg; any other module speaks for itself.
    """
    parts = train.__module__.split(".")
    own = parts[:3] if parts[:2] == ["core", "experiments"] else parts
    return (inspect.getdoc(sys.modules[".".join(own)]) or "").split("\n")[0]


def _is_data(item: Any) -> bool:
    """Whether a function or class makes data: it stands in core.data, or it is an experiment's own Dataset."""
    return item.__module__.split(".")[:2] == ["core", "data"] or (inspect.isclass(item) and issubclass(item, Dataset))


def _is_model(item: Any) -> bool:
    """Whether a function or class is of a network: it stands in core.models, or it is an experiment's own module."""
    return item.__module__.split(".")[:2] == ["core", "models"] or (
        inspect.isclass(item) and issubclass(item, nn.Module)
    )


def _constant(name: str, value: Any) -> str:
    """The assignment of a constant, its items filling the lines."""
    text = f"{name} = {literal(value)}"
    if len(text) <= WIDTH or not isinstance(value, (tuple, list, dict)):
        return text
    pairs = isinstance(value, dict)
    items = [f"{literal(key)}: {literal(value[key])}" for key in value] if pairs else map(literal, value)
    lines = [""]
    for item in items:
        if len(lines[-1]) + len(item) > WIDTH - 6:
            lines.append("")
        lines[-1] += f"{item}, "
    opening, closing = text[len(name) + 3], text[-1]
    return f"{name} = {opening}\n" + "".join(f"    {line.rstrip()}\n" for line in lines) + closing
