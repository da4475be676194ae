"""`gateweave check` says what a file is made of and who can take it, and its exit status is the verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from tests.fast.toolchain.runtime.network_file.files import conv_qonnx, conv_tflite, dense_qonnx
from toolchain.cli.check import check
from toolchain.errors import DataError, ModelError
from toolchain.results.checked import CheckedNetwork
from toolchain.runtime.network_file.checking import FINN_TAKES


def _said(file: Path, board: str | None, capsys: pytest.CaptureFixture[str]) -> tuple[CheckedNetwork, int]:
    status = 0
    try:
        check(file, board, True)
    except typer.Exit as left:
        status = left.exit_code
    raw = json.loads(capsys.readouterr().out)
    assert raw.pop("version") == CheckedNetwork.VERSION
    return CheckedNetwork.model_validate(raw), status


def test_a_dense_classifier_goes_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, status = _said(dense_qonnx(tmp_path / "net.onnx"), None, capsys)
    assert status == 0
    assert found.takes
    assert [node.kind for node in found.nodes] == ["Input", "Linear", "Threshold", "Linear"]
    assert {verdict.flow for verdict in found.boards} == {"fpga_open", "dataflow", "finn", "ort"}
    assert found.operations == 8 * 6 + 6 * 2 + 6 * 4


def test_a_convolution_is_refused_by_name_for_an_fpga(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = conv_qonnx(tmp_path / "net")
    found, status = _said(file, "ulx3s", capsys)
    assert status == 1
    assert "(Window): FPGAs take chains of dense layers" in found.boards[0].why
    assert [node.kind for node in found.nodes if node.fpga][:2] == ["Window", "Linear"]
    _, status = _said(file, "host", capsys)
    assert status == 0


def test_finn_takes_qonnx_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, status = _said(conv_tflite(tmp_path / "net.tflite"), "zcu104", capsys)
    assert status == 1
    assert {verdict.flow: verdict.why for verdict in found.boards}["finn"] == FINN_TAKES


def test_scores_of_one_class_are_no_label(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, status = _said(dense_qonnx(tmp_path / "net", classes=1), "ulx3s", capsys)
    assert status == 1
    assert "is no vector of scores" in found.boards[0].why


def test_the_table_names_nodes_and_reasons_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(conv_qonnx(tmp_path / "net.onnx"), "host", False)
    text = capsys.readouterr().out
    assert text.count("FPGAs take chains") == 1
    assert "net.onnx: QONNX" in text


def test_what_is_no_network_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"\x00" * 64)
    with pytest.raises(ModelError):
        check(tmp_path / "net.onnx", None, False)
    with pytest.raises(DataError, match="no such file"):
        check(tmp_path / "none.onnx", None, False)
