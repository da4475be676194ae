"""The unrolled core: one pipeline of all layers and the argmax, one inference accepted every clock cycle.

Where a vector comes in several beats, they are gathered first, and an inference begins with the last one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

from hls.pack import write_rom
from hls.unrolled.emit import emit_layer, named_roms
from hls.unrolled.fabric import FOUR, USUAL, Fabric, fabric_of
from hls.unrolled.ir import LookUp
from hls.unrolled.lower import LoweredLayer, lower_network
from hls.unrolled.memories import MODULE, into_memory
from hls.unrolled.places import ON_CHAIN
from hls.unrolled.schedule import Schedule, budget_ns, schedule
from toolchain.graph.dense import DenseNetwork
from toolchain.results.core import CoreDescription, CoreOutput, Tap
from toolchain.results.folding import Folding

_RTL = Path(__file__).resolve().parent.parent / "rtl"
_QUEUE = "result_queue.v"
# What stands for cells of the device, where nodes are made of them.
_PAIRED, _ON_CHAIN = ("lut_pair.v", "carry_places.v"), ("lut_single.v", ON_CHAIN)
# Look-up tables from a register to the core's input, a link's choice of what to hand over; and from the label to the
# next register: the queue's choice, and the link's.
_BEFORE, _BEHIND = 1, 2


@dataclass(frozen=True)
class Pipeline:
    """A lowered network and its schedule.

    Attributes:
        layers: the layers in order, then the argmax.
        schedules: the clock cycles of each.
    """

    layers: tuple[LoweredLayer, ...]
    schedules: tuple[Schedule, ...]

    @property
    def latency(self) -> int:
        """Clock cycles from the one that accepts an input to the one that can take its class."""
        return sum(item.latency for item in self.schedules)


def plan_pipeline(network: DenseNetwork, clock_hz: int, fabric: Fabric = FOUR, blocks: int = 0) -> Pipeline:
    """Lower a network for a fabric, its neurons in so many block RAMs at most, and schedule it for a clock.

    Raises:
        ModelError: a layer that the hardware cannot compute.
    """
    layers = tuple(lower_network(network, fabric))
    # The choice of the class is no neuron; a table at its end would only make it slower.
    into_memory(layers[:-1], blocks)
    return scheduled(layers, clock_hz)


def scheduled(layers: Sequence[LoweredLayer], clock_hz: int) -> Pipeline:
    """Each layer begins in the cycle in which the one before it ends; one register at least lies in the core."""
    fabric, times = layers[0].graph.fabric, list[Schedule]()
    tables = any(isinstance(node, LookUp) for layer in layers for node in layer.graph.nodes)
    scattered = sum(layer.positions for layer in layers) if tables else 0
    arrivals: tuple[float, ...] = (_BEFORE * fabric.delays.lut,) * len(layers[0].source.low)
    for layer in layers:
        times.append(schedule(layer.graph, clock_hz, arrivals, scattered))
        arrivals = times[-1].results
    late = max(arrivals) + _BEHIND * fabric.delays.lut > budget_ns(fabric, clock_hz, scattered)
    if late or not any(each.latency for each in times):
        times[-1] = times[-1].registered()
    return Pipeline(tuple(layers), tuple(times))


def short_clocks(
    network: DenseNetwork, clocks_hz: Sequence[int], family: str = USUAL, blocks: int = 0
) -> tuple[int, ...]:
    """Of ascending clocks in Hz those at which an answer takes no longer than at a slower one.

    More registers for a faster clock may cost more time than they save.
    """
    layers = plan_pipeline(network, clocks_hz[0], fabric_of(family), blocks).layers
    times = [Fraction(scheduled(layers, hz).latency, hz) for hz in clocks_hz]
    return tuple(hz for hz, time, least in zip(clocks_hz, times, accumulate(times, min), strict=True) if time <= least)


def generate_unrolled(network: DenseNetwork, folding: Folding, rtl_dir: Path, family: str = USUAL) -> CoreDescription:
    """Write the core's Verilog for a device family into `rtl_dir`, pipelined for the folding's clock, and describe it.

    A vector comes in as many beats as the folding has clocks between inferences, and neurons lie in as many block RAMs
    as it counts on.

    Raises:
        ModelError: a layer that the hardware cannot compute.
    """
    fabric = fabric_of(family)
    pipeline = plan_pipeline(network, folding.clock_hz, fabric, folding.estimate.bram)
    rtl_dir.mkdir(parents=True, exist_ok=True)
    names = [_module(index, layer) for index, layer in enumerate(pipeline.layers)]
    for name, layer, times in zip(names, pipeline.layers, pipeline.schedules, strict=True):
        (rtl_dir / f"{name}.v").write_text(emit_layer(layer, times, name))
    roms = _write_roms(rtl_dir, names, pipeline.layers)
    (rtl_dir / "gateweave_core.v").write_text(_core_text(pipeline, names, folding.initiation_interval))
    cells = (*(_PAIRED if fabric.paired else ()), *(_ON_CHAIN if fabric.tables_on_chain else ()))
    parts = (_QUEUE, *cells, *([f"{MODULE}.v"] if roms else ()))
    for part in parts:
        shutil.copyfile(_RTL / part, rtl_dir / part)
    sources = ("gateweave_core.v", *(f"{name}.v" for name in names), *parts)
    return replace(_describe(network, pipeline, sources, folding.initiation_interval), roms=roms)


def _write_roms(rtl_dir: Path, names: Iterable[str], layers: Iterable[LoweredLayer]) -> tuple[str, ...]:
    """Write the words of all block RAMs; returns the files' names."""
    named = [(layer, *it) for name, layer in zip(names, layers, strict=True) for it in named_roms(layer, name)]
    for layer, file, rom in named:
        write_rom(rtl_dir / file, rom.words(layer.graph), rom.width)
    return tuple(file for _, file, _ in named)


