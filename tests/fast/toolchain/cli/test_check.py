"""`gateweave check` says what a file is made of and who can take it, and its exit status is the verdict."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
import typer
from onnx import TensorProto, helper

from tests.fast.toolchain.runtime.network_file.files import conv_qonnx, conv_tflite, dense_qdq, dense_qonnx
from toolchain.cli import reckoning
from toolchain.cli.check import check
from toolchain.errors import DataError, FileError
from toolchain.results.checked import CheckedNetwork, Reckoned, Verdict
from toolchain.results.facts.hardware import Use


def _said(file: Path, board: str | None, capsys: pytest.CaptureFixture[str]) -> tuple[CheckedNetwork, int]:
    status = 0
    try:
        check(file, board, True)
    except typer.Exit as left:
        status = left.exit_code
    raw = json.loads(capsys.readouterr().out)
    assert raw.pop("version") == CheckedNetwork.VERSION
    return CheckedNetwork.model_validate(raw), status


USE = Use(lut=20, ff=10, bram=2, dsp=0)
ESTIMATE = Reckoned(
    core="units",
    chip=USE,
    board=Use(lut=200, ff=100, bram=4, dsp=0),
    bram_kbit=18,
    interval=2000,
    clock_mhz=25.0,
    fps=12500.0,
    reaches=False,
)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The flows whose sizes were reckoned, which other processes do."""
    flows: list[str] = []

    def reckoned(path: Path, verdict: Verdict) -> Verdict:
        flows.append(verdict.flow)
        return verdict.model_copy(update={"estimate": ESTIMATE})

    monkeypatch.setattr(reckoning, "_reckoned", reckoned)
    return flows


def test_what_a_board_would_need_is_told_where_one_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str]
) -> None:
    file = dense_qonnx(tmp_path / "net.onnx")
    found, _ = _said(file, "zcu104", capsys)
    assert {verdict.flow: verdict.estimate for verdict in found.boards} == {"dataflow": ESTIMATE, "finn": None}
    check(file, "zcu104", False)
    told = capsys.readouterr().out
    assert "estimated: 20 of 200 LUT (10%), 10 of 100 FF (10%), 2 of 4 block RAMs of 18 kbit (50%), no multi" in told
    assert "one inference every 2,000 clocks, 12,500/s at 25 MHz; the board's own rate is out of reach" in told
    assert asked == ["dataflow"] * 2
    check(file, None, True)
    assert asked == ["dataflow"] * 2


def test_a_dense_classifier_goes_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, status = _said(dense_qonnx(tmp_path / "net.onnx"), None, capsys)
    assert status == 0
    assert found.takes
    assert [node.kind for node in found.nodes] == ["Input", "Linear", "Threshold", "Linear"]
    assert {verdict.flow for verdict in found.boards} == {"fpga_open", "dataflow", "finn", "ort", "mcu"}
    assert found.operations == 8 * 6 + 6 * 2 + 6 * 4


def test_finn_names_the_node_that_it_has_no_rtl_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, status = _said(conv_qonnx(tmp_path / "net"), "zcu104", capsys)
    assert status == 0
    why = {verdict.flow: (verdict.takes, verdict.why) for verdict in found.boards}
    assert why["dataflow"][0]
    assert "as a core of units" in why["dataflow"][1]
    no_pooling = "node MaxPool_0 (Reduce): FINN takes the greatest of a window in HLS only; FLOW=dataflow can take it"
    assert why["finn"] == (False, no_pooling)


def test_finn_takes_files_of_every_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in (conv_tflite(tmp_path / "net.tflite"), dense_qdq(tmp_path / "net.onnx")):
        found, _ = _said(file, "zcu104", capsys)
        (finn,) = [verdict for verdict in found.boards if verdict.flow == "finn"]
        assert finn.takes
        assert finn.why.startswith("as a chain of 3 layers of FINN's RTL, if it fits")


def test_scores_of_one_class_are_no_label_but_an_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, status = _said(dense_qonnx(tmp_path / "net", classes=1), "zcu104", capsys)
    why = {verdict.flow: verdict.why for verdict in found.boards}
    assert status == 0
    assert "as a core of units" in why["dataflow"]
    assert "as a chain of 3 layers of FINN's RTL" in why["finn"]


def test_the_table_names_every_node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(conv_qonnx(tmp_path / "net.onnx"), "host", False)
    text = capsys.readouterr().out
    assert "Window" in text
    assert "net.onnx: QONNX" in text
    assert "yes host: as an integer graph\nnext  " in text


def test_boards_that_share_a_verdict_stand_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(dense_qdq(tmp_path / "net.onnx"), None, False)
    verdicts = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("yes ", "NO  "))]
    # Of microcontrollers each takes another share of its own memories.
    verdicts = [line for line in verdicts if ": as C:" not in line]
    assert [line.split(",")[0] for line in verdicts] == [
        "yes host",
        "yes icebreaker",
        "yes kv260 (finn)",
    ]
    assert "kv260 (dataflow)" in verdicts[1]


def test_a_float_network_says_so_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        check(_relu(tmp_path / "net.onnx", (1, 4)), None, False)
    text = capsys.readouterr().out
    assert text.count("a float network") == 1
    assert "yes host, " in text


def test_what_is_no_network_is_one_line(tmp_path: Path) -> None:
    for name, content in (("net.onnx", b"\x00" * 64), ("net.tflite", conv_tflite(tmp_path / "a").read_bytes()[:400])):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FileError, match=rf"{name}: .*truncated"):
            check(tmp_path / name, None, False)
    with pytest.raises(DataError, match="no such file"):
        check(tmp_path / "none.onnx", None, False)


def test_what_a_build_would_not_load_no_board_takes(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"net.onnx: tensor 'x': shape .* is beyond"):
        check(_relu(tmp_path / "net.onnx", (1, 10**6, 10**6)), "host", False)


def _relu(path: Path, shape: tuple[int, ...]) -> Path:
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "relu", sides[:1], sides[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path
