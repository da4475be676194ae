"""The qonnx executor is given as many rows as its memory holds: it keeps every tensor to the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError
from toolchain.graph.lower import lower, tidy
from toolchain.runtime import executor

DOMAIN = "qonnx.custom_op.general"


def _convolution(side: int = 4) -> ModelWrapper:
    """One image of two channels, four filters, a quantiser."""
    weights = np.random.default_rng(1).integers(-1, 2, (4, 2, 1, 1)).astype(np.float32)
    constants = {"w": weights, "scale": np.float32(0.5), "zero": np.float32(0), "bits": np.float32(4)}
    attributes = {"signed": 1, "narrow": 0, "rounding_mode": "ROUND"}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("Quant", ["c", "scale", "zero", "bits"], ["y"], domain=DOMAIN, **attributes),
    ]
    sides = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, c, side, side]) for n, c in (("x", 2), ("y", 4))]
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "g", sides[:1], sides[1:], tensors)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 2)]
    return tidy(helper.make_model(graph, opset_imports=opsets, ir_version=8))


def test_what_the_executor_holds_for_one_row_are_its_tensors_without_the_weights() -> None:
    assert executor.held(_convolution(4)) == (2 + 4 + 4) * 16


@pytest.mark.parametrize(("room", "widest"), [(1 << 25, 10), (3 * 160, 3), (100, 1)])
def test_the_batch_keeps_within_the_room_and_changes_no_answer(
    room: int, widest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, x = _convolution(), np.random.default_rng(2).normal(0, 2, (10, 2, 4, 4)).astype(np.float32)
    wanted = executor.execute(model, x, lower(model, 17))
    batches: list[int] = []
    run_model = executor.run_model

    def watched(wrapper: ModelWrapper, x: Any, keep: Any, batch: int) -> Any:
        batches.append(batch)
        return run_model(wrapper, x, keep, batch)

    monkeypatch.setattr(executor, "_HELD", room)
    monkeypatch.setattr(executor, "run_model", watched)
    assert np.array_equal(executor.execute(model, x, lower(model, 17)), wanted)
    assert max(batches) == widest


def test_want_of_memory_is_told_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    def starved(*_: Any, **__: Any) -> None:
        raise MemoryError("Unable to allocate 20.0 MiB for an array")

    model = _convolution()
    monkeypatch.setattr(executor, "run_model", starved)
    with pytest.raises(ModelError, match=r"too much memory with 3 rows at once; export it for smaller inputs"):
        executor.execute(model, np.zeros((3, 2, 4, 4), np.float32), lower(model, 17))
