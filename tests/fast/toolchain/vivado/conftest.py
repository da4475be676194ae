"""A small design with the ports of `axi_chip`, and the double of Vivado."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.doubles import vivado_environment
from toolchain.vivado.find import Vivado, find_vivado
from toolchain.vivado.project import ProjectSpec, write_project

_HEADER = """
module axi_chip #(parameter DATA_BITS = {data_bits}) (
    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 aclk CLK" *)
    (* X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF s_axi:s_axis:m_axis, ASSOCIATED_RESET aresetn" *)
    input wire aclk,
    (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)
    input wire aresetn,
    input wire [15:0] s_axi_awaddr, input wire [2:0] s_axi_awprot, input wire s_axi_awvalid, output wire s_axi_awready,
    input wire [31:0] s_axi_wdata, input wire [3:0] s_axi_wstrb, input wire s_axi_wvalid, output wire s_axi_wready,
    output wire [1:0] s_axi_bresp, output wire s_axi_bvalid, input wire s_axi_bready,
    input wire [15:0] s_axi_araddr, input wire [2:0] s_axi_arprot, input wire s_axi_arvalid, output wire s_axi_arready,
    output wire [31:0] s_axi_rdata, output wire [1:0] s_axi_rresp, output wire s_axi_rvalid, input wire s_axi_rready,
    input wire [DATA_BITS-1:0] s_axis_tdata, input wire [DATA_BITS/8-1:0] s_axis_tkeep, input wire s_axis_tlast,
    input wire s_axis_tvalid, output wire s_axis_tready,
    output wire [31:0] m_axis_tdata, output wire [3:0] m_axis_tkeep, output wire m_axis_tlast,
    output wire m_axis_tvalid, input wire m_axis_tready
);
    core #(.WEIGHTS("weights.hex")) core (.clk(aclk), .rst(!aresetn));
endmodule
"""
_CORE = """
module core #(parameter WEIGHTS = "") (input wire clk, input wire rst);
    reg [7:0] rom [0:3];
    initial $readmemh(WEIGHTS, rom);
endmodule
"""

ZYNQ_ULTRASCALE = ProjectSpec(
    name="net",
    family="zynq_ultrascale",
    part="xczu7ev-ffvc1156-2-e",
    board_part="xilinx.com:zcu104:part0:1.1",
    clock_mhz=100.0,
    control=0xA000_0000,
    dma=0xA001_0000,
    data_bits=64,
    top="axi_chip",
    sources=("rtl/axi_chip.v", "rtl/core.v"),
    roms=("rtl/weights.hex",),
)
ZYNQ_7000 = replace(
    ZYNQ_ULTRASCALE,
    family="zynq_7000",
    part="xc7z020clg400-1",
    board_part="tul.com.tw:pynq-z2:part0:1.0",
    control=0x43C0_0000,
    dma=0x4040_0000,
    data_bits=32,
)


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Writes a project with its sources; keywords change the spec."""

    def write(spec: ProjectSpec = ZYNQ_ULTRASCALE, **changes: Any) -> Path:
        folder = tmp_path / "a project"
        (folder / "rtl").mkdir(parents=True, exist_ok=True)
        (folder / "rtl" / "axi_chip.v").write_text(_HEADER.format(data_bits=spec.data_bits))
        (folder / "rtl" / "core.v").write_text(_CORE)
        (folder / "rtl" / "weights.hex").write_text("00\n01\n02\n03\n")
        write_project(replace(spec, **changes), folder)
        return folder

    return write


@pytest.fixture
def vivado(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Vivado]:
    """Puts the double on the PATH and finds it."""

    def find(play: str = "success", version: str = "2024.1") -> Vivado:
        environment = vivado_environment(tmp_path / "opt", play=play, version=version)
        for name in ("PATH", "XILINX_VIVADO", "VIVADO_DOUBLE_PLAY", "VIVADO_DOUBLE_VERSION"):
            monkeypatch.setenv(name, environment[name])
        found = find_vivado(os.environ)
        assert found is not None
        return found

    return find
