"""What is left out says why, and its own name once."""

from __future__ import annotations

import numpy as np
import onnx

from toolchain.errors import ModelError
from toolchain.runtime.shelf import Shelf


def test_a_reason_does_not_repeat_the_name() -> None:
    def refuse() -> onnx.ModelProto:
        raise ModelError("fp16: node sums: too wide")

    shelf = Shelf(np.zeros((1, 2)), np.zeros((1, 2)))
    shelf.add("fp16", refuse)
    assert shelf.left_out == {"fp16": "node sums: too wide"}
