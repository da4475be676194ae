"""Every variant of every kind of dense network gives the reference's logits in ONNX Runtime, in every bit."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fast.toolchain.runtime.networks import KINDS, graphs_of, inputs, logits, network
from toolchain.errors import ModelError
from toolchain.graph.dense import network_of
from toolchain.graph.lower import opset_of
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.derive.graphs import STYLES
from toolchain.runtime.prove import prove
from toolchain.runtime.rules import violations
from toolchain.runtime.session import open_session

EXACT_IN_FLOAT16 = {"binary", "bipolar", "signed codes"}


@pytest.mark.parametrize("opset", [13, 17, 21])
@pytest.mark.parametrize("name", KINDS)
def test_every_variant_is_exact(name: str, opset: int) -> None:
    net = network(name)
    x = inputs(net)
    for variant, model in graphs_of(net, GraphSettings(opset)).items():
        proof = prove(model, x, logits(net, x))
        assert proof.exact or (variant == "fp16" and name not in EXACT_IN_FLOAT16), (variant, proof)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.powers])
def test_operators_are_as_few_as_can_be(name: str) -> None:
    graphs = graphs_of(network(name))
    rounding = ["Gemm", "Clip"] if name == "bipolar" else ["Gemm", "Clip", "Round"]
    assert [node.op_type for node in graphs["fp32"].graph.node] == [*rounding * 2, "Gemm"]
    if name in EXACT_IN_FLOAT16:
        assert [node.op_type for node in graphs["fp16"].graph.node] == ["Cast", *rounding * 2, "Gemm", "Cast"]
    kernels = [n.op_type for n in graphs["qcdq"].graph.node if n.op_type not in {"QuantizeLinear", "DequantizeLinear"}]
    assert kernels == [*(["Gemm"] if name == "byte codes" else ["Gemm", "Clip"]) * 2, "Gemm"]


def test_neurons_that_never_change_are_gone() -> None:
    net = network("binary")
    for name, model in graphs_of(net).items():
        weights = [t.dims for t in model.graph.initializer if len(t.dims) == 2]
        assert weights[0][0] == net.inputs
        assert weights[0][1] == weights[1][0] < net.layers[0].outputs, name


@pytest.mark.parametrize("name", KINDS)
def test_tensorrt_graphs_keep_tensorrts_rules(name: str) -> None:
    model = graphs_of(network(name), GraphSettings(17, tensorrt="8.2"))["tensorrt"]
    assert (opset_of(model), violations(model, "8.2")) == (13, [])


def test_one_interface_and_same_bytes() -> None:
    net = network("binary")
    first, again = graphs_of(net), graphs_of(net)
    assert set(first) == set(STYLES)
    for name, model in first.items():
        assert model.SerializeToString(deterministic=True) == again[name].SerializeToString(deterministic=True)
        session = open_session(model)
        source, sink = session.get_inputs()[0], session.get_outputs()[0]
        assert (source.name, source.type, source.shape) == ("input", "tensor(float)", ["rows", net.inputs])
        assert (sink.name, sink.type, sink.shape) == ("logits", "tensor(float)", ["rows", net.classes])
        assert model.ir_version <= 8


def test_fixed_batch() -> None:
    for model in graphs_of(network("binary"), GraphSettings(batch=3)).values():
        assert open_session(model).get_inputs()[0].shape[0] == 3


def test_offset_of_logits() -> None:
    net = network_of(network("signed codes").layers, 0.3, -1.25)
    x = inputs(net)
    for name, model in graphs_of(net).items():
        proof = prove(model, x, logits(net, x))
        assert proof.labels_equal == proof.compared, name
        assert proof.largest < 0.02, name


def test_equal_logits_stay_equal_whatever_their_scale() -> None:
    """The first of equal logits must win in every variant."""
    net = network_of(network("binary").layers, 0.3)
    x = inputs(net)
    expected = net.run(x).labels
    for name, model in graphs_of(net).items():
        got = open_session(model).run(None, {"input": x.astype(np.float32)})[0].argmax(axis=1)
        assert np.array_equal(got, expected), name


def test_settings_that_cannot_be() -> None:
    with pytest.raises(ModelError, match="opset 12: should be 13 to 21"):
        GraphSettings(12)
    with pytest.raises(ModelError, match="batch 0"):
        GraphSettings(batch=0)
