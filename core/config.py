"""The base of all configs: one declaration of a setting serves sliders, checks, links, records and exported scripts."""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, ValidationError, model_validator

from core.foreign import quoted, written

MAX_TEXT = 100_000
"""Longest text, in characters, that a single setting is read from."""


@dataclass(frozen=True)
class Problem:
    """Why a value can't be used: one sentence, kept as a template so that a page can translate it."""

    field: str
    sentence: str
    values: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence.format(**self.values)


class ConfigError(ValueError):
    """Values that can't be used as a config. `problems` holds one sentence for each field concerned."""

    def __init__(self, problems: list[Problem]):
        super().__init__("; ".join(f"{p.field}: {p}" if p.field else str(p) for p in problems))
        self.problems = problems


@dataclass(frozen=True)
class Setting:
    """How one field of a config is shown and bounded.

    Attributes:
        label: its name on the screen (English; the message id of its translations).
        help: one or two sentences on what it does to learning.
        group: "data", "network", "loader" or "training".
        low, high: inclusive bounds of a number, or of each number in a tuple.
        length: the least and the most items of a tuple, or characters of a text; None where there is no bound.
        step: a slider's step.
        log: whether a slider runs over powers of ten.
        folded: whether it is folded away until asked for.
        acts: what a change does while a run trains: it needs a new run, it acts on the run at once, or later, when
            the run has ended and continues.
        source: where its default comes from.
        choices: value -> label, for a field with a fixed set of values.
        note: what has to be in sight beside it, where its label is a name that nobody knows yet.
        item: the label of each number of a tuple, with its {number}, where each has a slider of its own.
        item_help: what such a number does to learning; `help` is about all of them.
        count_help: what it does to learning how many numbers there are.
        shown_if: (field, values): shown only while that other field has one of these values.
    """

    label: str
    help: str
    group: Literal["data", "network", "loader", "training"]
    low: float | None = None
    high: float | None = None
    length: tuple[int | None, int | None] = (None, None)
    step: float | None = None
    log: bool = False
    folded: bool = True
    acts: Literal["new run", "at once", "later"] = "new run"
    source: str = ""
    choices: Mapping[Any, str] | None = None
    note: str = ""
    item: str = ""
    item_help: str = ""
    count_help: str = ""
    shown_if: tuple[str, tuple[Any, ...]] | None = None


@dataclass(frozen=True)
class _EachNumber:
    """Bounds of the numbers in a tuple, as pydantic reads them from a field's metadata."""

    low: float
    high: float

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        schema: Any = handler(source)
        for item in schema["items_schema"]:
            if item["type"] in ("int", "float"):
                item.update(ge=self.low, le=self.high)
        return schema


def setting(default: Any, *, label: str, help: str, group: str, **more: Any) -> Any:
    """Declare a field of a config, with the checks of its bounds; `more` takes the other attributes of `Setting`."""
    declared = Setting(label=label, help=help, group=typing.cast(Any, group), **more)
    bounds: dict[str, Any] = {}
    if isinstance(default, (int, float)) and not isinstance(default, bool):
        bounds = {"ge": declared.low, "le": declared.high}
    if isinstance(default, float):
        bounds["allow_inf_nan"] = False
    if isinstance(default, (tuple, str)):
        bounds = {"min_length": declared.length[0], "max_length": declared.length[1]}
    field = Field(default, json_schema_extra={"setting": typing.cast(Any, declared)}, **bounds)
    if isinstance(default, tuple) and declared.low is not None and declared.high is not None:
        field.metadata.insert(0, _EachNumber(declared.low, declared.high))
    return field


