"""A graph of ONNX Runtime that was broken is told from the integers that it was made of, and the node is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fast.toolchain.runtime.network_file.files import conv_qonnx, layers_tflite, two_qdq
from toolchain.results.options import RunOptions
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.network_file.derived import ABLE, first_node
from toolchain.runtime.network_file.opening import open_network
from toolchain.runtime.network_file.whole import whole_makers
from toolchain.runtime.proof_vectors import random_vectors

WRITERS = [conv_qonnx, two_qdq, layers_tflite]
SETTINGS = GraphSettings()


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("variant", ABLE)
def test_every_node_of_a_graph_as_it_was_made_agrees(
    write: Callable[[Path], Path], variant: str, tmp_path: Path
) -> None:
    opened = open_network(write(tmp_path / "net"))
    model, x = whole_makers(opened.source, SETTINGS)[variant](), random_vectors(opened.feeds, 1).x
    told = first_node(opened.source, variant, SETTINGS, model, RunOptions("none"), x)
    assert told == "; with all its tensors kept, every node that can be compared agrees"
