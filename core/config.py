"""The base of all configs: one declaration of a setting serves sliders, checks, links, records and exported scripts."""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

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
    """Values that make no config. `problems` holds one sentence for each field concerned."""

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
        low, high: inclusive bounds of a number, or of each item of a tuple.
        step: a slider's step.
        log: whether a slider runs over powers of ten.
        folded: whether it is folded away until asked for.
        live: whether a change acts on a run that is training, without restarting it.
        source: where its default comes from.
        choices: value -> label, for a field with a fixed set of values.
        shown_if: (field, values): shown only while that other field has one of these values.
    """

    label: str
    help: str
    group: Literal["data", "network", "loader", "training"]
    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool = False
    folded: bool = True
    live: bool = False
    source: str = ""
    choices: Mapping[Any, str] | None = None
    shown_if: tuple[str, tuple[Any, ...]] | None = None


def setting(default: Any, *, label: str, help: str, group: str, **more: Any) -> Any:
    """Declare a field of a config; `more` takes the other attributes of `Setting`, and `length` for tuples."""
    length = more.pop("length", (None, None))
    shown = Setting(label=label, help=help, group=typing.cast(Any, group), **more)
    bounds: dict[str, Any] = {}
    if isinstance(default, (int, float)) and not isinstance(default, bool):
        bounds = {"ge": shown.low, "le": shown.high, "allow_inf_nan": False}
        if isinstance(default, int):
            bounds.pop("allow_inf_nan")
    if isinstance(default, tuple):
        bounds = {"min_length": length[0], "max_length": length[1]}
    return Field(default, json_schema_extra={"setting": typing.cast(Any, shown)}, **bounds)


Device = Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:[0-9]{1,2})?)$")]
"""A device's name in torch, or "auto"."""
Optimizer = Literal["SGD", "Adam", "AdamW", "RMSprop"]
"""A class of torch.optim."""


class Config(BaseModel):
    """A frozen set of hyperparameters. Two equal configs train to the same losses, bit for bit.

    Every experiment's config has the fields `optimizer`, `lr`, `num_steps`, `device` and `bugs`, and a property
    `steps_per_epoch`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")

    experiment: ClassVar[str]
    if TYPE_CHECKING:
        lr: float = 0.0
        num_steps: int = 0
        device: str = ""
        optimizer: str = ""
        bugs: tuple[str, ...] = ()

        @property
        def steps_per_epoch(self) -> int:
            """Optimizer steps in one pass over the training data."""
            raise AttributeError

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong between fields that are each within bounds; overridden by experiments."""
        return iter(())

    @model_validator(mode="after")
    def _check_between_fields(self) -> Self:
        found = list(self.problems())
        if found:
            raise ConfigError(found)
        return self

    @classmethod
    def settings(cls) -> dict[str, Setting]:
        """Every field's `Setting`, in the order of declaration."""
        found = {}
        for name, info in cls.model_fields.items():
            assert isinstance(info.json_schema_extra, dict)
            found[name] = typing.cast(Setting, info.json_schema_extra["setting"])
        return found

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
        """Build the nearest config: fields that can't be used keep their default and are told in sentences."""
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

    def with_steps(self, num_steps: int) -> Self:
        """A copy that runs so many steps (raises ConfigError)."""
        return self.changed(num_steps=num_steps)

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


class EpochConfig(Config):
    """Settings of an experiment whose runs are counted in epochs: passes over its training examples.

    It has the fields `num_epochs` and `batch_size`, and a property `n_train`.
    """

    if TYPE_CHECKING:
        num_epochs: int = 0
        batch_size: int = 0

        @property
        def n_train(self) -> int:
            """The number of training examples."""
            raise AttributeError

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps in one pass over the training examples."""
        return math.ceil(self.n_train / self.batch_size)

    @property  # type: ignore[misc]
    def num_steps(self) -> int:  # type: ignore[override]
        """Optimizer steps of the whole run."""
        return self.num_epochs * self.steps_per_epoch

    def with_steps(self, num_steps: int) -> Self:
        """A copy that runs whole epochs, so many steps or more (raises ConfigError)."""
        return self.changed(num_epochs=math.ceil(num_steps / self.steps_per_epoch))


def _number(value: Any) -> str:
    text = repr(value)
    return text[:-2] if text.endswith(".0") else text


def _unknown(name: str, cls: type[Config]) -> Problem:
    labels = {shown.label.lower().replace(" ", "_"): field for field, shown in cls.settings().items()}
    known = {**labels, **{field: field for field in cls.model_fields}}
    near = difflib.get_close_matches(name[:80].lower(), known, n=1)
    if near:
        return Problem(
            name, "There is no setting “{name}”; did you mean “{near}”?", {"name": name[:80], "near": known[near[0]]}
        )
    return Problem(name, "There is no setting “{name}”.", {"name": name[:80]})


def _sentences(error: ValidationError, cls: type[Config]) -> list[Problem]:
    """Pydantic's findings as one plain sentence a field."""
    problems: dict[str, Problem] = {}
    for found in error.errors(include_url=False):
        inner = found.get("ctx", {}).get("error")
        if isinstance(inner, ConfigError):
            for problem in inner.problems:
                problems.setdefault(problem.field, problem)
            continue
        name = str(found["loc"][0]) if found["loc"] else ""
        problems.setdefault(name, _sentence(name, found["type"], found.get("input"), cls))
    return list(problems.values())


def _sentence(name: str, kind: str, value: Any, cls: type[Config]) -> Problem:
    shown = cls.settings()[name]
    info = cls.model_fields[name]
    given = str(value)[:60]
    if shown.choices is not None:
        choices = ", ".join(str(choice) for choice in shown.choices)
        if kind in ("too_short", "too_long"):
            return Problem(name, "Choose at least one of: {choices}.", {"choices": choices})
        return Problem(name, "“{value}” is not one of: {choices}.", {"value": given, "choices": choices})
    if kind == "too_long":
        return Problem(name, "At most {count} entries fit here.", {"count": _limit(info, "max_length")})
    if kind == "too_short":
        return Problem(name, "At least {count} entries are needed here.", {"count": _limit(info, "min_length")})
    if kind.startswith("bool"):
        return Problem(name, "“{value}” is neither true nor false.", {"value": given})
    if kind == "string_pattern_mismatch":
        if name != "device":
            return Problem(name, "“{value}” can't be read here.", {"value": given})
        return Problem(name, "“{value}” is not a device; try auto, cpu, cuda:0 or mps.", {"value": given})
    if shown.low is None:
        return Problem(name, "“{value}” can't be read here.", {"value": given})
    low, high = _number(shown.low), _number(shown.high)
    if kind in ("int_from_float", "int_parsing", "int_type") and not kind.endswith("size"):
        return Problem(
            name,
            "A whole number from {low} to {high} is needed, not “{value}”.",
            {"low": low, "high": high, "value": given},
        )
    return Problem(
        name, "A number from {low} to {high} is needed, not “{value}”.", {"low": low, "high": high, "value": given}
    )


def _limit(info: FieldInfo, name: str) -> int | None:
    for rule in info.metadata:
        if hasattr(rule, name):
            return int(getattr(rule, name))
    return None


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
