"""Session entries that make ONNX Runtime answer a quantised file with its integer kernels, on every processor alike.

By default, on x86-64, its optimiser turns int8 into uint8 where it can and leaves the rest in float, and its kernels of
uint8 times int8 saturate at 16 bits on processors with AVX2 and no VNNI. Either may move an answer by a code. Source:
onnxruntime_session_options_config_keys.h. Releases that do not know an entry ignore it, and so do processors that need
none; the self-test of a package tells.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx

from toolchain.runtime.graph_index import GraphIndex

INT8_STAYS = "session.qdqisint8allowed=1"
"""Pairs of int8 stay so; on ARM this is the default."""

NO_SATURATION = "session.x64quantprecision=1"
"""Weights become uint8 where kernels of uint8 times int8 saturate; it leaves products of int8 without a kernel."""


def choices(model: onnx.ModelProto) -> tuple[tuple[str, ...], ...]:
    """Entries to try for a file, the likeliest first: what its activations are decides."""
    kinds = set(_activations(GraphIndex(model)))
    if kinds == {"uint8"}:
        return ((NO_SATURATION,),)
    if "uint8" in kinds:
        return ((INT8_STAYS,), (NO_SATURATION,), (INT8_STAYS, NO_SATURATION))
    return ((INT8_STAYS,),)


def _activations(index: GraphIndex) -> Iterator[str]:
    """Types of codes that computed tensors are quantised to, or taken as by operators of codes."""
    for node in index.nodes:
        if node.op_type.startswith(("QuantizeLinear", "QLinear", "QGemm")) and not index.is_constant(node.input[0]):
            zero = index.constant(node.input[2]) if len(node.input) > 2 else np.zeros((), np.uint8)
            yield "" if zero is None else zero.dtype.name


def adds(model: onnx.ModelProto) -> bool:
    """Whether a file has a sum of two computed tensors, which ONNX Runtime's kernel for ARM may round otherwise."""
    index = GraphIndex(model)
    sums = (node for node in index.nodes if node.op_type in ("Add", "QLinearAdd"))
    return any(
        not any(map(index.is_constant, (node.input[0], node.input[1 if node.op_type == "Add" else 3]))) for node in sums
    )
