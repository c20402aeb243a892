"""The names in a file of weights, and what stands before them that the network's own names do not have."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

WRAPPERS = ("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module")
"""Names under which PyTorch keeps the network that it wraps, also around a part of it."""
MOST_NAMINGS = 20
MOST_NAMES = 2000
"""How many of a file's names are looked at; the app's networks have a few hundred."""
MOST_PARTS = 12
"""How many parts of a name may be before the network's own."""
Item = TypeVar("Item")


@dataclass(frozen=True)
class Naming:
    """How names in a file differ from a network's.

    Attributes:
        head: what the file's names begin with, such as "module." or "model._orig_mod.".
        inside: `WRAPPERS` that stand within them, as in "features.module.0.weight".
    """

    head: str = ""
    inside: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.head or self.inside)

    @property
    def text(self) -> str:
        """It in a few characters, such as "model." or "*.module."; empty where nothing is taken off."""
        return " ".join([*([self.head] if self.head else []), *(f"*.{part}." for part in self.inside)])

    @property
    def parts(self) -> list[str]:
        """The names that it consists of, each once."""
        return list(dict.fromkeys([*self.head.split(".")[:-1], *self.inside]))

    def of(self, name: str) -> str | None:
        """The network's name for one of the file; None where it lacks the head: it is of something else."""
        if not name.startswith(self.head):
            return None
        return _without(name.removeprefix(self.head), self.inside)

    def applied(self, items: Mapping[str, Item]) -> dict[str, Item]:
        """The same under the network's names, without what is of something else."""
        renamed = {self.of(name): item for name, item in items.items()}
        return {name: item for name, item in renamed.items() if name is not None}

    def others(self, names: Collection[str]) -> list[str]:
        """The names that are of something else."""
        return [name for name in names if self.of(name) is None]

    def code(self, dictionary: str, others: bool) -> str:
        """The expression that renames a dict as `applied` does.

        Args:
            dictionary: the dict in code.
            others: whether there are names of something else.
        """
        head = json.dumps(self.head, ensure_ascii=False)
        name = f"k.removeprefix({head})" if self.head else "k"
        if self.inside:
            taken = f'!= "{self.inside[0]}"' if len(self.inside) == 1 else f"not in {self.inside!r}".replace("'", '"')
            name = f'".".join(part for part in {name}.split(".") if part {taken})'
        only = f" if k.startswith({head})" if others else ""
        return f"{{{name}: v for k, v in {dictionary}.items(){only}}}"


def namings(names: Collection[str], own: Collection[str]) -> list[Naming]:
    """What can be taken off a file's names so that half of a network's own names or more come of it, the best first.

    Args:
        names: those in the file.
        own: those of the network.
    """
    names = list(names)[:MOST_NAMES]
    heads = _heads(names, set(own), ())
    inside = tuple(part for part in WRAPPERS if any(f".{part}." in f".{name}" for name in names))
    if inside and max(heads.values(), default=0) < len(own):
        bare = _heads(names, set(own), inside)
        heads += Counter({naming: bare[naming] for naming in bare if bare[naming] > heads[Naming(naming.head)]})
    likely = [naming for naming, count in heads.items() if 2 * count >= len(own)]
    return sorted(likely, key=lambda naming: (-heads[naming], len(naming.inside), len(naming.head)))[:MOST_NAMINGS]


def _heads(names: Collection[str], own: Collection[str], inside: tuple[str, ...]) -> Counter[Naming]:
    """What names begin with before one of the network's own, and how many do."""
    counts: Counter[Naming] = Counter()
    for name in names:
        for tail in _tails(name):
            if _without(tail, inside) in own and not tail.startswith(tuple(f"{part}." for part in inside)):
                counts[Naming(name.removesuffix(tail), inside)] += 1
    return counts


def _tails(name: str) -> list[str]:
    """A name without its first parts: "a.b.c", "b.c", "c"."""
    parts = name.split(".")
    return [".".join(parts[at:]) for at in range(min(len(parts), MOST_PARTS))]


def _without(name: str, inside: tuple[str, ...]) -> str:
    return ".".join(part for part in name.split(".") if part not in inside)
