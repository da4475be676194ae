"""The top module of a stitched core: FINN's nodes in a chain, each MVAU fed by its weight memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TOP = "finn_core"
"""Name of the top module."""

SOURCE, SINK = "s_axis", "m_axis"
"""Prefixes of the top's streams."""

# Inputs that a core with fixed weights and thresholds leaves at rest; their outputs stay open.
_AXI_LITE = {
    "inputs": ("AWVALID", "AWADDR", "WVALID", "WDATA", "WSTRB", "BREADY", "ARVALID", "ARADDR", "RREADY"),
    "outputs": ("AWREADY", "WREADY", "BVALID", "BRESP", "ARREADY", "RVALID", "RDATA", "RRESP"),
}


@dataclass(frozen=True)
class Node:
    """One node of the chain.

    Attributes:
        name: its name in the graph.
        kind: its FINN operator, such as ``"MVAU_rtl"``.
        module: its Verilog module.
        out_width: bits of its output's ``tdata``.
        weight_width: bits of ``tdata`` of its weights (MVAU).
    """

    name: str
    kind: str
    module: str
    out_width: int
    weight_width: int = 0

    @property
    def wires(self) -> str:
        """Prefix of the wires of its output inside the top."""
        return f"{self.name}_out"


def top_text(nodes: Sequence[Node], in_width: int) -> str:
    """SystemVerilog of the top; the last node's output is the top's."""
    body: list[str] = []
    previous = SOURCE
    for node in nodes:
        sink = SINK if node is nodes[-1] else node.wires
        if sink != SINK:
            body += _wires(sink, node.out_width)
        body += _instances(node, previous, sink)
        previous = sink
    return "\n".join([*_header(in_width, nodes[-1].out_width), *body, "endmodule", ""])


def _header(in_width: int, out_width: int) -> list[str]:
    return [
        "// Generated: the nodes of FINN's dataflow graph in a chain, from stream to stream.",
        f"module {TOP} (",
        "    input ap_clk,",
        "    input ap_rst_n,",
        f"    input [{in_width - 1}:0] {SOURCE}_tdata,",
        f"    input {SOURCE}_tvalid,",
        f"    output {SOURCE}_tready,",
        f"    output [{out_width - 1}:0] {SINK}_tdata,",
        f"    output {SINK}_tvalid,",
        f"    input {SINK}_tready",
        ");",
    ]


def _wires(prefix: str, width: int) -> list[str]:
    return [f"    wire [{width - 1}:0] {prefix}_tdata;", f"    wire {prefix}_tvalid, {prefix}_tready;"]


def _instances(node: Node, source: str, sink: str) -> list[str]:
    ports = _stream("in0_V", source) | _stream("out0_V", sink)
    if node.kind == "StreamingFIFO_rtl":
        ports |= {"count": "", "maxcount": ""}
    if node.kind == "Thresholding_rtl":
        ports |= _idle_axi_lite() | {"in1_V_TDATA": "'0", "in1_V_TVALID": "1'b0", "in1_V_TREADY": ""}
    if node.kind == "FMPadding_rtl":
        ports |= _idle_axi_lite()
    if node.kind != "MVAU_rtl":
        return _instance(node.module, node.name, ports)
    weights = f"{node.name}_weights"
    ports |= {"ap_clk2x": "1'b0"} | _stream("in1_V", weights)
    memory = _idle_axi_lite() | {"ap_clk2x": "1'b0", "s_axilite_AWPROT": "'0", "s_axilite_ARPROT": "'0"}
    memory |= {"s_axis_0_tdata": "'0", "s_axis_0_tvalid": "1'b0", "s_axis_0_tready": ""}
    memory |= {f"m_axis_0_{wire}": f"{weights}_{wire}" for wire in ("tdata", "tvalid", "tready")}
    return [
        *_wires(weights, node.weight_width),
        *_instance(memory_module(node.name), f"{node.name}_memory", memory),
        *_instance(node.module, node.name, ports),
    ]


def memory_module(name: str) -> str:
    """Module of the weight memory of an MVAU node."""
    return f"{name}_memstream_wrapper"


def _stream(port: str, wires: str) -> dict[str, str]:
    return {f"{port}_{wire.upper()}": f"{wires}_{wire}" for wire in ("tdata", "tvalid", "tready")}


def _idle_axi_lite() -> dict[str, str]:
    idle = {f"s_axilite_{name}": "'0" for name in _AXI_LITE["inputs"]}
    return idle | {f"s_axilite_{name}": "" for name in _AXI_LITE["outputs"]}


def _instance(module: str, name: str, ports: dict[str, str]) -> list[str]:
    clocked = {"ap_clk": "ap_clk", "ap_rst_n": "ap_rst_n"} | ports
    lines = ",\n".join(f"        .{port}({wire})" for port, wire in clocked.items())
    return [f"    {module} {name} (", lines, "    );"]