class Config(BaseModel):
    """A frozen set of settings, each declared by `setting`.

    Attributes:
        experiment: the name under which its values are kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")

    experiment: ClassVar[str]

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong between fields that are each within bounds; overridden by experiments."""
        return iter(())

    @model_validator(mode="after")
    def _check_between_fields(self) -> Self:
        problems = list(self.problems())
        if problems:
            raise ConfigError(problems)
        return self

    @classmethod
    @cache
    def settings(cls) -> Mapping[str, Setting]:
        """Every field's `Setting`, in the order of declaration."""
        settings = {}
        for name, info in cls.model_fields.items():
            assert isinstance(info.json_schema_extra, dict)
            settings[name] = typing.cast(Setting, info.json_schema_extra["setting"])
        return settings

    @classmethod
    def acting(cls, when: str) -> set[str]:
        """The fields whose change acts on a run "at once", "later", or needs a "new run"."""
        return {name for name, declared in cls.settings().items() if declared.acts == when}

    @classmethod
    def default(cls, name: str) -> Any:
        """The default of one field."""
        return cls.model_fields[name].default

    @classmethod
    def create(cls, values: Mapping[str, Any]) -> Self:
        """Build a config from values or texts.

        Raises:
            ConfigError: a sentence for each field that can't be used.
        """
        unknown = [_unknown(name, cls) for name in values if name not in cls.model_fields]
        known = {name: cls._read(name, value) for name, value in values.items() if name in cls.model_fields}
        try:
            config = cls(**known)
        except ValidationError as error:
            raise ConfigError(unknown + _sentences(error, cls)) from None
        if unknown:
            raise ConfigError(unknown)
        return config

    @classmethod
    def forgive(cls, values: Mapping[str, Any]) -> tuple[Self, list[Problem]]:
        """Build the nearest config: a field that can't be used keeps its default and gets a sentence."""
        values = dict(values)
        problems: list[Problem] = []
        while True:
            try:
                return cls.create(values), problems
            except ConfigError as error:
                problems += error.problems
                before = len(values)
                for problem in error.problems:
                    values.pop(problem.field, None)
                if len(values) == before:
                    return cls(), problems

    def changed(self, **values: Any) -> Self:
        """A copy with other values, checked like a new one (raises ConfigError)."""
        return type(self).create({**dict(self), **values})

    def to_query(self) -> dict[str, str]:
        """The fields that differ from their defaults, as texts for a link."""
        return {name: self.write(name, value) for name, value in self if value != type(self).default(name)}

    @classmethod
    def write(cls, name: str, value: Any) -> str:
        """One field's value as the text that `create` reads back."""
        if isinstance(value, tuple):
            if value and isinstance(value[0], tuple):
                return "_".join(",".join(_number(part) for part in item) for item in value)
            return ",".join(str(item) for item in value)
        if isinstance(value, bool):
            return "true" if value else "false"
        return _number(value) if isinstance(value, float) else str(value)

    @classmethod
    def _read(cls, name: str, value: Any) -> Any:
        """Split a text for a tuple field, such as "16,16" or "(16, 16)", or find a choice; pydantic reads all else."""
        if not isinstance(value, str):
            return value
        value = written(value)
        if typing.get_origin(cls.model_fields[name].annotation) is Literal:
            choices = {str(choice): choice for choice in typing.get_args(cls.model_fields[name].annotation)}
            return choices.get(value, value[:MAX_TEXT])
        if typing.get_origin(cls.model_fields[name].annotation) is not tuple or len(value) > MAX_TEXT:
            return value[:MAX_TEXT]
        item = typing.get_args(cls.model_fields[name].annotation)[0]
        if typing.get_origin(item) is tuple:
            return [part.split(",") for part in value.split("_") if part]
        if value[:1] + value[-1:] in ("()", "[]"):
            value = value[1:-1]
        return [part.strip() for part in value.split(",") if part.strip()]


class TrainingConfig(Config):
    """The settings of an experiment. Two equal configs train to the same losses, bit for bit.

    Each experiment declares the settings below for itself, so that they stand in its own order with its own defaults.

    Attributes:
        optimizer: a class of torch.optim.
        lr: the learning rate.
        num_steps: optimizer steps of the whole run.
        device: a device's name in torch, or "auto".
        bugs: the mistakes that are switched on.
        steps_per_epoch: optimizer steps in one pass over the training data.
    """

    REQUIRED: ClassVar[tuple[str, ...]] = ("optimizer", "lr", "seed", "num_steps", "device", "bugs", "steps_per_epoch")

    if TYPE_CHECKING:

        @property
        def optimizer(self) -> str: ...

        @property
        def lr(self) -> float: ...

        @property
        def seed(self) -> int: ...

        @property
        def device(self) -> str: ...

        @property
        def bugs(self) -> tuple[str, ...]: ...

        @property
        def num_steps(self) -> int: ...

        @property
        def steps_per_epoch(self) -> int: ...

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        if hasattr(cls, "experiment"):
            lacking = [name for name in cls.REQUIRED if name not in cls.model_fields and not hasattr(cls, name)]
            if lacking:
                raise TypeError(f"{cls.__name__} does not declare {', '.join(lacking)}")

    def with_steps(self, num_steps: int) -> Self:
        """A copy that runs this many steps (raises ConfigError)."""
        return self.changed(num_steps=num_steps)


def has_own_data(config: TrainingConfig) -> bool:
    """Whether a config holds or names a person's own data: then it is never cached for others."""
    return any(getattr(config, name, None) for name in ("points", "series", "own_images"))


