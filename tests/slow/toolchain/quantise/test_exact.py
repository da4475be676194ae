"""Sums beyond 2^24 of their own steps are told before anything is written, where they change an answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from brevitas.backport import fx
from torch import nn

from tests.slow.toolchain.quantise.networks import CLASSES, data, read, written
from toolchain.errors import ModelError
from toolchain.quantise import quantise as module
from toolchain.quantise.calibrate import calibrated
from toolchain.quantise.exact import rounded
from toolchain.quantise.float_file import FloatNetwork, read_float
from toolchain.quantise.network import Entry, prepared, quantised
from toolchain.quantise.quantise import Order, quantise
from toolchain.quantise.setting import FINER, POWER_OF_TWO, Bits, Setting

INPUTS = 3000


def _quantised(network: FloatNetwork, setting: Setting, x: torch.Tensor) -> fx.GraphModule:
    return calibrated(quantised(prepared(network.module), setting, Entry(None, signed=False)), x, gpfq=False)


@pytest.mark.parametrize("scale_bits", [POWER_OF_TWO, FINER])
def test_small_sums_are_exact(scale_bits: int, tmp_path: Path) -> None:
    network, _ = read("cnn", tmp_path)
    x = torch.from_numpy(data(network.shape))
    assert rounded(_quantised(network, Setting(Bits(4, 4), scale_bits), x), x) == ""


def test_thousands_of_products_that_are_all_positive_are_not(tmp_path: Path) -> None:
    torch.manual_seed(1)
    layer = nn.Linear(INPUTS, CLASSES)
    nn.init.uniform_(layer.weight, 0.5, 1.0)
    network = read_float(written(layer, (INPUTS,), tmp_path / "wide.onnx"))
    x = torch.from_numpy(data((INPUTS,), 8))
    said = rounded(_quantised(network, Setting(Bits(8, 8)), x), x)
    assert said.startswith("Gemm_0 adds up to ") and "float32 holds 16,777,216: " in said
    assert said.endswith("of 8 vectors are answered otherwise than by exact arithmetic")
    assert rounded(_quantised(network, Setting(Bits(2, 4)), x), x) == ""


@pytest.fixture
def order(tmp_path: Path) -> Order:
    np.savez(tmp_path / "c.npz", x=data((6,)))
    return Order(tmp_path / "c.npz", tmp_path / "out.onnx", bits=(Bits(4, 4),))


def _run(order: Order, folder: Path, said: list[str]) -> list[int]:
    made = quantise(read("dense", folder)[0], "dense.onnx", order, lambda path: (None, ""), said.append)
    return [setting.scale_bits for setting in made.settings]


def test_scales_whose_sums_are_rounded_are_left_out(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, said = iter(["", "too long"]), list[str]()
    monkeypatch.setattr(module, "rounded", lambda network, x: next(answers))
    assert _run(order, tmp_path, said) == [POWER_OF_TWO]
    assert "W4A4, scales 3 bits, left out: too long" in said


def test_fewer_bits_do_without_those_that_are_too_long(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["too long", "too long", "", ""])
    monkeypatch.setattr(module, "rounded", lambda network, x: next(answers))
    both = replace(order, bits=(Bits(8, 8), Bits(4, 4)))
    assert _run(both, tmp_path, []) == [POWER_OF_TWO, FINER]


def test_where_none_are_left_nothing_is_written(order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "rounded", lambda network, x: "too long")
    with pytest.raises(ModelError, match="W4A4, scales powers of two, left out: too long; give fewer bits by --bits"):
        _run(order, tmp_path, [])
    assert not order.out.exists()
