"""Weights with a scale for each output, however the file turns them; and the reason where they are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper

from tests.fast.toolchain.graph.small_models import HIDDEN, INPUTS, LAST, X, node, quant, raw, tidied
from toolchain.errors import ModelError
from toolchain.graph.dense import DenseNetwork
from toolchain.graph.model_file import run_model
from toolchain.graph.readers.qonnx.chain import chain_of
from toolchain.graph.readers.qonnx.read import read_qonnx

RANDOM = np.random.default_rng(2)
# One scale for each output, in the file's own orientation.
SCALES = 2.0 ** np.array([-3, -1, -2, -3])
WEIGHTS = RANDOM.normal(0, 0.5, (INPUTS, HIDDEN))
WIDE = {"s": 0.25, "four": 4.0, "b": 4.0}


def quantised(kind: str) -> NodeProto:
    return quant("ws", "wq", "four", "ss", kind=kind, signed=1, narrow=1)


ACTIVATION = quant("a", "q")
FORMS: dict[str, tuple[list[NodeProto], dict[str, Any]]] = {
    "transB": ([node("Gemm", ["x", "wq"], "a", transB=1)], {"ws": WEIGHTS.T, "ss": SCALES[:, None]}),
    "plain": ([node("MatMul", ["x", "wq"], "a")], {"ws": WEIGHTS, "ss": SCALES[None]}),
    "one dimension": ([node("MatMul", ["x", "wq"], "a")], {"ws": WEIGHTS, "ss": SCALES}),
    "transposed": (
        [node("Transpose", ["wq"], "wt", perm=[1, 0]), node("MatMul", ["x", "wt"], "a")],
        {"ws": WEIGHTS.T, "ss": SCALES[:, None]},
    ),
    "transposed twice": (
        [node("Transpose", ["wq"], "wt"), node("Gemm", ["x", "wt"], "a", transB=1)],
        {"ws": WEIGHTS, "ss": SCALES[None]},
    ),
    "moved nowhere": (
        [node("Transpose", ["wq"], "wt", perm=[0, 1]), node("MatMul", ["x", "wt"], "a")],
        {"ws": WEIGHTS, "ss": SCALES[None]},
    ),
}


@pytest.mark.parametrize("kind", ["Quant", "IntQuant"])
@pytest.mark.parametrize("form", FORMS)
def test_a_scale_for_each_output_is_found(form: str, kind: str, tmp_path: Path) -> None:
    nodes, constants = FORMS[form]
    model = tidied(raw([quantised(kind), *nodes, ACTIVATION, LAST], {**WIDE, **constants}), tmp_path)
    assert np.abs(exact(model).layers[0].weights).max() == 7


def exact(model: ModelWrapper) -> DenseNetwork:
    network = chain_of(read_qonnx(model))
    got = (network.run(X).logits * network.logit_scale + network.logit_offset).astype(np.float32)
    assert np.array_equal(run_model(model, X)[""], got)
    return network


def test_weights_that_are_no_multiples_are_refused(tmp_path: Path) -> None:
    product = node("MatMul", ["x", "ws"], "a")
    with pytest.raises(ModelError, match="its weights come from no quantiser, and are no whole multiples; quantise"):
        read_qonnx(tidied(raw([product, ACTIVATION, LAST], {**WIDE, "ws": WEIGHTS}), tmp_path))


def test_scales_of_inputs_go_into_the_weights(tmp_path: Path) -> None:
    scales = {**WIDE, "ws": WEIGHTS, "ss": 2.0 ** RANDOM.integers(-3, 0, (INPUTS, 1))}
    product = node("MatMul", ["x", "wq"], "a")
    exact(tidied(raw([quantised("Quant"), product, ACTIVATION, LAST], scales), tmp_path))
