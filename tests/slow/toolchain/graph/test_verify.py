"""A deliberately broken export is caught, and the first input and layer are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from qonnx.core.modelwrapper import ModelWrapper

from tests.slow.toolchain.graph.conftest import Exported
from toolchain.errors import VerificationError
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.model_file import run_model
from toolchain.graph.verify import verify_export


def golden_of(exported: Exported) -> Golden:
    return Golden(exported.x, exported.logits, np.zeros(len(exported.x), np.uint8))


def test_a_sound_export_passes_in_full(exported: Exported) -> None:
    assert np.array_equal(run_model(exported.model, exported.x)[""], exported.logits)
    assert verify_export(exported.network, exported.model, golden_of(exported)).equal == len(exported.x)


def flip_weight(model: ModelWrapper) -> None:
    gemm = next(n for n in model.graph.node if n.op_type == "Gemm")
    name = model.find_producer(gemm.input[1]).input[0]
    weights = model.get_initializer(name).copy()
    weights[0, int(np.abs(weights[0]).argmax())] *= -1
    model.set_initializer(name, weights)


def test_flipped_weight_is_caught_at_export(exported: Exported) -> None:
    model = exported.model
    flip_weight(model)
    with pytest.raises(VerificationError, match=r"export: .* the first is input \d+, layer 1, element 0"):
        verify_export(exported.network, model, golden_of(exported))


def test_golden_round_trip_and_same_bytes(exported: Exported, tmp_path: Path) -> None:
    golden = golden_of(exported)
    golden.save(tmp_path / "a.npz")
    golden.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert np.array_equal(Golden.load(tmp_path / "a.npz").logits, golden.logits)
