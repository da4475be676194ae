"""The node whose weight a graph has otherwise is named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.fast.toolchain.runtime.network_file.test_derived import SETTINGS, WRITERS
from toolchain.results.options import RunOptions
from toolchain.runtime.network_file.derived import first_node
from toolchain.runtime.network_file.opening import open_network
from toolchain.runtime.network_file.whole import whole_makers
from toolchain.runtime.proof_vectors import random_vectors


@pytest.mark.parametrize("write", WRITERS)
def test_the_node_whose_weight_was_flipped_is_named(write: Callable[[Path], Path], tmp_path: Path) -> None:
    opened = open_network(write(tmp_path / "net"))
    x, named = random_vectors(opened.feeds, 3).x, 0
    made = whole_makers(opened.source, SETTINGS)["qcdq"]()
    for node in opened.source.graph:
        model = copy.deepcopy(made)
        if not _flipped(model, node.name):
            continue
        rows = (first_node(opened.source, "qcdq", SETTINGS, model, RunOptions("none"), one[None]) for one in x)
        # A vector may take no notice of the weight.
        if told := next((told for told in rows if "first node that differs" in told), None):
            assert f"differs: {node.name} (" in told
            named += 1
    assert named


def _flipped(model: onnx.ModelProto, node: str) -> bool:
    """Turn the largest weight of a node round; whether it has weights."""
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.name.startswith(f"core_{node}_weights") and values.ndim > 1:
            changed = values.copy()
            place = np.unravel_index(
                int(np.abs(values.astype(np.int64) - int(np.median(values))).argmax()), values.shape
            )
            changed[place] = changed.max() if changed[place] < np.median(values) else changed.min()
            tensor.CopyFrom(numpy_helper.from_array(changed, tensor.name))
            return True
    return False
