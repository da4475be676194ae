"""What a chain may hold: each case either gives the executor's answers or is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, TensorProto

from tests.fast.toolchain.graph.small_models import (
    CHAIN,
    CLASSES,
    CONSTANTS,
    DOMAIN,
    FIRST,
    HIDDEN,
    INPUTS,
    LAST,
    X,
    node,
    quant,
    raw,
    tidied,
)
from toolchain.errors import ModelError
from toolchain.graph.model_file import run_model
from toolchain.graph.readers.qonnx.chain import chain_of
from toolchain.graph.readers.qonnx.read import read_qonnx

RANDOM = np.random.default_rng(1)


def refused(
    nodes: list[NodeProto], words: str, folder: Path, constants: dict[str, Any] | None = None, **said: Any
) -> None:
    with pytest.raises(ModelError, match=words):
        chain_of(read_qonnx(tidied(raw(nodes, constants, **said), folder)))


def exact(nodes: list[NodeProto], folder: Path, constants: dict[str, Any] | None = None, **said: Any) -> None:
    """Logits, or labels where the chain ends in them, equal the executor's."""
    model = tidied(raw(nodes, constants, **said), folder)
    network = chain_of(read_qonnx(model))
    wanted, got = run_model(model, X, batch=len(X))[""].reshape(len(X), -1), network.run(X)
    if wanted.shape[1] == 1:
        assert np.array_equal(wanted.ravel(), got.labels)
    else:
        logits = (got.logits * network.logit_scale + network.logit_offset).astype(np.float32)
        assert np.array_equal(wanted, logits)


@pytest.mark.parametrize("bits", [1.0, 2.0, 3.0, 8.0])
@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("narrow", [0, 1])
@pytest.mark.parametrize("kind", ["Quant", "IntQuant"])
def test_activations_of_every_width(bits: float, signed: int, narrow: int, kind: str, tmp_path: Path) -> None:
    activation = quant("a", "q", signed=signed, narrow=narrow, kind=kind)
    exact([FIRST, activation, LAST], tmp_path, {"b": bits, "s": 1.5})


def test_a_quantiser_that_leaves_sums_as_they_are(tmp_path: Path) -> None:
    model = tidied(raw([FIRST, quant("a", "q", signed=1), LAST], {"b": 8.0}, datatype="UINT1"), tmp_path)
    network = chain_of(read_qonnx(model))
    assert [layer.thresholds is None for layer in network.layers] == [False, True]
    assert np.array_equal(run_model(model, X % 2)[""], network.run(X % 2).logits)


