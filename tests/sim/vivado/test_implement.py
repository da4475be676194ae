"""Generated projects through the double, each fault with its own error."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fast.toolchain.vivado.conftest import ZYNQ_7000, ZYNQ_ULTRASCALE
from toolchain.errors import FitError, GateweaveError, TimingError, ToolError
from toolchain.vivado.find import Vivado
from toolchain.vivado.implement import implement
from toolchain.vivado.project import ProjectSpec

Find = Callable[..., Vivado]
Project = Callable[..., Path]

BOARDS = {
    "zcu104": ZYNQ_ULTRASCALE,
    "zcu102": replace(ZYNQ_ULTRASCALE, part="xczu9eg-ffvb1156-2-e", board_part="xilinx.com:zcu102:part0:3.4"),
    "kv260": replace(ZYNQ_ULTRASCALE, part="xck26-sfvc784-2LV-c", board_part="xilinx.com:kv260_som:part0:1.4"),
    "ultra96v2": replace(ZYNQ_ULTRASCALE, part="xczu3eg-sbva484-1-i", board_part="avnet.com:ultra96v2:part0:1.2"),
    "pynq-z1": replace(ZYNQ_7000, board_part="www.digilentinc.com:pynq-z1:part0:1.0"),
    "pynq-z2": ZYNQ_7000,
}


@pytest.mark.parametrize("board", BOARDS)
def test_every_board_ends_in_a_bitstream(tmp_path: Path, project: Project, vivado: Find, board: str) -> None:
    spec = BOARDS[board]
    folder = project(spec)
    before = sorted(path.name for path in folder.iterdir())
    result = implement(vivado(), folder, tmp_path / "out")
    assert (result.bitstream.name, result.hwh.name) == ("net.bit", "net.hwh")
    assert result.bitstream.read_bytes()[:2] == b"\x00\x09"
    assert result.xsa is not None
    assert {"system.bit", "system.hwh"} <= set(zipfile.ZipFile(result.xsa).namelist())
    assert result.timing.met
    assert result.timing.period_ns == pytest.approx(10.0, rel=0.001)
    assert set(result.resources) == {"lut", "ff", "bram", "dsp", "uram"}
    assert result.core_resources is not None
    assert result.core_resources["lut"] < result.resources["lut"]
    assert sorted(path.name for path in folder.iterdir()) == before, "the project's folder must stay as it is"
    log = (tmp_path / "out" / "work" / "vivado.log").read_text()
    assert "CRITICAL WARNING" not in log
    assert "WARNING" not in log


@pytest.mark.parametrize("spec", [ZYNQ_ULTRASCALE, ZYNQ_7000], ids=lambda spec: spec.family)
def test_registers_lie_where_the_driver_looks(
    tmp_path: Path, project: Project, vivado: Find, spec: ProjectSpec
) -> None:
    text = implement(vivado(), project(spec), tmp_path / "out").hwh.read_text()
    found = dict(re.findall(r'BASEVALUE="(0x\w+)".*INSTANCE="(axi_\w+)"', text))
    assert {int(base, 16): name for base, name in found.items()} == {
        spec.control: "axi_chip_0",
        spec.dma: "axi_dma_0",
    }
    chip = re.search(r'HIGHVALUE="(0x\w+)" INSTANCE="axi_chip_0"', text)
    assert chip is not None
    assert int(chip.group(1), 16) - spec.control == 0xFFFF


@pytest.mark.parametrize("version", ["2022.2", "2023.2", "2025.2"])
def test_every_version_takes_the_scripts(tmp_path: Path, project: Project, vivado: Find, version: str) -> None:
    assert implement(vivado(version=version), project(), tmp_path / "out").tool == f"Vivado {version}"


@pytest.mark.parametrize(
    ("play", "kind", "message"),
    [
        ("licence", ToolError, "no licence for Synthesis of xczu7ev"),
        ("timing", TimingError, r"clock clk_pl_0 reaches 96\.\d+ MHz, 100\.00 MHz needed \(WNS -0\.412 ns; 12 of"),
        ("unfit", FitError, "354,597 Slice LUTs needed, 230,400 available"),
        ("crash", ToolError, "Vivado crashed"),
        ("killed", ToolError, "killed half way"),
        ("memory", ToolError, "killed half way, most likely for lack of memory"),
        ("no_part", ToolError, "does not have the part xczu7ev-ffvc1156-2-e"),
        ("no_board_files", ToolError, "board files of xilinx.com:zcu104:part0:1.1 are not installed"),
    ],
)
def test_each_fault_ends_in_its_own_error(
    tmp_path: Path, project: Project, vivado: Find, play: str, kind: type[GateweaveError], message: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "net.bit").write_text("of an earlier build")
    with pytest.raises(kind, match=message) as caught:
        implement(vivado(play), project(), out)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    assert not list(out.glob("*.bit")), "a failed build leaves no bitstream"


@pytest.mark.parametrize("play", ["licence", "memory"])
def test_a_failed_run_that_older_versions_only_warn_of_is_an_error(
    tmp_path: Path, project: Project, vivado: Find, play: str
) -> None:
    with pytest.raises(ToolError, match=r"no licence for Synthesis|killed half way"):
        implement(vivado(play, "2022.2"), project(), tmp_path / "out")


def test_a_newer_revision_of_the_board_files_will_do(tmp_path: Path, project: Project, vivado: Find) -> None:
    implement(vivado(), project(board_part="xilinx.com:zcu104:part0:1.0"), tmp_path / "out")


def test_a_clock_that_the_processing_system_cannot_give_is_refused(
    tmp_path: Path, project: Project, vivado: Find
) -> None:
    with pytest.raises(ToolError, match=r"cannot give 280 MHz: the nearest is 299\.99\d+ MHz; set clock\.mhz"):
        implement(vivado(), project(clock_mhz=280.0), tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sources": ("rtl/axi_chip.v",)}, "module 'core' not found"),
        ({"sources": ("rtl/axi_chip.v", "rtl/core.v", "rtl/none.v")}, "none.v' does not exist"),
        ({"roms": ("rtl/none.hex",)}, "none.hex' does not exist"),
        ({"top": "chip"}, "Nothing was found in the project to match the name 'chip'"),
        ({"data_bits": 32}, r"TDATA_NUM_BYTES does not match between /axi_chip_0/s_axis\(8\) and /axi_dma_0/M_A"),
        ({"control": 0x43C0_0000}, "lies outside the apertures"),
        ({"control": 0xA000_8000}, "is not aligned to its range"),
        ({"dma": 0xA000_0000}, "overlaps with"),
    ],
)
def test_a_wrong_project_fails(
    tmp_path: Path, project: Project, vivado: Find, changes: dict[str, object], message: str
) -> None:
    folder = project(**changes)
    with pytest.raises(ToolError, match=message):
        implement(vivado(), folder, tmp_path / "out")


def test_a_rom_that_synthesis_cannot_read_ends_no_bitstream(tmp_path: Path, project: Project, vivado: Find) -> None:
    folder = project(roms=())
    with pytest.raises(ToolError, match=r"cannot read the memory file weights\.hex"):
        implement(vivado(), folder, tmp_path / "out")
