"""From a float network and its data to a file: measured, chosen, written, and equal in integers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.slow.toolchain.quantise.networks import data, read
from toolchain.cli.quantise import estimate_on
from toolchain.errors import ConfigError
from toolchain.quantise.front import Scaling
from toolchain.quantise.quantise import Order, quantise
from toolchain.quantise.setting import Bits
from toolchain.results.checked import Reckoned
from toolchain.results.quantised import Quantised
from toolchain.runtime.network_file.opening import open_network


def _no_estimate(path: Path) -> tuple[Reckoned | None, str]:
    assert path.is_file()
    return None, "none here"


def _run(order: Order, name: str, folder: Path) -> Quantised:
    return quantise(read(name, folder)[0], f"{name}.onnx", order, _no_estimate, lambda text: None)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    np.savez(tmp_path / "calibrate.npz", x=data((2, 8, 8)))
    np.savez(tmp_path / "test.npz", x=data((2, 8, 8), 100, seed=2))
    return Order(tmp_path / "calibrate.npz", tmp_path / "out.onnx", tmp_path / "test.npz")


def test_the_narrowest_that_costs_little_is_written(order: Order, tmp_path: Path) -> None:
    made = _run(order, "cnn", tmp_path)
    assert [(s.bits, s.scale_bits) for s in made.settings] == [("W8A8", 1), ("W8A8", 3), ("W4A4", 1), ("W4A4", 3)]
    chosen = next(setting for setting in made.settings if setting.written)
    assert chosen.share >= made.float_share - 0.005 or chosen.bits == "W8A8"
    assert (made.measure, made.float_share, made.inputs) == ("agreement with float", 1.0, "FLOAT32")
    assert (made.compared, made.outputs) == (164, 656)
    assert [layer.name for layer in made.layers] == ["Conv_0", "Gemm_0"]
    assert made.layers[0].operations == 8 * 8 * 4 * 2 * 9
    assert open_network(order.out).source.graph.outputs


def test_each_layer_is_told_what_it_takes_of_a_board(order: Order, tmp_path: Path) -> None:
    network, _ = read("residual", tmp_path)
    asked = replace(order, bits=(Bits(4, 4),), board="ulx3s")
    made = quantise(network, "residual.onnx", asked, estimate_on("ulx3s"), lambda text: None)
    chip = next(setting.estimate for setting in made.settings if setting.written)
    assert chip is not None and len(made.layers) > 2
    uses = [layer.estimate for layer in made.layers]
    assert all(use is not None and use.lut > 0 for use in uses)
    assert sum(use.lut for use in uses if use) < chip.chip.lut
    assert sum(use.dsp for use in uses if use) == chip.chip.dsp
    # A convolution has more to do than the dense end behind it.
    assert made.layers[-1].name.startswith("Gemm") and uses[0] and uses[-1] and uses[0].name.startswith("Conv")


def test_integers_that_a_network_divides_come_in_as_they_are(order: Order, tmp_path: Path) -> None:
    for path in (order.calibrate, order.test):
        assert path is not None
        np.savez(path, x=np.rint(np.load(path)["x"] * 255).astype(np.uint8))
    made = _run(replace(order, bits=(Bits(8, 8),), scaling=Scaling(255.0)), "cnn", tmp_path)
    source = open_network(order.out).source
    assert made.inputs == "UINT8"
    assert source.front is not None
    assert [node.op_type for node in source.front.graph.node] == ["Transpose"]
    shifted = Scaling(255.0, (0.5, 0.4), (0.2, 0.3))
    other = replace(order, out=tmp_path / "other.onnx", bits=(Bits(8, 8),), scaling=shifted)
    assert _run(other, "cnn", tmp_path).inputs == "FLOAT32"
    front = open_network(other.out).source.front
    assert front is not None
    assert "Mul" in [node.op_type for node in front.graph.node]


def test_nothing_is_overwritten(order: Order, tmp_path: Path) -> None:
    order.out.write_bytes(b"mine")
    with pytest.raises(ConfigError, match="is there already"):
        _run(order, "cnn", tmp_path)
    assert order.out.read_bytes() == b"mine"


def test_scaling_needs_a_number_for_each_channel(order: Order, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--mean: 3 numbers; one, or one for each of 2 channels"):
        _run(replace(order, scaling=Scaling(1.0, (1, 2, 3))), "cnn", tmp_path)


def test_a_network_is_tuned_and_each_layer_is_weighed(order: Order, tmp_path: Path) -> None:
    x = data((2, 8, 8), 400, seed=3)
    network = read("cnn", tmp_path)[0]
    with torch.no_grad():
        np.savez(tmp_path / "train.npz", x=x, y=network.module(torch.from_numpy(x)).argmax(1).numpy())
    order = replace(order, bits=(Bits(2, 2),), train=tmp_path / "train.npz", epochs=3)
    made = _run(order, "cnn", tmp_path)
    assert [setting.epochs for setting in made.settings] == [0, 0, 3]
    assert made.settings[2].divergence < min(setting.divergence for setting in made.settings[:2])
    assert all(layer.divergence is not None for layer in made.layers)
    assert made.costliest == max(made.layers, key=lambda layer: layer.divergence or 0).name
