"""Files that strangers upload: told apart, distrusted, and read in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from core import limits
from core.files.uploads.packed import unpack
from core.files.uploads.places import Place, places, weights_at
from core.files.uploads.reader import examine, most_bytes
from core.processes.confined import MEMORY, confined


@dataclass(frozen=True)
class Upload:
    """What is in a file.

    Attributes:
        kind: state_dict, safetensors, model, checkpoint, exported, onnx or other.
        value: its content: dicts, lists, tensors, numbers, texts, and lines of what is only shown.
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
    def places(self) -> list[Place]:
        """Where the state_dicts lie, the likeliest first."""
        return places(self.value)

    @property
    def weights(self) -> dict[str, Tensor] | None:
        """The likeliest state_dict in it."""
        return next((weights_at(self.value, place) for place in self.places), None)


def read(data: bytes) -> Upload:
    """Read a file.

    Raises:
        Unable: it is refused, for a reason in one sentence.
    """
    memory = max(MEMORY, 8 * limits.UPLOAD_MB)
    parts = unpack(confined(examine, data[: most_bytes() + 1], memory=memory))
    return Upload(parts["kind"], parts["value"], len(data), parts.get("class", ""), parts.get("metadata", {}))
