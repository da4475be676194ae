"""Networks that others trained: FINN's RTL takes them whole, or the node that it has no layer for is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.finn.computing import must_equal
from toolchain.errors import ModelError
from toolchain.finn.lowering import lowered
from toolchain.runtime.network_file.opening import open_network

DATA = Path(__file__).resolve().parents[5] / "shared" / "data"
TAKEN = {
    "onnx/mlperf-tiny-int8/deep_autoencoder.onnx": 20,
    "onnx/mlperf-tiny-int8/kws_ref_model.onnx": 34,
    "onnx/qonnx/eltwise_chanlast_testcase.onnx": 3,
    "onnx/qonnx-model-zoo/TFC_1W1A.onnx": 7,
    "onnx/qonnx-model-zoo/TFC_2W2A.onnx": 7,
    "onnx/qonnx-model-zoo/kwsmlp_w3a3.onnx": 7,
    "tflite/mlperf-tiny/ad01_int8.tflite": 20,
}
NAMED = {
    "onnx/example-models/branched_model_ch_last.onnx": r"node Concat_0 \(Concat\): the network branches at Quant_25",
    "onnx/example-models/separable_conv_model_ch_last.onnx": r"node Conv_3 \(Linear\): has a bias",
    "onnx/mlperf-tiny-int8/resnet.onnx": r"node model/add/add \(Add\): the network branches at model/conv2d/BiasAdd",
    "onnx/nn2fpga/resnet8_a8w8b16.onnx": r"node Add_0 \(Add\): the network branches at Quant_21",
    "onnx/nn2fpga/resnet20_a8w8b16.onnx": r"node Add_0 \(Add\): the network branches at Quant_46",
    "tflite/mlperf-tiny/kws_ref_model.tflite": r"node softmax_12 \(Softmax\): FINN has a softmax of floats only",
    "tflite/mlperf-tiny/pretrainedResnet_quant.tflite": r"node add_3_rescaled_0 \(Table\): the network branches at",
    "tflite/mlperf-tiny/vww_96_int8.tflite": r"node softmax_30 \(Softmax\): FINN has a softmax of floats only",
}
# Images of so many elements are enough to be computed once.
_LARGE = 100_000


def there(name: str) -> Path:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{path} is absent: third-party test models are not part of the tree")
    return path


@pytest.mark.parametrize("name", TAKEN)
def test_taken_whole_and_equal_at_every_layer(name: str) -> None:
    graph = open_network(there(name)).source.graph
    chain, kind = lowered(graph), graph.types[graph.sole_input]
    assert len(chain.layers) == TAKEN[name]
    count, random = 1 if kind.size > _LARGE else 3, np.random.default_rng(1)
    x = kind.low + kind.step * random.integers(0, (kind.high - kind.low) // kind.step + 1, (count, *kind.shape))
    must_equal(graph, chain, x)


@pytest.mark.parametrize("name", NAMED)
def test_named_by_the_node_with_the_other_flow(name: str) -> None:
    source = open_network(there(name)).source
    with pytest.raises(ModelError, match=f"^{NAMED[name]}.*; FLOW=dataflow can take it$") as caught:
        lowered(source.graph)
    assert "\n" not in str(caught.value)
