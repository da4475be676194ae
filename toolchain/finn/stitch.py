"""From FINN's prepared model to one core between two AXI4-Streams: Verilog and data files in one folder.

It does for Verilator and Yosys what FINN's own stitching does for Vivado. The folder can be moved: its files name each
other without a path.
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from toolchain.errors import ModelError, ToolError
from toolchain.files import write_atomic
from toolchain.finn.adapter import VERSION, enter
from toolchain.finn.faults import OTHER_FLOW
from toolchain.finn.rtl_edits import edited
from toolchain.finn.stitch_top import SINK, SOURCE, TOP, Node, memory_module, top_text
from toolchain.results.core import StitchedCore, Tap

_KINDS = {
    "ConvolutionInputGenerator_rtl",
    "FMPadding_rtl",
    "MVAU_rtl",
    "StreamingDataWidthConverter_rtl",
    "StreamingFIFO_rtl",
    "Thresholding_rtl",
}

# What the list of an MVAU's files lacks: its weight memory. Paths in FINN's RTL library.
_MEMORY_SOURCES = ("axi/hdl/axilite.sv", "memstream/hdl/memstream.sv", "memstream/hdl/memstream_axi.sv")

# A FIFO without bounds, for FINN's own simulation only.
_LEFT_OUT = {"fifo_gauge.sv"}


def stitch(prepared_model: Path, out_dir: Path) -> StitchedCore:
    """Write the core of a model whose nodes have their Verilog (`toolchain.finn.generate`) to `out_dir`.

    Equal models give equal bytes.

    Raises:
        ModelError: the graph is not a chain of RTL nodes with fixed weights; names the node.
        ToolError: finn-plus is missing or of another version, or an edit of its sources does not match.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    with enter(prepared_model.parent):
        model = ModelWrapper(str(prepared_model))
        operators = [_operator(model, node) for node in model.graph.node]
        sources = _write_sources(operators, out_dir)
        data = sorted(_write_data(operators, out_dir))
        nodes = [_node(operator) for operator in operators]
        write_atomic(out_dir / f"{TOP}.sv", top_text(nodes, int(operators[0].get_instream_width_padded())))
        interval = max(int(operator.get_exp_cycles()) for operator in operators)
        return StitchedCore(
            TOP, (*sources, f"{TOP}.sv"), tuple(data), _input(operators[0]), _layers(operators), interval
        )


def _operator(model: ModelWrapper, node: NodeProto) -> Any:
    """FINN's operator of a node that can be stitched."""
    where = f"node {node.name} ({node.op_type})"
    if node.op_type not in _KINDS:
        raise ModelError(f"{where}: it cannot be stitched, only {', '.join(sorted(_KINDS))} can; {OTHER_FLOW}")
    if model.is_fork_node(node) or model.is_join_node(node):
        raise ModelError(f"{where}: the graph branches, and only chains can be stitched; {OTHER_FLOW}")
    operator = getCustomOp(node)
    if node.op_type == "MVAU_rtl":
        _require_fixed_weights(operator, where)
        _require_safe_queue(operator, where)
    if not Path(operator.get_nodeattr("code_gen_dir_ipgen") or "/-").is_dir():
        raise ModelError(f"{where}: its Verilog is missing; generate it first, and leave it where it was generated")
    return operator


def _require_fixed_weights(operator: Any, where: str) -> None:
    memory = operator.get_nodeattr("mem_mode")
    if memory != "internal_decoupled":
        raise ModelError(f"{where}: its mem_mode is {memory}, expected internal_decoupled; set it when folding")
    for name in ("pumpedCompute", "pumpedMemory"):
        if operator.get_nodeattr(name):
            raise ModelError(f"{where}: {name} needs a second clock, and there is one only; set it to 0 when folding")


def _require_safe_queue(operator: Any, where: str) -> None:
    """Refuse one result a cycle: FINN's output queue (mvu_vvu_axi.sv) is then too short for what is still under way.

    It holds ``4 + clog2(SIMD + 1)`` results; when the output stalls, up to ``6 + clog2(SIMD)`` arrive. With one result
    in two cycles or more it never fills.
    """
    simd, inputs = operator.get_nodeattr("SIMD"), operator.get_nodeattr("MW")
    if simd == inputs > 1:
        raise ModelError(
            f"{where}: SIMD is {simd}, all of its inputs; FINN's RTL then loses results under back-pressure; "
            f"fold it to SIMD {inputs // 2} or less"
        )


