"""The app's own code on the cluster's machines: it comes with each place, so it is always the server's."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import core


@cache
def code() -> bytes:
    """`core` as a zip."""
    root = Path(core.__file__).parents[1]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((root / "core").rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, path.relative_to(root))
    return packed.getvalue()


def place_class() -> type:
    """What Ray is given to make a place of; it is sent as it stands here, so it names nothing outside of itself."""

    class Place:
        """A `core.cluster.seat.Seat`, once the code for it is there."""

        def __init__(self, packed: bytes) -> None:
            import io
            import os
            import sys
            import tempfile
            import zipfile

            folder = tempfile.TemporaryDirectory(prefix=f"torch-playground-{os.getpid()}-code-")
            zipfile.ZipFile(io.BytesIO(packed)).extractall(folder.name)
            sys.path.insert(0, folder.name)
            vars(sys.modules["__main__"]).pop("__file__", None)  # else each process that is started loads Ray again
            from core.cluster.seat import Seat

            self._folder = folder
            self._seat = Seat()
            os.environ["TORCH_PLAYGROUND_DATA"] = str(self._seat.root / "data")  # of the workers

        def ready(self, host: str, port: int) -> dict[str, Any]:
            import ray

            try:
                about = self._seat.ready(host, port)
            except ConnectionError as error:
                about = {"error": str(error)}
            return {**about, "node": ray.get_runtime_context().get_node_id()}

        def beat(self) -> None:
            self._seat.beat()

        def lacks(self, sizes: Mapping[str, int]) -> list[str]:
            return self._seat.lacks(sizes)

        def put(self, name: str, data: bytes, start: int, last: bool) -> None:
            self._seat.put(name, data, start, last)

        def put_all(self, files: Mapping[str, bytes], sizes: Mapping[str, int]) -> None:
            self._seat.put_all(files, sizes)

        def train(self, run: str, assignment: bytes, host: str, port: int, token: bytes) -> None:
            self._seat.train(run, assignment, host, port, token)

    return Place