@pytest.mark.parametrize(
    "mode", ["ROUND", "HALF_EVEN", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN", "half_up"]
)
def test_every_rounding_mode(mode: str, tmp_path: Path) -> None:
    activation = quant("a", "q", signed=1, rounding_mode=mode)
    exact([FIRST, activation, LAST], tmp_path, {"b": 4.0, "s": 2.0})


@pytest.mark.parametrize(("scale", "bias", "levels"), [(1.0, 0.0, 3), (1.0, -2.0, 3), (2.0, -1.0, 1), (0.5, -0.25, 2)])
def test_multithreshold_closes_a_layer(scale: float, bias: float, levels: int, tmp_path: Path) -> None:
    thresholds = np.sort(RANDOM.integers(-20, 20, (HIDDEN, levels)), axis=1)
    said = {"out_dtype": "INT4", "out_scale": scale, "out_bias": bias}
    closing = node("MultiThreshold", ["a", "t"], "q", domain=DOMAIN, **said)
    exact([FIRST, closing, LAST], tmp_path, {"t": thresholds})


def test_bias_of_multithreshold_that_no_integer_holds(tmp_path: Path) -> None:
    closing = node("MultiThreshold", ["a", "t"], "q", domain=DOMAIN, out_dtype="INT4", out_bias=0.3)
    refused([FIRST, closing, LAST], r"node \w+ \(MultiThreshold\): out_scale 1, out_bias 0.3", tmp_path, {"t": [[1.0]]})


@pytest.mark.parametrize("bits", [0.0, -1.0, 0.5, 1.5, 33.0, 1e30, np.nan, np.inf])
def test_width_that_is_none(bits: float, tmp_path: Path) -> None:
    refused(CHAIN, r"node \w+ \(Quant\): a width of", tmp_path, {"b": bits})


@pytest.mark.parametrize("scale", [0.0, np.nan, np.inf])
def test_scale_that_is_none(scale: float, tmp_path: Path) -> None:
    refused(CHAIN, r"node \w+ \(Quant\): .*scale", tmp_path, {"s": scale})


def test_a_negative_scale_counts_downwards(tmp_path: Path) -> None:
    exact(CHAIN, tmp_path, {"s": -1.0})


def test_unknown_rounding_mode(tmp_path: Path) -> None:
    refused([FIRST, quant("a", "q", rounding_mode="SOMEHOW"), LAST], "unknown rounding mode 'SOMEHOW'", tmp_path)


def test_missing_attribute(tmp_path: Path) -> None:
    bare = node("Quant", ["a", "s", "z", "b"], "q", domain=DOMAIN)
    refused([FIRST, bare, LAST], "attribute 'signed' is None", tmp_path)


@pytest.mark.parametrize("bits", [17.0, 32.0])
def test_more_thresholds_than_a_neuron_can_have(bits: float, tmp_path: Path) -> None:
    refused(CHAIN, "65,536 at most", tmp_path, {"b": bits})


def label(operator: str, folder: Path, **attributes: Any) -> tuple[list[NodeProto], dict[str, Any]]:
    ending = node(operator, ["l"], "y", **attributes)
    return [*CHAIN, ending], {"shape": [1], "kind": TensorProto.INT64}


def test_first_of_equal_logits(tmp_path: Path) -> None:
    nodes, said = label("ArgMax", tmp_path, axis=1, keepdims=0)
    exact(nodes, tmp_path, **said)


def test_softmax_before_the_label(tmp_path: Path) -> None:
    nodes = [*CHAIN, node("Softmax", ["l"], "p", axis=1), node("ArgMax", ["p"], "y", axis=1, keepdims=0)]
    exact(nodes, tmp_path, shape=[1], kind=TensorProto.INT64)


def test_last_of_equal_logits(tmp_path: Path) -> None:
    nodes, said = label("ArgMax", tmp_path, axis=1, keepdims=0, select_last_index=1)
    refused(nodes, r"\(ArgMax, .*select_last_index 1.*\): is no label that", tmp_path, **said)


def test_label_along_the_batch(tmp_path: Path) -> None:
    nodes, said = label("ArgMax", tmp_path, axis=0, keepdims=0)
    refused(nodes, r"\(ArgMax, axis 0, .*\): is no label that", tmp_path, **{**said, "shape": [CLASSES]})


def top(count: int, **attributes: Any) -> tuple[list[NodeProto], dict[str, Any], dict[str, Any]]:
    ending = node("TopK", ["l", "k"], "values", axis=1, **attributes)
    ending.output.append("y")
    constants = {"k": np.array([count], np.int64)}
    return [*CHAIN, ending], constants, {"output": "y", "shape": [1, count], "kind": TensorProto.INT64}


def test_top_one(tmp_path: Path) -> None:
    nodes, constants, said = top(1)
    exact(nodes, tmp_path, constants, **said)


def test_lowest_one(tmp_path: Path) -> None:
    nodes, constants, said = top(1, largest=0)
    refused(nodes, r"\(TopK, .*largest 0.*\): is no label", tmp_path, constants, **said)


def test_top_two(tmp_path: Path) -> None:
    nodes, constants, said = top(2)
    refused(nodes, r"\(TopK, .*\): is no label", tmp_path, constants, **said)


def test_value_of_the_top_one(tmp_path: Path) -> None:
    nodes, constants, said = top(1)
    said |= {"output": "values", "kind": TensorProto.FLOAT}
    refused(nodes, r"\(TopK, .*\): is no label", tmp_path, constants, **said)


@pytest.mark.parametrize("operator", ["Relu", "Clip"])
def test_what_makes_logits_equal(operator: str, tmp_path: Path) -> None:
    bounds = ["lo", "hi"] if operator == "Clip" else []
    refused(
        [*CHAIN, node(operator, ["l", *bounds], "y")], f"\\({operator}.*\\): follows", tmp_path, {"lo": -2.0, "hi": 2.0}
    )


@pytest.mark.parametrize("factor", [[1e-9, 2e-9, 3e-9], [1, 1.000005, 1]])
def test_classes_of_different_scales(factor: list[float], tmp_path: Path) -> None:
    refused(
        [*CHAIN, node("Mul", ["l", "f"], "y")],
        r"\(Mul\): follows the last layer, .* all of one scale",
        tmp_path,
        {"f": factor},
    )


@pytest.mark.parametrize("shift", [[0, 4e-4, 8e-4], [1e6, 1e6 + 5, 1e6]])
def test_classes_of_different_biases(shift: list[float], tmp_path: Path) -> None:
    words = r"\(Add\): follows the last layer, .* shift classes differently"
    refused([*CHAIN, node("Add", ["l", "f"], "y")], words, tmp_path, {"f": shift})


def test_bias_of_the_last_layer_in_whole_units(tmp_path: Path) -> None:
    exact([*CHAIN[:-1], node("Gemm", ["q", "v", "f"], "l")], tmp_path, {"f": [3, -1, 40]})


def test_shift_that_swallows_the_logits(tmp_path: Path) -> None:
    nodes = [*CHAIN, node("Mul", ["l", "f"], "m"), node("Add", ["m", "o"], "y")]
    refused(nodes, "float32 cannot tell them apart", tmp_path, {"f": 2.0**-22, "o": 8.0})


def test_scale_and_shift_of_all_classes(tmp_path: Path) -> None:
    nodes = [*CHAIN, node("Mul", ["l", "f"], "m"), node("Add", ["m", "o"], "y")]
    exact(nodes, tmp_path, {"f": 0.25, "o": 8.0})


def test_annotation_wider_than_the_quantiser(tmp_path: Path) -> None:
    nodes = [quant("x", "xq", bits="wide"), node("MatMul", ["xq", "w"], "a"), quant("a", "q"), LAST]
    assert chain_of(read_qonnx(tidied(raw(nodes, {"wide": 11.0}, datatype="UINT12"), tmp_path))).input_type == "UINT11"
    assert chain_of(read_qonnx(tidied(raw(nodes, {"wide": 12.0}, datatype="UINT12"), tmp_path))).input_type == "UINT12"


@pytest.mark.parametrize("name", ["INT0", "UINT33", "INT1000000000", "INT" + "9" * 5000, "NONSENSE"])
def test_annotation_of_no_type(name: str, tmp_path: Path) -> None:
    model = raw(CHAIN)
    model.graph.quantization_annotation[0].quant_parameter_tensor_names[0].value = name
    with pytest.raises(ModelError, match=r"tensor .x.: .*data type"):
        tidied(model, tmp_path)


def test_reshape_on_the_way(tmp_path: Path) -> None:
    nodes = [
        FIRST,
        node("Flatten", ["a"], "f"),
        quant("f", "q"),
        node("Flatten", ["q"], "g"),
        node("MatMul", ["g", "v"], "y"),
    ]
    exact(nodes, tmp_path)


def test_constant_that_adds_rows(tmp_path: Path) -> None:
    nodes = [FIRST, node("Add", ["a", "rows"], "t"), quant("t", "q"), LAST]
    refused(
        nodes,
        r"a constant of shape \(3, 4\) makes more of a tensor",
        tmp_path,
        {"rows": np.ones((3, HIDDEN))},
        shape=[3, CLASSES],
    )


@pytest.mark.parametrize("other", ["x", "q"])
def test_branch(other: str, tmp_path: Path) -> None:
    square = {"w": CONSTANTS["v"].repeat(2, axis=1)[:, :HIDDEN], "u": np.eye(INPUTS)}
    nodes = [
        node("MatMul", ["x", "u"], "a"),
        quant("a", "q"),
        node("MatMul", ["q", "u"], "c"),
        node("Add", ["c", other], "t"),
    ]
    refused(
        [*nodes, quant("t", "p"), node("MatMul", ["p", "u"], "y")],
        "STRATEGY=unrolled takes chains of dense layers",
        tmp_path,
        square,
        shape=[1, INPUTS],
    )


def test_residual_of_one_accumulator(tmp_path: Path) -> None:
    exact([FIRST, node("Relu", ["a"], "r"), node("Add", ["r", "a"], "t"), quant("t", "q"), LAST], tmp_path)


def test_random_chains(tmp_path: Path) -> None:
    """Random widths, signs, rounding and activations of two layers; every logit of 300 inputs."""
    for seed in range(25):
        rng = np.random.default_rng((seed, 7))
        signed = int(rng.integers(0, 2))
        said = {
            "signed": signed,
            "narrow": int(rng.integers(0, 2)),
            "rounding_mode": str(rng.choice(["ROUND", "FLOOR", "CEIL"])),
        }
        relu = [node("Relu", ["a"], "r")] if rng.random() < 0.5 else []
        activation = quant("r" if relu else "a", "q", **said)
        constants = {"w": rng.integers(-3, 4, (INPUTS, HIDDEN)), "v": rng.integers(-3, 4, (HIDDEN, CLASSES))}
        constants |= {"b": float(rng.integers(1, 6)), "s": float(2.0 ** rng.integers(-1, 4))}
        if not constants["w"].any() or not constants["v"].any():
            continue
        exact([FIRST, *relu, activation, LAST], tmp_path, constants)
