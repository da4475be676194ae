"""What the double of Vivado must notice, and what FINN's scripts need of it."""

from __future__ import annotations

import os
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.doubles import vivado_environment

_DESIGN = """
create_project p . -part xczu7ev-ffvc1156-2-e
create_bd_design top
create_bd_cell -type ip -vlnv xilinx.com:ip:zynq_ultra_ps_e ps
create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect sc
create_bd_cell -type ip -vlnv xilinx.com:ip:axi_gpio:2.0 gpio
"""


def _run(folder: Path, program: str, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "script.tcl").write_text(script)
    arguments = ["-mode", "batch", "-source", "script.tcl"] if program == "vivado" else ["script.tcl"]
    known = {**vivado_environment(folder / "opt"), **environment}
    done = subprocess.run([program, *arguments], cwd=folder, env=known, capture_output=True, text=True, check=False)
    assert "vd::" not in done.stdout, "the double's own procedures must not show"
    return done


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("create_bd_cell -type ip -vlnv xilinx.com:ip:axi_dmaa x", "create_bd_cell' failed due to earlier errors"),
        ("set_property CONFIG.NUM_SX 2 [get_bd_cells sc]", "does not have a property 'CONFIG.NUM_SX'"),
        ("set_property CONFIG.NUM_SI 2 [get_bd_cells scc]", "'set_property' expects at least one object"),
        ("get_property STATUZ [get_runs impl_1]", "does not have a property 'STATUZ'"),
        ("connect_bd_net [get_bd_pins ps/pl_clk0] [get_bd_pins sc/clk]", "connect_bd_net requires at least two"),
        ("connect_bd_net [get_bd_pins ps/pl_clk0] [get_bd_pins ps/pl_resetn0]", "several drivers"),
        ("connect_bd_intf_net [get_bd_intf_pins sc/S00_AXI] [get_bd_intf_pins gpio/S_AXI]", "are incompatible"),
        ("set_property board_part no.com:such:part0:1.0 [current_project]", "[Board 49-71]"),
        ("validate_bd_design", "are not connected to a valid clock source"),
        ("open_run impl_1", "has not been completed"),
        ("wait_on_run impl_1", "has not been launched"),
        ("set_param no.such 1", "Invalid parameter name"),
        ("get_bd_pins -filter {TYPE = clk}", "Invalid option value"),
    ],
)
def test_a_mistake_in_a_block_design_is_an_error(tmp_path: Path, script: str, message: str) -> None:
    done = _run(tmp_path, "vivado", _DESIGN + script)
    assert done.returncode == 1
    assert message in done.stdout
    assert f'(file "script.tcl" line {_DESIGN.count(chr(10)) + 1})' in done.stdout


def test_a_run_whose_parent_failed_ends_as_failed(tmp_path: Path) -> None:
    (tmp_path / "a.v").write_text("module a (); b b (.x(1)); endmodule\n")
    script = """
create_project p . -part xczu7ev-ffvc1156-2-e
add_files a.v
set_property top a [current_fileset]
launch_runs impl_1 -to_step write_bitstream
catch {wait_on_run impl_1}
puts "A [get_property PROGRESS [get_runs impl_1]] [get_property STATUS [get_runs synth_1]]"
launch_runs impl_1
"""
    done = _run(tmp_path, "vivado", script)
    assert "A 0% synth_1 ERROR" in done.stdout.splitlines()
    assert "Failed to launch run 'impl_1' due to failures in the following run(s):" in done.stdout
    assert "module 'b' not found" in (tmp_path / "p.runs" / "synth_1" / "runme.log").read_text()


