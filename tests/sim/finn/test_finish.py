"""FINN's own way to a bitstream, with doubles of Vivado and Vitis HLS; what is missing is told before any work."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doubles import vivado_environment
from tests.sim.finn.networks import RESOURCES, ZCU104, write_exported
from toolchain.errors import ConfigError, ToolError
from toolchain.finn.finish import FinishSpec, finish, require_tools
from toolchain.finn.mapping import MapTarget, map_network
from toolchain.graph.model_file import load_model
from toolchain.graph.readers.qonnx.chain import chain_of
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.vivado.find import Vivado, find_vivado

SPEC = FinishSpec("zcu104-tiny", "ZCU104", ZCU104, 10.0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mapped")
    onnx = write_exported(folder / "model.onnx", 7, (6,), 3, "BINARY")
    target = MapTarget(ZCU104, RESOURCES, 100.0, 1e6, 0.5)
    return map_network(
        chain_of(read_qonnx(load_model(onnx))).graph, target, folder / "out", folder / "work", lambda phrase: None
    ).model


@pytest.fixture
def vivado(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vivado:
    """The double; FINN's HLS sources are there, as far as the double looks into them."""
    library = tmp_path / "deps" / "finn-hlslib"
    library.mkdir(parents=True)
    (library / "dma.h").touch()
    for name, value in vivado_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FINN_DEPS", str(library.parent))
    found = find_vivado()
    assert found is not None
    return found


def test_bitstream_with_reports_and_driver_settings(model: Path, vivado: Vivado, tmp_path: Path) -> None:
    before, said = dict(os.environ), list[str]()
    done = finish(model, SPEC, vivado, tmp_path / "out", tmp_path / "work", said.append, jobs=1)
    assert (done.result.bitstream.name, done.result.hwh.name) == ("zcu104-tiny.bit", "zcu104-tiny.hwh")
    assert done.result.xsa is not None
    assert done.result.timing.met
    assert done.result.tool == "Vivado 2024.1"
    settings = json.loads((done.deploy / "driver" / "settings.json").read_text())
    assert settings["driver_information"]["io_shape_dict"]["ishape_normal"] == [[1, 7]]
    assert (done.deploy / "bitfile" / "finn-accel.bit").is_file()
    assert {"FIFOs and RTL generation", "Vivado and Vitis HLS", "Vivado: reports"} <= set(said)
    assert dict(os.environ) == before


def test_fault_of_a_tool_is_its_first_error(
    model: Path, vivado: Vivado, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIVADO_DOUBLE_PLAY", "licence")
    with pytest.raises(ToolError, match=r"no licence for HLS of xczu7ev.*vitis_hls\.log"):
        finish(model, SPEC, vivado, tmp_path / "out", tmp_path / "work", lambda phrase: None, jobs=1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (replace(SPEC, board="ZCU999"), "board ZCU999: FINN knows only "),
        (replace(SPEC, board="ZCU102"), f"FINN has xczu9eg-ffvb1156-2-e on it, board.yaml {ZCU104}"),
    ],
)
def test_board_that_finn_does_not_have(
    spec: FinishSpec, words: str, model: Path, vivado: Vivado, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=words):
        finish(model, spec, vivado, tmp_path / "out", tmp_path / "work", lambda phrase: None)


def test_missing_hls_library_is_told(
    model: Path, vivado: Vivado, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINN_DEPS", str(tmp_path / "nowhere"))
    with pytest.raises(ToolError, match=r"nowhere/finn-hlslib; fetch it with `finn deps update`"):
        finish(model, SPEC, vivado, tmp_path / "out", tmp_path / "work", lambda phrase: None)


@pytest.mark.parametrize(("version", "tool"), [("2024.2", "vitis_hls"), ("2025.1", "vitis-run")])
def test_missing_vitis_hls_is_told(version: str, tool: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=f"^{tool} is not on the PATH.*FLOW=dataflow"):
        require_tools(Vivado(Path("/vivado"), version))
