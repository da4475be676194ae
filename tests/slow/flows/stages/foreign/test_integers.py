"""What FPGAs do not take, and data that does not fit, is refused before anything slow is proved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flows.stages.context import Context
from flows.stages.foreign import integers, load
from tests.fast.toolchain.runtime.network_file.files import conv_qonnx, conv_tflite, dense_qonnx, two_qonnx
from toolchain.errors import DataError, FileError, ModelError
from toolchain.layout import Layout, Request


def _context(
    folder: Path, stage: str, file: Path, test: Path | None = None, board: str = "icebreaker", flow: str = "fpga_open"
) -> Context:
    request = Request(board, "net", flow=flow, file=str(file), test=str(test) if test else None)
    layout = Layout(request, folder / "build")
    layout.events.parent.mkdir(parents=True, exist_ok=True)
    (folder / "out").mkdir()
    return Context(stage, request, layout, folder / "out")


@pytest.fixture(autouse=True)
def _nothing_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> None:
        raise AssertionError("proved before it was refused")

    monkeypatch.setattr(integers, "prove_on", slow)


def test_a_pooling_is_refused_by_name_where_finn_is_to_take_it(tmp_path: Path) -> None:
    file = conv_qonnx(tmp_path / "net.onnx")
    said = r"net.onnx: node MaxPool_0 \(Reduce\): FINN takes the greatest .* in HLS only; FLOW=dataflow can take it$"
    with pytest.raises(ModelError, match=said):
        integers.run(_context(tmp_path, "integers", file, board="zcu104", flow="finn"))


def test_several_inputs_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"net.onnx: the network has 2 inputs \(global_in, global_in_1\); an FPGA takes one"
    ):
        integers.run(_context(tmp_path, "integers", two_qonnx(tmp_path / "net.onnx")))


@pytest.mark.parametrize("wrong", [4, 300])
def test_a_class_that_the_network_does_not_have_is_refused(tmp_path: Path, wrong: int) -> None:
    file, test = dense_qonnx(tmp_path / "net.onnx", classes=4), tmp_path / "test.npz"
    np.savez(test, x=np.zeros((3, 8), np.float32), y=np.array([0, wrong, 1]))
    with pytest.raises(DataError, match=f"TEST: y holds class {wrong} in row 1; the model has 4 outputs"):
        integers.run(_context(tmp_path, "integers", file, test))


def test_a_broken_tflite_file_is_refused_where_it_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "net.tflite"
    file.write_bytes(conv_tflite(tmp_path / "whole").read_bytes()[:400])
    with pytest.raises(FileError, match=r"net.tflite: truncated or broken"):
        load.run(_context(tmp_path, "load", file))
