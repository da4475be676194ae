"""The softmax of whole numbers, in int64: no processor's own softmax gives the same codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from toolchain.graph.file.softmax import SoftmaxSteps
from toolchain.graph.ops import Softmax
from toolchain.runtime.derive.held import Held
from toolchain.runtime.derive.maker import Maker
from toolchain.runtime.derive.regions import Region

_WHOLE = np.dtype(np.int64)
_AXES_ARE_AN_INPUT = 18


def softmax(maker: Maker, region: Region) -> Held:
    """Codes -128 to 127, held as the variant likes best."""
    op, (name,) = region.core.op, region.inputs
    assert isinstance(op, Softmax)
    held, source = maker.values(name), maker.type(name)

    def apply(operator: str, *inputs: str, **attributes: Any) -> str:
        return maker.add(operator, inputs, f"{region.name}_{operator.lower()}", **attributes)

    def constant(part: str, values: np.ndarray) -> str:
        return maker.constant(values.astype(np.int64), f"{region.name}_{part}")

    steps = SoftmaxSteps(apply, constant, 1, len(source.shape) + 1, maker.opset >= _AXES_ARE_AN_INPUT)
    span = int(source.high.max() - source.low.min())
    codes = steps.codes(op, maker.cast(held.name, held.kind, _WHOLE), span)
    kind, unit, least = maker.packed(region.name)
    if -128 - least:
        codes = apply("Add", codes, constant("least", np.array(-128 - least)))
    return maker.paired(Held(maker.cast(codes, _WHOLE, kind), kind, unit, least), region.name)
