"""A Dockerfile, read instruction by instruction."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
KNOWN = {"ADD", "ARG", "CMD", "COPY", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "USER", "VOLUME", "WORKDIR"}
"""The instructions that are used here; another one is a mistake, or has to be taught to these tests."""
FIRST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The search path with which a container begins."""


@dataclass(frozen=True)
class Instruction:
    """One instruction: its name in capitals, and what follows, on one line."""

    name: str
    rest: str

    def words(self) -> list[str]:
        """What follows as a command's words: written as JSON, or as a shell reads it."""
        if self.rest.startswith("["):
            return [str(word) for word in json.loads(self.rest)]
        return shlex.split(self.rest)


@dataclass
class Stage:
    """One FROM, and what is done to it.

    Attributes:
        image: the image that it begins with.
        name: by which later stages copy out of it; "" if it has none.
    """

    image: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, name: str) -> list[Instruction]:
        """Its instructions of one name."""
        return [one for one in self.instructions if one.name == name]

    def last(self, name: str) -> Instruction:
        """The one of a name that counts (raises IndexError)."""
        return self.all(name)[-1]

    def environment(self) -> dict[str, str]:
        """What its processes have in their environment once it is made: ENV, but no ARG."""
        values = {"PATH": FIRST_PATH}
        for one in self.all("ENV"):
            for word in one.words():
                name, _, value = word.partition("=")
                values[name] = filled(value, values)
        return values

    def health(self) -> list[str]:
        """The command of the health check."""
        rest = self.last("HEALTHCHECK").rest
        return Instruction("CMD", rest.partition("CMD ")[2].strip()).words()


def filled(text: str, values: dict[str, str]) -> str:
    """A text with the variables that stand in it."""
    return VARIABLE.sub(lambda found: values.get(found[1] or found[2], ""), text)


def stages(path: Path) -> list[Stage]:
    """The stages of a Dockerfile.

    Raises:
        ValueError: an instruction is not known.
    """
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    made: list[Stage] = []
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        if name not in KNOWN:
            raise ValueError(f"{path.name}: {name} is not known")
        if name == "FROM":
            image, _, alias = rest.partition(" AS ")
            made.append(Stage(image.strip(), alias.strip()))
        else:
            made[-1].instructions.append(Instruction(name, rest.strip()))
    return made