def _module(index: int, layer: LoweredLayer) -> str:
    return "unrolled_argmax" if layer.name == "argmax" else f"unrolled_layer{index}"


def _describe(network: DenseNetwork, pipeline: Pipeline, sources: tuple[str, ...], beats: int) -> CoreDescription:
    bits = pipeline.layers[0].source.bits * network.inputs
    taps = tuple(_tap(index, layer) for index, layer in enumerate(pipeline.layers[:-1]))
    return CoreDescription(
        strategy="unrolled",
        sources=sources,
        roms=(),
        input_type=network.input_type,
        vector_bits=bits,
        in_width=bits // beats,
        in_beats=beats,
        output=CoreOutput.label(network.classes),
        initiation_interval=beats,
        layers=taps,
    )


def _tap(index: int, layer: LoweredLayer) -> Tap:
    wire, elements = layer.result, len(layer.result.low)
    bits, width = wire.bits, wire.bits * elements
    return Tap(layer.name, f"s{index}", elements, bits, wire.signed, elements, width, wire.scale, wire.offset)


def _core_text(pipeline: Pipeline, names: list[str], beats: int) -> str:
    width = pipeline.layers[0].source.bits * len(pipeline.layers[0].source.low)
    class_bits = pipeline.layers[-1].result.bits
    depth = pipeline.latency
    lines = [
        f"// Generated: the whole network as one pipeline; it accepts an inference {_every(beats)} and answers",
        f"// {pipeline.latency} cycles later. It never stops: see result_queue.v for how back-pressure is kept.",
        "module gateweave_core (",
        "    input wire clk,",
        "    input wire rst,",
        f"    input wire [{width // beats - 1}:0] in_data,",
        "    input wire in_valid,",
        "    output wire in_ready,",
        f"    output wire [{class_bits - 1}:0] out_data,",
        "    output wire out_valid,",
        "    input wire out_ready",
        ");",
        *_accepting(beats),
        *_gathered(width, beats),
        "    // Bit k: an input was accepted k cycles ago.",
        f"    reg [{depth}:1] past;",
        f"    wire [{depth}:0] valid = {{past, accepted}};",
        f"    always @(posedge clk) past <= rst ? {depth}'d0 : valid[{depth - 1}:0];",
        *_instances(pipeline, names),
        f"    result_queue #(.WIDTH({class_bits}), .ADDRESS_BITS({depth.bit_length()}), .DIRECT(1)) queue (",
        "        .clk(clk), .rst(rst), .ready(in_ready), .accepted(accepted),",
        f"        .push(valid[{depth}]), .push_data(label),",
        "        .out_data(out_data), .out_valid(out_valid), .out_ready(out_ready)",
        "    );",
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def _every(beats: int) -> str:
    return "every clock cycle" if beats == 1 else f"of {beats} beats every {beats} clock cycles"


def _gathered(width: int, beats: int) -> list[str]:
    """The vector in the cycle that accepts it: earlier beats are shifted towards the low end.

    One enable for all registers, since an iCE40 has one for eight cells: those of many find no places.
    """
    if beats == 1:
        return [f"    wire [{width - 1}:0] vector = in_data;"]
    beat = width // beats
    return [
        f"    reg [{width - beat - 1}:0] earlier;",
        f"    wire [{width - 1}:0] vector = {{in_data, earlier}};",
        f"    always @(posedge clk) if (moves) earlier <= vector[{width - 1}:{beat}];",
    ]


def _accepting(beats: int) -> list[str]:
    """Counts the beats of a vector, which is accepted with the last."""
    if beats == 1:
        return ["    wire accepted = in_valid && in_ready;"]
    bits = (beats - 1).bit_length()
    return [
        "    wire moves = in_valid && in_ready;",
        f"    reg [{bits - 1}:0] beat;",
        f"    wire accepted = moves && beat == {bits}'d{beats - 1};",
        f"    always @(posedge clk) if (rst || moves) beat <= rst || accepted ? {bits}'d0 : beat + {bits}'d1;",
    ]


def _instances(pipeline: Pipeline, names: list[str]) -> list[str]:
    lines, source, cycles = [], "vector", 0
    for index, (layer, times) in enumerate(zip(pipeline.layers, pipeline.schedules, strict=True)):
        result = "label" if layer.name == "argmax" else f"s{index}_data"
        cycles += times.latency
        lines.append(f"    wire [{layer.result.bits * len(layer.result.low) - 1}:0] {result};")
        if result != "label":
            lines.append(f"    wire s{index}_valid = valid[{cycles}];")
            lines.append(f"    wire s{index}_ready = 1'b1;")
        lines.append(f"    {names[index]} {names[index]}_i (.clk(clk), .x({source}), .y({result}));")
        source = result
    return lines
