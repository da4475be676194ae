"""Models of others, which lie beside the repository, go through with the answers of their reference."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from toolchain.results.options import RunOptions
from toolchain.runtime.compare import Proof, compare
from toolchain.runtime.prove import prove
from toolchain.runtime.prove_third_party import prove_import
from toolchain.runtime.session import open_session, run_session
from toolchain.runtime.third_party import Imported, import_model

# On all 10,000 test images; ../shared/data/README.md has 0.943, 0.950 and 0.977 on 300 of them in another order.
TFC_ACCURACY = {"TFC_1W1A": 0.9296, "TFC_1W2A": 0.9474, "TFC_2W2A": 0.9660}


def _import(path: Path, calibration: Path | None = None) -> Imported:
    if not path.is_file():
        pytest.skip(f"{path} is absent: third-party models are not part of the repository")
    return import_model(path, calibration)


def _imported(path: Path, calibration: Path | None = None) -> tuple[Imported, dict[str, Proof]]:
    imported = _import(path, calibration)
    return imported, prove_import(imported)


def _mnist(folder: Path, scale: float, out: Path, count: int = 10_000) -> Path:
    images, labels = folder / "t10k-images-idx3-ubyte.gz", folder / "t10k-labels-idx1-ubyte.gz"
    if not images.is_file():
        pytest.skip(f"{folder} is absent: MNIST is not part of the repository")
    x = np.frombuffer(gzip.decompress(images.read_bytes()), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    y = np.frombuffer(gzip.decompress(labels.read_bytes()), np.uint8, offset=8)
    np.savez(out, x=x[:count].astype(np.float32) * np.float32(scale), y=y[:count])
    return out


@pytest.mark.parametrize("name", TFC_ACCURACY)
def test_tfc_on_all_mnist_test_images(name: str, shared_data: Path, tmp_path: Path) -> None:
    images = _mnist(shared_data / "mnist", 1 / 255, tmp_path / "mnist.npz")
    imported = _import(shared_data / f"onnx/qonnx-model-zoo/{name}.onnx", images)
    assert set(imported.graphs) == {"lowered", "fp32", "qcdq", "fp16", "tensorrt"}
    assert imported.accuracy(imported.reference) == TFC_ACCURACY[name]
    assert prove(imported.graphs["lowered"], imported.vectors.x, imported.reference).exact
    outputs = run_session(open_session(imported.graphs["qcdq"]), imported.vectors.x)
    assert compare(outputs, imported.reference, RunOptions()).labels_equal == 10_000
    # The first of equal logits wins here, too.
    assert imported.accuracy(outputs) == TFC_ACCURACY[name]


def test_every_variant_of_tfc_keeps_every_label(shared_data: Path, tmp_path: Path) -> None:
    images = _mnist(shared_data / "mnist", 1 / 255, tmp_path / "mnist.npz", 2000)
    imported, proofs = _imported(shared_data / "onnx/qonnx-model-zoo/TFC_1W1A.onnx", images)
    assert set(proofs) == set(imported.graphs)
    for variant, proof in proofs.items():
        assert (proof.compared, proof.labels_equal) == (2000, 2000), variant


def test_kws_of_the_qonnx_zoo(shared_data: Path) -> None:
    imported, proofs = _imported(shared_data / "onnx/qonnx-model-zoo/kwsmlp_w3a3.onnx")
    assert set(imported.graphs) == {"lowered", "fp32", "qcdq", "fp16", "tensorrt"}
    for variant, proof in proofs.items():
        # Its sums are beyond the whole numbers of float16.
        assert proof.differing <= (10 if variant == "fp16" else 1), variant


@pytest.mark.parametrize(
    ("name", "shape", "reach"),
    [("deep_autoencoder", (640,), 30.0), ("kws_ref_model", (490,), 130.0), ("resnet", (32, 32, 3), 300.0)],
)
def test_mlperf_tiny_int8(name: str, shape: tuple[int, ...], reach: float, shared_data: Path, tmp_path: Path) -> None:
    """Every output of every graph of integers, and of the file itself, is that of the integer kernels."""
    x = np.random.default_rng(3).uniform(-reach, reach, (40, *shape)).astype(np.float32)
    np.savez(tmp_path / "x.npz", x=x)
    imported, proofs = _imported(shared_data / f"onnx/mlperf-tiny-int8/{name}.onnx", tmp_path / "x.npz")
    assert (imported.kind, imported.left_out) == ("qdq", {})
    for variant in ("fp32", "qcdq", "tensorrt", "qdq"):
        assert (proofs[variant].compared, proofs[variant].equal) == (40, 40), variant


def test_post_training_int8_on_mnist(shared_data: Path, tmp_path: Path) -> None:
    images = _mnist(shared_data / "mnist", 1.0, tmp_path / "mnist.npz", 2000)
    imported, proofs = _imported(shared_data / "onnx/qonnx/mnist-conv.onnx", images)
    assert set(imported.graphs) == {"fp32", "fp16", "int8", "tensorrt"}
    assert proofs["fp32"].differing == 0
    assert all(proofs[name].differing < 4 for name in ("int8", "tensorrt"))
