"""Every variant of every kind of network gives the reference's logits in ONNX Runtime, in every bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fast.toolchain.runtime.networks import KINDS, inputs, logits, network
from toolchain.errors import ModelError
from toolchain.graph.dense import network_of
from toolchain.graph.lower import opset_of
from toolchain.runtime.builder import GraphSettings, newest_opset
from toolchain.runtime.codes import code_network
from toolchain.runtime.graphs import MEANINGS, VARIANTS, graphs_of
from toolchain.runtime.prove import prove
from toolchain.runtime.rules import violations
from toolchain.runtime.session import open_session
from toolchain.runtime.twins import exact_in


@pytest.mark.parametrize("opset", [13, 17, 21])
@pytest.mark.parametrize("name", KINDS)
def test_every_variant_is_exact(name: str, opset: int) -> None:
    net = network(name)
    x, codes = inputs(net), code_network(net)
    for variant, model in graphs_of(net, GraphSettings(opset)).items():
        proof = prove(model, x, logits(net, x))
        assert proof.exact or (variant == "fp16" and not exact_in(codes, "float16")), (variant, proof.to_json())


def test_small_sums_are_exact_in_float16() -> None:
    assert exact_in(code_network(network("binary")), "float16")
    assert not exact_in(code_network(network("byte codes")), "float16")
    assert exact_in(code_network(network("byte codes")), "float32")


@pytest.mark.parametrize("name", KINDS)
def test_tensorrt_graphs_keep_tensorrts_rules(name: str) -> None:
    model = graphs_of(network(name), GraphSettings(17, tensorrt="8.2"))["tensorrt"]
    assert (opset_of(model), violations(model, "8.2")) == (13, [])


def test_one_interface_and_same_bytes() -> None:
    net = network("binary")
    first, again = graphs_of(net), graphs_of(net)
    assert set(first) == set(VARIANTS) == set(MEANINGS)
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


def test_wide_weights_are_refused_by_layer() -> None:
    net = network("binary")
    wide = replace(net, layers=(*net.layers[:-1], replace(net.layers[-1], weights=net.layers[-1].weights * 200)))
    with pytest.raises(ModelError, match="layer 2: weights of more than 8 bits"):
        graphs_of(wide)


@pytest.mark.parametrize(
    ("release", "opset"), [("1.8.1", 14), ("1.11.0", 16), ("1.16.3", 19), ("1.25.1", 21), ("2.0", 21)]
)
def test_newest_opset_of_a_release(release: str, opset: int) -> None:
    assert newest_opset(release) == opset


def test_settings_that_cannot_be() -> None:
    with pytest.raises(ModelError, match="opset 12: should be 13 to 21"):
        GraphSettings(12)
    with pytest.raises(ModelError, match="batch 0"):
        GraphSettings(batch=0)
    with pytest.raises(ModelError, match="too old"):
        newest_opset("1.6.0")
    with pytest.raises(ModelError, match="not a version"):
        newest_opset("newest")
