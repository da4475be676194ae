"""MLPerf Tiny's int8 QDQ networks, whole, against ONNX Runtime's integer kernels and against its own fusing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from tests.fast.toolchain.graph.readers.qdq.compared import answers
from toolchain.graph.readers.qdq.reader import read_qdq
from toolchain.graph.readers.qdq.reference import run_reference
from toolchain.graph.readers.source import Source

_ROWS = {"deep_autoencoder": 50, "kws_ref_model": 10, "resnet": 4}


@pytest.fixture(scope="module", params=sorted(_ROWS))
def network(request: pytest.FixtureRequest, shared_data: Path) -> tuple[onnx.ModelProto, Source, int]:
    """A network as its file and as its graph."""
    path = shared_data / f"onnx/mlperf-tiny-int8/{request.param}.onnx"
    if not path.is_file():
        pytest.skip(f"{path} is absent: MLPerf Tiny's networks are not part of the repository")
    model = onnx.load(str(path))
    return model, read_qdq(model), _ROWS[request.param]


def _inputs(source: Source, rows: int) -> NDArray[Any]:
    """Over the whole range of the input's codes, and a little beyond."""
    assert source.front is not None
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in source.front.graph.initializer}
    node = next(n for n in source.front.graph.node if n.op_type == "QuantizeLinear")
    scale, zero = (float(constants[name]) for name in node.input[1:])
    codes = np.random.default_rng(0).integers(-131, 131, (rows, *source.inputs[0].shape))
    return ((codes - zero) * scale).astype(np.float32)


def test_every_output_is_equal(network: tuple[onnx.ModelProto, Source, int]) -> None:
    model, source, rows = network
    feeds = {source.inputs[0].name: _inputs(source, rows)}
    wanted, got = run_reference(model, feeds), answers(source, feeds)
    for name, values in wanted.items():
        np.testing.assert_array_equal(got[name], values)
        assert len(np.unique(values)) > 10


def test_the_kernels_are_those_that_onnx_runtime_chooses(network: tuple[onnx.ModelProto, Source, int]) -> None:
    # Its optimiser, told to leave int8 as it is: products of int8 are exact on every processor.
    model, source, rows = network
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    x = _inputs(source, rows)
    name = source.inputs[0].name
    found = np.concatenate([session.run(None, {name: row[None]})[0] for row in x])
    np.testing.assert_array_equal(found, run_reference(model, {name: x})[source.outputs[0].name])
