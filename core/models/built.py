"""A network of one's own: the text of its class, see `core.blocks.write_class`, is what runs."""

from functools import lru_cache

from torch import Tensor, nn

from core.models.residual import Residual


@lru_cache(maxsize=256)
def net_class(source: str) -> type[nn.Module]:
    """The class Net of a text that `write_class` made; scripts find the text in its `__source__`."""
    namespace = {"__name__": __name__, "Residual": Residual, "Tensor": Tensor, "nn": nn}
    exec(compile(source, "<Net>", "exec"), namespace)
    made: type[nn.Module] = namespace["Net"]  # type: ignore[assignment]
    made.__source__ = source  # type: ignore[attr-defined]
    return made