class EpochConfig(TrainingConfig):
    """The settings of an experiment whose runs are counted in epochs: passes over its training examples.

    Attributes:
        num_epochs: passes of the whole run.
        batch_size: examples in a step.
        n_train: the number of training examples.
    """

    REQUIRED = (*TrainingConfig.REQUIRED, "num_epochs", "batch_size", "n_train")

    if TYPE_CHECKING:

        @property
        def num_epochs(self) -> int: ...

        @property
        def batch_size(self) -> int: ...

        @property
        def n_train(self) -> int: ...

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps in one pass over the training examples."""
        return math.ceil(self.n_train / self.batch_size)

    @property
    def num_steps(self) -> int:
        """Optimizer steps of the whole run."""
        return self.num_epochs * self.steps_per_epoch

    def with_steps(self, num_steps: int) -> Self:
        """A copy that runs whole epochs, at least this many steps (raises ConfigError)."""
        return self.changed(num_epochs=math.ceil(num_steps / self.steps_per_epoch))


def _number(value: Any) -> str:
    text = repr(value)
    return text[:-2] if text.endswith(".0") else text


def _unknown(name: str, cls: type[Config]) -> Problem:
    labels = {declared.label.lower().replace(" ", "_"): field for field, declared in cls.settings().items()}
    known = {**labels, **{field: field for field in cls.model_fields}}
    near = difflib.get_close_matches(name[:80].lower(), known, n=1)
    if near:
        return Problem(
            name, "There is no setting “{name}”; did you mean “{near}”?", {"name": quoted(name), "near": known[near[0]]}
        )
    return Problem(name, "There is no setting “{name}”.", {"name": quoted(name)})


def _sentences(error: ValidationError, cls: type[Config]) -> list[Problem]:
    """Pydantic's errors as one plain sentence a field."""
    problems: dict[str, Problem] = {}
    for detail in error.errors(include_url=False):
        inner = detail.get("ctx", {}).get("error")
        if isinstance(inner, ConfigError):
            for problem in inner.problems:
                problems.setdefault(problem.field, problem)
            continue
        name = str(detail["loc"][0]) if detail["loc"] else ""
        problems.setdefault(name, _sentence(name, detail["type"], detail.get("input"), cls))
    return list(problems.values())


def _sentence(name: str, kind: str, value: Any, cls: type[Config]) -> Problem:
    declared = cls.settings()[name]
    given = quoted(value)
    if declared.choices is not None:
        choices = ", ".join(str(choice) for choice in declared.choices)
        if kind in ("too_short", "too_long"):
            return Problem(name, "Choose at least one of: {choices}.", {"choices": choices})
        return Problem(name, "“{value}” is not one of: {choices}.", {"value": given, "choices": choices})
    if kind == "too_long":
        return Problem(name, "At most {count} entries fit here.", {"count": declared.length[1]})
    if kind == "too_short":
        return Problem(name, "At least {count} entries are needed here.", {"count": declared.length[0]})
    if kind.startswith("bool"):
        return Problem(name, "“{value}” is neither true nor false.", {"value": given})
    if kind == "string_pattern_mismatch":
        if name != "device":
            return Problem(name, "“{value}” can't be read here.", {"value": given})
        return Problem(name, "“{value}” is not a device; try auto, cpu, cuda:0 or mps.", {"value": given})
    if declared.low is None:
        return Problem(name, "“{value}” can't be read here.", {"value": given})
    low, high = _number(declared.low), _number(declared.high)
    if kind in ("int_from_float", "int_parsing", "int_type") and not kind.endswith("size"):
        return Problem(
            name,
            "A whole number from {low} to {high} is needed, not “{value}”.",
            {"low": low, "high": high, "value": given},
        )
    return Problem(
        name, "A number from {low} to {high} is needed, not “{value}”.", {"low": low, "high": high, "value": given}
    )


def kind_of(cls: type[Config], name: str) -> str:
    """What a field holds: "bool", "int", "float", "text", "choice", "choices", "ints" or "points"."""
    annotation = cls.model_fields[name].annotation
    origin = typing.get_origin(annotation)
    if origin is Literal:
        return "choice"
    if origin is tuple:
        item = typing.get_args(annotation)[0]
        item = typing.get_args(item)[0] if typing.get_origin(item) is typing.Annotated else item
        if typing.get_origin(item) is Literal:
            return "choices"
        return "points" if typing.get_origin(item) is tuple else "ints"
    if isinstance(annotation, types.UnionType) or annotation is None:
        raise TypeError(f"{cls.__name__}.{name}: a setting has one plain type")
    return {"bool": "bool", "int": "int", "float": "float", "str": "text"}[annotation.__name__]
