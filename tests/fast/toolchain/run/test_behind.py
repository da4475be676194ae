"""The host's part of a split network goes on from a board's answers, and finds what differs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.graph.test_cutting import chain
from toolchain.errors import ModelError
from toolchain.graph.cutting import cut
from toolchain.graph.execute import run_one
from toolchain.graph.file.store import save_graph
from toolchain.run.behind import HostPart


@pytest.fixture
def host(tmp_path: Path) -> Path:
    save_graph(cut(chain(), "sum")[1], tmp_path / "host.onnx")
    return tmp_path / "host.onnx"


def test_right_activations_end_right_and_wrong_ones_are_counted(host: Path) -> None:
    x = np.random.default_rng(1).integers(0, 4, (30, 6))
    rows = [tuple(map(int, row)) for row in run_one(chain(), x, ["sum"])["sum"]]
    part = HostPart(host, 4)
    right = part.of(rows, rows, "simulated")
    assert (right.compared, right.equal, right.kind) == (30, 30, "simulated") and right.seconds > 0
    assert part.of([rows[1], *rows[1:]], rows, "simulated").equal == 29


def test_a_part_of_another_network_is_refused(host: Path) -> None:
    with pytest.raises(ModelError, match=r"host\.onnx: takes 4 values; the board answers with 5"):
        HostPart(host, 5)
