"""Whether every quantiser of a QONNX model counts in steps that are powers of two, which makes equality exact."""

from __future__ import annotations

import numpy as np
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError

_QUANTISERS = {"Quant", "BipolarQuant"}


def must_be_powers_of_two(model: ModelWrapper, shown: str) -> None:
    """Check the scale of every quantiser.

    Args:
        shown: the file that the quantisers come from, as the message names it.

    Raises:
        ModelError: the first quantiser that has another.
    """
    for node in model.graph.node:
        scale = model.get_initializer(node.input[1]) if node.op_type in _QUANTISERS else None
        if scale is None:
            continue
        wrong = [float(step) for step in np.ravel(scale) if not step > 0 or np.frexp(step)[0] != 0.5]
        if wrong:
            raise ModelError(
                f"{shown}: the quantiser of {node.input[0]} has steps of {wrong[0]:.6g}, which is no power of two; "
                "sums in float32 would be rounded, and no two stages would agree. Use toolchain.training.quantisers"
            )
