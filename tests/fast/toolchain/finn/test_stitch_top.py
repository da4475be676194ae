"""The top connects each node to the next, and rests what is not used."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from toolchain.errors import BuildError
from toolchain.finn.stitch_top import TOP, Node, top_text
from toolchain.results.core import StitchedCore, Tap, read_stitched, write_core

NODES = (
    Node("StreamingFIFO_rtl_0", "StreamingFIFO_rtl", "Fifo", 16),
    Node("MVAU_rtl_0", "MVAU_rtl", "Product", 24, weight_width=40),
    Node("Thresholding_rtl_0", "Thresholding_rtl", "Threshold", 8),
    Node("StreamingDataWidthConverter_rtl_0", "StreamingDataWidthConverter_rtl", "Converter", 32),
)


def ports(text: str, instance: str) -> dict[str, str]:
    found = re.search(rf"^    \w+ {instance} \((.*?)\);$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return dict(re.findall(r"\.(\w+)\((.*?)\)", found.group(1)))


def test_chain() -> None:
    text = top_text(NODES, 16)
    wires = ["s_axis", "StreamingFIFO_rtl_0_out", "MVAU_rtl_0_out", "Thresholding_rtl_0_out", "m_axis"]
    for node, source, sink in zip(NODES, wires, wires[1:], strict=False):
        connected = ports(text, node.name)
        for wire in ("tdata", "tvalid", "tready"):
            assert connected[f"in0_V_{wire.upper()}"] == f"{source}_{wire}"
            assert connected[f"out0_V_{wire.upper()}"] == f"{sink}_{wire}"
        assert connected["ap_clk"] == "ap_clk"
        assert connected["ap_rst_n"] == "ap_rst_n"
    assert f"module {TOP} (" in text
    assert "input [15:0] s_axis_tdata" in text
    assert "output [31:0] m_axis_tdata" in text
    assert "wire [23:0] MVAU_rtl_0_out_tdata;" in text


def test_weights() -> None:
    text = top_text(NODES, 16)
    assert "wire [39:0] MVAU_rtl_0_weights_tdata;" in text
    assert "MVAU_rtl_0_memstream_wrapper MVAU_rtl_0_memory (" in text
    assert ports(text, "MVAU_rtl_0_memory")["m_axis_0_tdata"] == "MVAU_rtl_0_weights_tdata"
    assert ports(text, "MVAU_rtl_0")["in1_V_TDATA"] == "MVAU_rtl_0_weights_tdata"


@pytest.mark.parametrize("instance", ["MVAU_rtl_0_memory", "Thresholding_rtl_0"])
def test_axi_lite_rests(instance: str) -> None:
    connected = ports(top_text(NODES, 16), instance)
    assert {connected[f"s_axilite_{name}"] for name in ("AWVALID", "WVALID", "ARVALID", "BREADY", "RREADY")} == {"'0"}
    assert connected["s_axilite_RDATA"] == ""


STREAM = Tap("input", "s_axis", 12, 2, False, 3, 8)
CORE = StitchedCore(TOP, ("a.sv", "b.sv"), ("w.dat",), STREAM, (STREAM, STREAM), 7)


def test_a_stitched_core_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_core(tmp_path, CORE)
    assert read_stitched(tmp_path) == CORE


@pytest.mark.parametrize("change", [{"more": 1}, {"layers": [{"name": "x"}]}])
def test_what_is_no_stitched_core_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    write_core(tmp_path, CORE)
    said = json.loads((tmp_path / "core.json").read_text())
    (tmp_path / "core.json").write_text(json.dumps({**said, "core": said["core"] | change}))
    with pytest.raises(BuildError, match="not a description of a stitched core"):
        read_stitched(tmp_path)
