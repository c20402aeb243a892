"""Fetching torchvision's image sets, from servers that misbehave."""

import gzip
import hashlib
import io
import pickle
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision

from core.data import downloads, image_sets
from core.data.cifar10 import CIFAR_CLASSES
from core.data.downloads import FILES, Download, missing, present
from core.experiments.cnn import CNNConfig
from core.experiments.vgg import VGGConfig
from tests.data_folder import MNIST

needs_mnist = pytest.mark.skipif(not MNIST.exists(), reason="the MNIST files are not here")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_PLAYGROUND_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[BaseHTTPRequestHandler], None]], str]]:
    """Start a server that answers every request so; gives its address."""
    servers = []

    def start(answer: Callable[[BaseHTTPRequestHandler], None]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            do_HEAD = do_GET

            def log_message(self, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def sent(handler: BaseHTTPRequestHandler, content: bytes, length: int | None = None) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(length or len(content)))
    handler.end_headers()
    if handler.command == "GET":
        handler.wfile.write(content)


def html(handler: BaseHTTPRequestHandler) -> None:
    sent(handler, b"<html>Please log in to the network of this hotel.</html>")


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    sent(handler, gzip.compress(b"abc" * 1000), length=1_000_000)


def not_found(handler: BaseHTTPRequestHandler) -> None:
    handler.send_error(404)


def silent(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    threading.Event().wait(20)


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("answer", "word"), [(html, "checksum"), (cut_off, "checksum"), (not_found, "reached"), (silent, "reached")]
)
def test_a_failed_download_is_told_in_a_sentence_and_leaves_nothing(
    serve: Callable[[Callable[[BaseHTTPRequestHandler], None]], str],
    own_folder: Path,
    answer: Callable[[BaseHTTPRequestHandler], None],
    word: str,
) -> None:
    download = Download("MNIST", [serve(answer)], stalled=4)
    download.join()
    assert download.done
    assert download.problem is not None
    assert word in str(download.problem)
    assert str(download.problem).count(".") == 1
    assert not present("MNIST")
    assert list(own_folder.iterdir()) == []


def test_no_network(own_folder: Path) -> None:
    download = Download("KMNIST", ["http://127.0.0.1:9/"])
    download.join()
    assert "can't be reached" in str(download.problem)
    assert list(own_folder.iterdir()) == []


def test_a_folder_that_can_not_be_written(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_folder / "file").write_text("in the way")
    monkeypatch.setenv("TORCH_PLAYGROUND_DATA", str(own_folder / "file"))
    download = Download("MNIST", ["http://127.0.0.1:9/"])
    download.join()
    assert "can't be stored" in str(download.problem)


@needs_mnist
def test_a_download_that_works_after_one_mirror_that_does_not(
    serve: Callable[[Callable[[BaseHTTPRequestHandler], None]], str], own_folder: Path
) -> None:
    def good(handler: BaseHTTPRequestHandler) -> None:
        sent(handler, (MNIST / handler.path.lstrip("/")).read_bytes())

    assert "not on this machine" in str(missing("mnist"))
    download = Download("MNIST", [serve(html), serve(good)])
    download.join()
    assert download.problem is None
    assert download.share == 1
    assert present("MNIST")
    assert image_sets.missing(CNNConfig(dataset="mnist")) is None
    assert [path.name for path in own_folder.iterdir()] == ["MNIST"]


@needs_mnist
def test_archives_alone_are_enough_but_only_whole_ones(own_folder: Path) -> None:
    raw = own_folder / "MNIST/raw"
    raw.mkdir(parents=True)
    for file in MNIST.glob("*.gz"):
        shutil.copy(file, raw)
    assert present("MNIST")
    archive = raw / "t10k-labels-idx1-ubyte.gz"
    archive.write_bytes(archive.read_bytes()[:-3])
    assert not present("MNIST")


def test_a_file_of_the_wrong_size_is_not_used(own_folder: Path) -> None:
    raw = own_folder / "MNIST/raw"
    raw.mkdir(parents=True)
    for name, size in FILES.items():
        with (raw / name).open("wb") as file:
            file.truncate(size)
    assert present("MNIST")
    with (raw / "train-images-idx3-ubyte").open("wb") as file:
        file.truncate(100)
    assert not present("MNIST")
    assert missing("mnist") is not None


def test_two_who_ask_share_one_download(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "_downloads", {})
    gate = threading.Event()
    monkeypatch.setattr(Download, "_fetch", lambda self, part: gate.wait(60))
    first = downloads.download("MNIST")
    assert downloads.download("MNIST") is first
    gate.set()
    first.join()
    assert downloads.download("MNIST") is not first


def packed(images: int, seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    data = rng.integers(0, 256, (images, 3072), dtype=np.uint8)
    return pickle.dumps({"data": data, "labels": [int(label) for label in rng.integers(0, 10, images)]})


@pytest.fixture
def tiny_cifar(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """torchvision's CIFAR10 with small files of its own and their checksums; gives its archive."""
    known = torchvision.datasets.CIFAR10
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    files = {name: packed(20, seed) for seed, name in enumerate(names)}
    files["batches.meta"] = pickle.dumps({"label_names": list(CIFAR_CLASSES)})
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{known.base_folder}/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    sums = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    monkeypatch.setattr(known, "train_list", [[name, sums[name]] for name in names[:5]])
    monkeypatch.setattr(known, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(known, "meta", {**known.meta, "md5": sums["batches.meta"]})
    monkeypatch.setattr(known, "tgz_md5", hashlib.md5(archive.getvalue()).hexdigest())
    return archive.getvalue()


def test_cifar_is_fetched_found_and_loaded_in_colour(
    serve: Callable[[Callable[[BaseHTTPRequestHandler], None]], str], own_folder: Path, tiny_cifar: bytes
) -> None:
    config = VGGConfig(dataset="cifar10")
    assert "CIFAR10 is not on this machine yet" in str(image_sets.missing(config))
    downloads.fetch("CIFAR10", own_folder, [serve(lambda handler: sent(handler, tiny_cifar))])
    assert present("CIFAR10") and image_sets.missing(config) is None
    images, labels, test_images, test_labels = image_sets.load_images(config)
    assert images.shape == (100, 3, 32, 32) and test_images.shape == (20, 3, 32, 32)
    assert images.dtype == torch.uint8 and labels.dtype == test_labels.dtype == torch.int64
    batch = pickle.loads(packed(20, 5))
    assert torch.equal(test_images[3].flatten(), torch.from_numpy(batch["data"][3]))
    (own_folder / "cifar-10-batches-py" / "test_batch").write_bytes(b"cut off")
    assert not present("CIFAR10")


def test_a_failed_download_of_cifar_is_told_and_leaves_nothing(
    serve: Callable[[Callable[[BaseHTTPRequestHandler], None]], str], own_folder: Path
) -> None:
    download = Download("CIFAR10", [serve(html)])
    download.join()
    assert "checksum" in str(download.problem)
    assert not present("CIFAR10")
    assert list(own_folder.iterdir()) == []
