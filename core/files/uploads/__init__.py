"""Files that strangers upload: told apart, distrusted, and read in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from core import limits
from core.files.uploads.packed import unpack
from core.files.uploads.reader import examine, most_bytes
from core.processes.confined import MEMORY, confined

NESTED = ("net", "model", "state_dict", "model_state_dict")
"""Where the weights lie in most files that hold more than them; any other name is tried after these."""


@dataclass(frozen=True)
class Upload:
    """What is in a file.

    Attributes:
        kind: state_dict, safetensors, model, checkpoint, exported, onnx or other.
        value: its content: dicts, lists, tensors, numbers and texts, nothing else.
        size: bytes of the file.
        class_name: of a whole model.
        metadata: texts that a safetensors file or a program carries.
    """

    kind: str
    value: Any
    size: int
    class_name: str = ""
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str | None:
        """Where the state_dict lies: "" if it is all of the file, its key in the file's dict, None if there is none."""
        if not isinstance(self.value, dict):
            return None
        names = [name for name in NESTED if name in self.value]
        names += [name for name in self.value if isinstance(name, str) and name not in names]
        inside = {"": self.value, **{name: self.value[name] for name in names}}
        return next((name for name, content in inside.items() if _is_state_dict(content)), None)

    @property
    def weights(self) -> dict[str, Tensor] | None:
        """The state_dict in it."""
        place = self.place
        if place is None:
            return None
        return {str(name): tensor for name, tensor in (self.value[place] if place else self.value).items()}


def _is_state_dict(found: Any) -> bool:
    return isinstance(found, dict) and bool(found) and all(isinstance(tensor, Tensor) for tensor in found.values())


def read(data: bytes) -> Upload:
    """Read a file.

    Raises:
        Unable: it is refused, for a reason in one sentence.
    """
    memory = max(MEMORY, 8 * limits.UPLOAD_MB)
    parts = unpack(confined(examine, data[: most_bytes() + 1], memory=memory))
    return Upload(parts["kind"], parts["value"], len(data), parts.get("class", ""), parts.get("metadata", {}))