def test_filters_patterns_and_abbreviated_options_work_as_in_vivado(tmp_path: Path) -> None:
    script = """
puts "A [get_bd_cells -filter {NAME =~ s* || VLNV == xilinx.com:ip:axi_gpio:2.0}]"
puts "B [get_bd_intf_pins -of [get_bd_cells sc] -filter {MODE == Slave && NAME =~ S*}]"
puts "C [get_bd_pins */*aclk]"
puts "D [get_property -quiet NONE [get_bd_cells none]]."
puts "E [get_property VLNV [get_ipdefs -all xilinx.com:ip:smartconnect:* -filter design_tool_contexts=~*IPI*]]"
"""
    out = _run(tmp_path, "vivado", _DESIGN + script).stdout.splitlines()
    assert "A /gpio /sc" in out
    assert "B /sc/S00_AXI" in out
    assert any(line.startswith("C ") and "/sc/aclk" in line and "/gpio/s_axi_aclk" in line for line in out)
    assert "D ." in out
    assert "E xilinx.com:ip:smartconnect:1.0" in out


_DMA = """
#include "streamtools.h"
void dma_0(hls::stream<ap_uint<8> > &in0_V, ap_uint<64> *out0_V, unsigned int numReps) {
#pragma HLS INTERFACE s_axilite port=numReps bundle=control
#pragma HLS INTERFACE axis port=in0_V
#pragma HLS INTERFACE m_axi offset=slave port=out0_V
}
"""
_HLS = """
open_project project_dma_0
add_files top_dma_0.cpp -cflags "-std=c++14 -I/none"
set_top dma_0
open_solution sol1
set_part xczu7ev-ffvc1156-2-e
config_interface -m_axi_addr64
config_rtl -deadlock_detection none
create_clock -period 10 -name default
csynth_design
export_design -format ip_catalog
exit 0
"""
_USE = """
create_project p . -part xczu7ev-ffvc1156-2-e
set_property ip_repo_paths [list project_dma_0/sol1/impl/ip] [current_project]
update_ip_catalog
create_bd_design top
create_bd_cell -type ip -vlnv xilinx.com:hls:dma_0:1.0 dma
foreach pin [get_bd_intf_pins -of_objects [get_bd_cells dma]] {
    puts "[get_property NAME $pin] [get_property MODE $pin] [get_property CONFIG.ADDR_WIDTH $pin]."
}
"""


def test_an_ip_of_vitis_hls_can_be_placed_in_a_block_design(tmp_path: Path) -> None:
    (tmp_path / "top_dma_0.cpp").write_text(_DMA)
    assert _run(tmp_path, "vitis_hls", _HLS).returncode == 0
    solution = tmp_path / "project_dma_0" / "sol1"
    tree = ElementTree.parse(solution / "syn" / "report" / "dma_0_csynth.xml")
    assert tree.find("AreaEstimates/Resources/LUT") is not None
    ElementTree.parse(solution / "impl" / "ip" / "component.xml")
    assert (solution / "impl" / "verilog" / "dma_0.v").is_file()
    out = _run(tmp_path, "vivado", _USE).stdout.splitlines()
    assert {"in0_V Slave .", "m_axi_gmem Master 64.", "s_axi_control Slave 6."} <= set(out)


@pytest.mark.parametrize(
    ("script", "play", "message"),
    [
        (_HLS.replace("top_dma_0.cpp", "none.cpp"), "success", "The design file 'none.cpp' does not exist"),
        (_HLS.replace("set_top dma_0", "set_top dma_1"), "success", "no function 'dma_1'"),
        (_HLS.replace("csynth_design", "csynth_dessign"), "success", 'invalid command name "csynth_dessign"'),
        (_HLS, "licence", "[Common 17-345]"),
        (_HLS, "no_part", "Part 'xczu7ev-ffvc1156-2-e' is not installed."),
    ],
)
def test_a_mistake_in_hls_is_an_error(tmp_path: Path, script: str, play: str, message: str) -> None:
    (tmp_path / "top_dma_0.cpp").write_text(_DMA)
    done = _run(tmp_path, "vitis_hls", script, VIVADO_DOUBLE_PLAY=play)
    assert done.returncode == 1
    assert message in done.stdout


def test_an_unknown_play_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        ["vivado", "-version"],
        env={**vivado_environment(tmp_path, play="sucess"), "LC_ALL": "C", "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "cannot play 'sucess'" in done.stderr
