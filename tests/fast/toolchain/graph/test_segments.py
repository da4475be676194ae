"""Weights with a scale for each output, however the file turns them; and the reason where they are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto

from tests.fast.toolchain.graph.small_models import HIDDEN, INPUTS, LAST, X, node, quant, raw, tidied
from toolchain.errors import ModelError
from toolchain.graph.model_file import run_model
from toolchain.graph.streamline import streamline

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
    network = streamline(model)
    assert np.abs(network.layers[0].weights).max() == 7
    got = (network.run(X).logits * network.logit_scale + network.logit_offset).astype(np.float32)
    assert np.array_equal(run_model(model, X)[""], got)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ([], "its weights come from no quantiser, and are no whole numbers; quantise them"),
        ([quantised("Quant"), node("Mul", ["wq", "third"], "wt")], r"its weights come from Mul \w+; a quantiser"),
    ],
)
def test_weights_that_are_not_whole_are_refused_with_the_reason(
    before: list[NodeProto], words: str, tmp_path: Path
) -> None:
    product = node("MatMul", ["x", before[-1].output[0] if before else "ws"], "a")
    constants = {**WIDE, "ws": WEIGHTS, "ss": SCALES[None], "third": 1 / 3}
    with pytest.raises(ModelError, match=words):
        streamline(tidied(raw([*before, product, ACTIVATION, LAST], constants), tmp_path))


def test_a_scale_for_each_input_is_refused(tmp_path: Path) -> None:
    scales = {**WIDE, "ws": WEIGHTS, "ss": 2.0 ** RANDOM.integers(-3, 0, (INPUTS, 1))}
    product = node("MatMul", ["x", "wq"], "a")
    with pytest.raises(ModelError, match="weight scales may differ per output, not per input"):
        streamline(tidied(raw([quantised("Quant"), product, ACTIVATION, LAST], scales), tmp_path))
