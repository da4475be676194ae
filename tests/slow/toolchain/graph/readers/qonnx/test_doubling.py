"""A function of a function, and so on, takes time for each and not for each way through all."""

from __future__ import annotations

import time

from tests.fast.toolchain.graph.readers.qonnx.models import same
from tests.fast.toolchain.graph.readers.qonnx.test_refused import row


def test_doubling_functions_take_no_doubling_time() -> None:
    model, x = row()
    a = str(model.apply("MatMul", [x, model.weights((6, 5))]))
    for _ in range(60):
        a = str(model.apply("Add", [a, a]))
    started = time.monotonic()
    same(model.made(model.quant(a)), rows=1)
    assert time.monotonic() - started < 60