def _write_sources(operators: list[Any], out_dir: Path) -> list[str]:
    """Copy all sources, edited; their names in the order to read them."""
    written: dict[str, str] = {}
    for operator in operators:
        for path in _source_paths(operator):
            if path.name in _LEFT_OUT:
                continue
            text = edited(path.name, path.read_text())
            if path.name == f"{memory_module(operator.onnx_node.name)}.v":
                text = _with_local_weights(operator, text)
            if written.setdefault(path.name, text) != text:
                raise ToolError(f"{path}: FINN has another file of this name in the same core")
    for name, text in written.items():
        write_atomic(out_dir / name, text)
    # Packages come before the modules that import them.
    return sorted(written, key=lambda name: not name.endswith("_pkg.sv"))


def _source_paths(operator: Any) -> Iterator[Path]:
    yield from (Path(name) for name in operator.get_rtl_file_list(abspath=True))
    if operator.onnx_node.op_type == "MVAU_rtl":
        library = Path(importlib.import_module("finn.util.settings").get_settings().finn_rtllib)
        yield from (library / name for name in _MEMORY_SOURCES)
        yield _folder(operator) / f"{memory_module(operator.onnx_node.name)}.v"


def _folder(operator: Any) -> Path:
    return Path(operator.get_nodeattr("code_gen_dir_ipgen"))


def _weight_file(operator: Any) -> str:
    return f"{operator.onnx_node.name}_weights.dat"


def _with_local_weights(operator: Any, text: str) -> str:
    """The weight memory's wrapper with the weights in the file beside it: FINN writes an absolute path."""
    changed, count = re.subn(r'(\bINIT_FILE = )"[^"]+"', rf'\1"{_weight_file(operator)}"', text)
    if count != 1:
        name = f"{memory_module(operator.onnx_node.name)}.v"
        raise ToolError(f"{name}: INIT_FILE is set {count} times, expected once; install finn-plus {VERSION}")
    return changed


def _write_data(operators: list[Any], out_dir: Path) -> Iterator[str]:
    """Copy weights and thresholds; their names."""
    for operator in operators:
        if operator.onnx_node.op_type == "MVAU_rtl":
            write_atomic(out_dir / _weight_file(operator), (_folder(operator) / "memblock.dat").read_bytes())
            yield _weight_file(operator)
        if operator.onnx_node.op_type == "Thresholding_rtl":
            for name in operator.get_all_meminit_filenames(abspath=True):
                write_atomic(out_dir / Path(name).name, Path(name).read_bytes())
                yield Path(name).name


def _node(operator: Any) -> Node:
    kind = operator.onnx_node.op_type
    weights = int(operator.get_instream_width_padded(1)) if kind == "MVAU_rtl" else 0
    module = operator.get_nodeattr("gen_top_module")
    return Node(operator.onnx_node.name, kind, module, int(operator.get_outstream_width_padded()), weights)


def _input(operator: Any) -> Tap:
    shape, width = operator.get_folded_input_shape(), operator.get_instream_width_padded()
    return _stream("input", SOURCE, shape, operator.get_input_datatype(0), width)


def _layers(operators: list[Any]) -> tuple[Tap, ...]:
    """Outputs of all thresholds, and of the last layer: nothing but FIFOs and width converters follows that."""
    computing = [operator for operator in operators if operator.onnx_node.op_type in ("MVAU_rtl", "Thresholding_rtl")]
    inner = [o for o in computing[:-1] if o.onnx_node.op_type == "Thresholding_rtl"]
    return (*(_output(layer, _node(layer).wires) for layer in inner), _output(computing[-1], SINK))


def _output(operator: Any, wires: str) -> Tap:
    shape, width = operator.get_folded_output_shape(), operator.get_outstream_width_padded()
    return _stream(operator.onnx_node.name, wires, shape, operator.get_output_datatype(), width)


def _stream(name: str, wires: str, shape: tuple[int, ...], kind: Any, width: int) -> Tap:
    return Tap(
        name=name,
        wires=wires,
        elements=math.prod(int(size) for size in shape),
        bits=int(kind.bitwidth()),
        signed=bool(kind.signed()),
        elements_per_beat=int(shape[-1]),
        width=int(width),
    )
