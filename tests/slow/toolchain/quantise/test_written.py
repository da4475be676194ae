"""Quantised networks of every shape: the file's integer graph gives PyTorch's outputs, one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.slow.toolchain.quantise.networks import CLASSES, NETWORKS, data, read
from toolchain.errors import VerificationError
from toolchain.graph.ops import Threshold
from toolchain.quantise.calibrate import calibrated
from toolchain.quantise.network import Entry, prepared, quantised
from toolchain.quantise.setting import FINER, POWER_OF_TWO, Bits, Setting
from toolchain.quantise.settle import settled
from toolchain.quantise.written import must_be_equal, write
from toolchain.runtime.network_file.opening import open_network

ROWS = 200


@pytest.mark.parametrize("scale_bits", [POWER_OF_TWO, FINER])
@pytest.mark.parametrize("name", NETWORKS)
def test_integers_are_those_of_pytorch(name: str, scale_bits: int, tmp_path: Path) -> None:
    float_network, _ = read(name, tmp_path)
    made = quantised(prepared(float_network.module), Setting(Bits(4, 4), scale_bits), Entry(None, signed=False))
    x = torch.from_numpy(data(float_network.shape))
    settled(calibrated(made, x, gpfq=True), x[:1])
    out = tmp_path / "out.onnx"
    write(made, float_network.shape, None, out)
    others = data(float_network.shape, ROWS, seed=2)
    assert must_be_equal(made, out, others) == ROWS * CLASSES
    assert len({tuple(row) for row in made(torch.from_numpy(others)).tolist()}) > ROWS // 4


def test_a_file_of_other_weights_is_found_out(tmp_path: Path) -> None:
    float_network, _ = read("dense", tmp_path)
    made = quantised(prepared(float_network.module), Setting(Bits(4, 4)), Entry(None, signed=False))
    calibrated(made, torch.from_numpy(data(float_network.shape)), gpfq=False)
    out = tmp_path / "out.onnx"
    write(made, float_network.shape, None, out)
    with torch.no_grad():
        next(part for name, part in made.named_parameters() if name.endswith("weight")).neg_()
    with pytest.raises(VerificationError, match=r"of 64 vectors are answered otherwise .* the first is vector 0"):
        must_be_equal(made, out, data(float_network.shape))


@pytest.mark.parametrize("scale_bits", [POWER_OF_TWO, FINER])
def test_one_multiplication_stands_for_all_thresholds(scale_bits: int, tmp_path: Path) -> None:
    float_network, _ = read("cnn", tmp_path)
    made = quantised(prepared(float_network.module), Setting(Bits(8, 8), scale_bits), Entry(None, signed=False))
    x, out = torch.from_numpy(data(float_network.shape)), tmp_path / "out.onnx"
    write(settled(calibrated(made, x, gpfq=True), x[:1]), float_network.shape, None, out)
    forms = [node.op.uniform for node in open_network(out).source.graph if isinstance(node.op, Threshold)]
    assert forms
    assert all(form is not None and form.found.all() for form in forms)
