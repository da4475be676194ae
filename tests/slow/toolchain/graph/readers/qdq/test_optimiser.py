"""The reading beside ONNX Runtime's own choice of kernels: what its optimiser makes of a file, all passes on.

Two settings make that choice the same on every processor. By default, on x86, pairs of signed codes become unsigned
ones, which leaves operators in float wherever a tensor of codes has two takers; and sums of unsigned codes with signed
weights saturate at 16 bits where the processor has AVX2 and no VNNI.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from tests.fast.toolchain.graph.readers.qdq.compared import answers, random_feeds
from tests.fast.toolchain.graph.readers.qdq.made import Made
from tests.properties import given, hypothesis, st
from toolchain.graph.readers.qdq.reader import read_qdq

_SETTINGS = {"int8": "session.qdqisint8allowed", "uint8": "session.x64quantprecision"}
_TYPES = pytest.mark.parametrize("dtype", ["uint8", "int8"])


def _optimised(model: onnx.ModelProto, feeds: dict[str, NDArray[Any]], dtype: str, folder: Path) -> list[NDArray[Any]]:
    """All outputs, one vector at a time; and no product has stayed in float."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    options.add_session_config_entry(_SETTINGS[dtype], "1")
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    kinds = {node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node}
    assert not kinds & {"Conv", "Gemm", "MatMul", "Add"}
    rows = len(next(iter(feeds.values())))
    parts = [session.run(None, {k: v[row : row + 1] for k, v in feeds.items()}) for row in range(rows)]
    return [np.concatenate(found) for found in zip(*parts, strict=True)]


def _equal(m: Made, x: str, folder: Path, rows: int = 6, **own: Any) -> None:
    """The network that ends with this float, quantised."""
    model = m.model(m.quantised(x, **own))
    source = read_qdq(model)
    feeds = random_feeds(source, rows, reach=8.0)
    [found], [wanted] = answers(source, feeds).values(), _optimised(model, feeds, m.dtype, folder)
    assert np.array_equal(found, wanted), f"{(found != wanted).sum()} of {wanted.size} differ"


@_TYPES
@pytest.mark.parametrize(
    ("inputs", "weights", "own"),
    [
        ((3, 9, 8), (5, 3, 3, 2), {"pads": [0, 1, 2, 0], "strides": [2, 1]}),
        ((4, 8, 8), (4, 1, 3, 3), {"group": 4, "pads": [1, 1, 1, 1]}),
        ((6, 7, 7), (4, 3, 3, 3), {"group": 2, "dilations": [2, 2]}),
        ((3, 7, 5), (4, 3, 2, 2), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ((5, 13), (4, 5, 4), {"pads": [2, 1], "strides": [2]}),
    ],
)
def test_convolutions(
    tmp_path: Path, dtype: str, inputs: tuple[int, ...], weights: tuple[int, ...], own: dict[str, Any]
) -> None:
    m = Made(dtype, seed=len(own) + weights[0])
    x = m.quantised(m.input(*inputs), scale=0.05, zero=7)
    _equal(m, m.conv(x, 0.05, weights, **own), tmp_path, scale=0.3)


@_TYPES
def test_a_residual_block_and_a_dense_layer(tmp_path: Path, dtype: str) -> None:
    m = Made(dtype, seed=2)
    x = m.quantised(m.input(4, 6, 5), scale=0.05, zero=7)
    y = m.quantised(m.conv(x, 0.05, (4, 4, 3, 3), pads=[1, 1, 1, 1]), scale=0.3, zero=11)
    z = m.quantised(m.node("Add", [y, x]), scale=0.27, zero=3)
    flat = m.quantised(m.node("Flatten", [z]), scale=0.27, zero=3)
    w, _ = m.weights((6, 120), 0, channels=False)
    _equal(m, m.node("Gemm", [flat, w], transB=1), tmp_path, scale=1.9)


@_TYPES
def test_a_difference(tmp_path: Path, dtype: str) -> None:
    m = Made(dtype, seed=3)
    x = m.quantised(m.input(4, 6, 6), scale=0.05)
    y = m.quantised(m.conv(x, 0.05, (4, 4, 1, 1)), scale=0.1)
    _equal(m, m.node("Sub", [x, y]), tmp_path, scale=0.09)


@_TYPES
@pytest.mark.parametrize("kind", ["Sigmoid", "LeakyRelu", "Relu", "Tanh", "HardSwish"])
def test_functions_of_one_code(tmp_path: Path, dtype: str, kind: str) -> None:
    m = Made(dtype, seed=6)
    _equal(m, m.node(kind, [m.quantised(m.input(300))]), tmp_path, scale=0.03)


@_TYPES
def test_concatenation_pooling_and_moves(tmp_path: Path, dtype: str) -> None:
    m = Made(dtype, seed=13)
    x = m.quantised(m.input(4, 6, 6), scale=0.05, zero=4)
    a = m.quantised(m.conv(x, 0.05, (3, 4, 1, 1)), scale=0.1)
    joined = m.quantised(m.node("Concat", [x, a], axis=1), scale=0.08, zero=2)
    most = m.quantised(m.node("MaxPool", [joined], kernel_shape=[2, 2]), scale=0.08, zero=2)
    _equal(m, m.node("GlobalAveragePool", [most]), tmp_path, scale=0.03)


@hypothesis.settings(max_examples=8)
@given(st.integers(0, 10**6), st.sampled_from(["uint8", "int8"]), st.data())
def test_random_networks(tmp_path_factory: pytest.TempPathFactory, seed: int, dtype: str, data: Any) -> None:
    m = Made(dtype, seed=seed)
    channels, size = data.draw(st.integers(1, 5)), data.draw(st.integers(4, 9))
    kernel, stride = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 2))
    group = channels if data.draw(st.booleans()) else 1
    x_scale = float(m.random.uniform(0.02, 0.07))
    x = m.quantised(m.input(channels, size, size), scale=x_scale)
    own = {"pads": [kernel // 2] * 4, "strides": [stride, stride], "group": group}
    y = m.quantised(m.conv(x, x_scale, (channels, channels // group, kernel, kernel), **own), scale=0.05 * kernel)
    if stride == 1 and kernel % 2:
        y = m.quantised(m.node("Add", [x, y]), scale=0.06 * kernel)
    means = m.quantised(m.node("GlobalAveragePool", [y]), scale=0.04, zero=5)
    flat = m.quantised(m.node("Flatten", [means]), scale=0.04, zero=5)
    w, _ = m.weights((3, channels), 0, channels=False)
    _equal(m, m.node("Gemm", [flat, w], transB=1), tmp_path_factory.mktemp("network"), scale=0.02)


@pytest.mark.parametrize(
    ("name", "rows", "reach"),
    [("deep_autoencoder.onnx", 100, 30.0), ("kws_ref_model.onnx", 20, 130.0), ("resnet.onnx", 6, 300.0)],
)
def test_mlperf_tiny(shared_data: Path, tmp_path: Path, name: str, rows: int, reach: float) -> None:
    path = shared_data / "onnx" / "mlperf-tiny-int8" / name
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    model = onnx.load(str(path))
    source = read_qdq(model)
    feeds = random_feeds(source, rows, reach=reach)
    [found], [wanted] = answers(source, feeds).values(), _optimised(model, feeds, "int8", tmp_path)
    assert np.array_equal(found, wanted), f"{(found != wanted).sum()} of {wanted.size} differ"
