"""The folded core: one matrix-vector unit a layer from `hls/rtl`, weights in ROMs, and the top that joins them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hls.arithmetic import WeightKind, analyse, signed_input, unsigned_bits
from hls.pack import words, write_rom
from hls.plan import LayerPlan, interval, plan_layers
from toolchain.errors import ModelError
from toolchain.graph.dense import DenseNetwork
from toolchain.results.core import CoreDescription, CoreOutput, Tap
from toolchain.results.folding import Folding, LayerFolding

LIBRARY = Path(__file__).parent / "rtl"

TOP = "gateweave_core"


@dataclass(frozen=True)
class Rom:
    """One ROM file: its name, its words and their width in bits."""

    name: str
    words: list[int]
    width: int


@dataclass(frozen=True)
class Stream:
    """Names and width of a stream's wires: ``<name>_data``, ``<name>_valid``, ``<name>_ready``."""

    name: str
    width: int

    def declare(self) -> str:
        """Verilog declarations of the wires."""
        return f"    wire [{self.width - 1}:0] {self.name}_data;\n    wire {self.name}_valid, {self.name}_ready;\n"

    def ports(self, side: str) -> dict[str, str]:
        """Connections of this stream to the ports ``<side>_data/_valid/_ready`` of an instance."""
        return {f"{side}_{part}": f"{self.name}_{part}" for part in ("data", "valid", "ready")}


def generate_folded(network: DenseNetwork, folding: Folding, rtl_dir: Path) -> CoreDescription:
    """Write the Verilog and ROM files of the folded core into `rtl_dir`; see docs of `CoreDescription`.

    Raises:
        ModelError: the folding does not suit the network or contradicts itself, or the hardware cannot compute a layer.
    """
    arithmetic = analyse(network)
    plans = plan_layers(arithmetic, [(layer.pe, layer.simd) for layer in folding.layers])
    _must_follow(folding, plans)
    roms = [rom for i, plan in enumerate(plans) for rom in layer_roms(i, plan)]
    rtl_dir.mkdir(parents=True, exist_ok=True)
    for rom in roms:
        write_rom(rtl_dir / rom.name, rom.words, rom.width)
    text, modules = core_text(plans, folding.layers, signed_input(network.input_type))
    (rtl_dir / f"{TOP}.v").write_text(text)
    for module in modules:
        shutil.copyfile(LIBRARY / f"{module}.v", rtl_dir / f"{module}.v")
    return CoreDescription(
        strategy="folded",
        sources=(f"{TOP}.v", *(f"{module}.v" for module in modules)),
        roms=tuple(rom.name for rom in roms),
        input_type=network.input_type,
        vector_bits=network.inputs * arithmetic[0].inputs.bits,
        in_width=plans[0].simd * arithmetic[0].inputs.bits,
        in_beats=plans[0].beats,
        output=CoreOutput.label(network.classes),
        initiation_interval=interval(plans),
        layers=tuple(layer_tap(index, plan) for index, plan in enumerate(plans)),
    )


def _must_follow(folding: Folding, plans: Sequence[LayerPlan]) -> None:
    """Refuse cycles that do not follow from the parallelism: what is planned is what the core does."""
    said = (*(layer.cycles for layer in folding.layers), folding.initiation_interval)
    true = (*(plan.cycles for plan in plans), interval(plans))
    names = [*(f"cycles of {layer.name}" for layer in folding.layers), "initiation_interval"]
    for name, one, other in zip(names, said, true, strict=True):
        if one != other:
            raise ModelError(
                f"folding.json: {name} is {one}, but these PE and SIMD give {other} (the slowest layer or the "
                "argmax decides the interval); write that, or build again from the fold stage"
            )


def layer_tap(index: int, plan: LayerPlan) -> Tap:
    """The layer's output stream."""
    codes, layer, wires = plan.arithmetic.outputs, plan.arithmetic.layer, f"s{index}"
    bits = plan.arithmetic.accumulator_bits if codes is None else codes.bits
    scale, offset = (1, 0) if codes is None else (codes.scale, codes.offset)
    return Tap(layer.name, wires, layer.outputs, bits, codes is None, plan.lanes, bits * plan.lanes, scale, offset)


def layer_roms(index: int, plan: LayerPlan) -> list[Rom]:
    """ROMs of one layer: weights, then thresholds or the bias where it has them."""
    roms = [Rom(f"layer{index}_weights.hex", weight_words(plan), plan.weight_word)]
    bits = plan.arithmetic.threshold_bits
    if plan.arithmetic.thresholds is not None:
        table = search_table(plan) if plan.search else parallel_table(plan)
        roms.append(Rom(f"layer{index}_thresholds.hex", words(table, bits), table.shape[1] * bits))
    if plan.arithmetic.bias is not None:
        bits = plan.arithmetic.accumulator_bits
        table = plan.arithmetic.bias.reshape(plan.folds, plan.pe) & ((1 << bits) - 1)
        roms.append(Rom(f"layer{index}_bias.hex", words(table, bits), plan.pe * bits))
    return roms


def weight_words(plan: LayerPlan) -> list[int]:
    """Words of the weight ROM, as the header of ``mvu.v`` lays them out."""
    # (folds, beats, pe, simd)
    shape = (plan.beats, plan.simd, plan.folds, plan.pe)
    tiles = plan.arithmetic.layer.weights.reshape(shape).transpose(2, 0, 3, 1)
    if plan.arithmetic.kind is WeightKind.INTEGER:
        bits = plan.arithmetic.weight_bits
        return words((tiles & ((1 << bits) - 1)).reshape(plan.cycles, -1), bits)
    planes = [tiles < 0] if plan.arithmetic.kind is WeightKind.BIPOLAR else [tiles != 0, tiles < 0]
    return words(np.concatenate(planes, axis=3).reshape(plan.cycles, -1), 1)


def parallel_table(plan: LayerPlan) -> NDArray[np.int64]:
    """Rows of ``thresholds.v``: shape (outputs/lanes, lanes*levels)."""
    assert plan.arithmetic.thresholds is not None
    return plan.arithmetic.thresholds.reshape(-1, plan.lanes * plan.levels)


def search_table(plan: LayerPlan) -> NDArray[np.int64]:
    """Rows of ``threshold_search.v``: shape (outputs * 2**bits, 1), padded with what is never reached."""
    assert plan.arithmetic.thresholds is not None and plan.arithmetic.outputs is not None
    thresholds = plan.arithmetic.thresholds
    table = np.zeros((len(thresholds), 1 << plan.arithmetic.outputs.bits), dtype=np.int64)
    table[:, 1 : plan.levels + 1] = thresholds
    table[:, plan.levels + 1 :] = plan.arithmetic.never[:, None]
    return table.reshape(-1, 1)


def instance(module: str, name: str, parameters: Mapping[str, object], ports: Mapping[str, str]) -> str:
    """Verilog of one module instance on the core's clock and reset."""
    values = ", ".join(f".{key}({value})" for key, value in parameters.items())
    wires = ", ".join(f".{key}({wire})" for key, wire in {"clk": "clk", "rst": "rst", **ports}.items())
    return f"    {module} #({values}) {name} (\n        {wires}\n    );\n"


class _Core:
    """Collects the text of the core and the library modules that it uses."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.modules: set[str] = set()

    def add(
        self,
        module: str,
        parameters: Mapping[str, object],
        source: Stream,
        sink: Stream,
        extra: Mapping[str, str] | None = None,
    ) -> Stream:
        """Add an instance from one stream to another; the latter is declared here."""
        self.modules.add(module)
        ports = {**source.ports("in"), **sink.ports("out"), **(extra or {})}
        self.text.append(sink.declare() + instance(module, f"{sink.name}_{module}", parameters, ports))
        return sink

    def convert(self, source: Stream, name: str, width: int) -> Stream:
        """The stream at another width; itself where the width is the same."""
        if source.width == width:
            return source
        parameters = {"IN_WIDTH": source.width, "OUT_WIDTH": width}
        return self.add("width_converter", parameters, source, Stream(name, width))

    def rename(self, source: Stream, name: str) -> Stream:
        """The stream under another name."""
        self.text.append(
            Stream(name, source.width).declare()
            + f"    assign {name}_data = {source.name}_data;\n"
            + f"    assign {name}_valid = {source.name}_valid;\n"
            + f"    assign {source.name}_ready = {name}_ready;\n"
        )
        return Stream(name, source.width)


def core_text(plans: Sequence[LayerPlan], places: Sequence[LayerFolding], signed: bool) -> tuple[str, list[str]]:
    """Verilog of the core, and the library modules it uses, in alphabetical order."""
    core = _Core()
    first = plans[0]
    stream = Stream("in", first.simd * first.arithmetic.inputs.bits)
    if signed:
        stream = _offset_binary(core, stream, first)
    for index, plan in enumerate(plans):
        core.text.append(f"\n    // Layer {index}: {_title(plan)}\n")
        stream = _layer(core, index, plan, places[index], stream)
    _argmax(core, plans[-1], stream)
    class_bits = unsigned_bits(plans[-1].arithmetic.layer.outputs - 1)
    return _header(first.simd * first.arithmetic.inputs.bits, class_bits) + "".join(core.text) + "endmodule\n", sorted(
        core.modules
    )


def _title(plan: LayerPlan) -> str:
    layer = plan.arithmetic.layer
    return f"{layer.inputs} -> {layer.outputs}, PE {plan.pe}, SIMD {plan.simd}, {plan.cycles} cycles"


def _header(in_width: int, class_bits: int) -> str:
    return f"""// Generated. Packed input vectors in, classes out; ready/valid, see toolchain/results/core.py.
module {TOP} (
    input clk,
    input rst,
    input [{in_width - 1}:0] in_data,
    input in_valid,
    output in_ready,
    output [{class_bits - 1}:0] out_data,
    output out_valid,
    input out_ready
);
"""


def _offset_binary(core: _Core, stream: Stream, plan: LayerPlan) -> Stream:
    """Flip the top bit of each element: two's complement to offset binary."""
    bits = plan.arithmetic.inputs.bits
    mask = sum(1 << (bits * (i + 1) - 1) for i in range(plan.simd))
    flipped = Stream("x", stream.width)
    core.text.append(
        flipped.declare()
        + f"    assign x_data = in_data ^ {stream.width}'h{mask:x};\n"
        + "    assign x_valid = in_valid;\n    assign in_ready = x_ready;\n"
    )
    return flipped


def _layer(core: _Core, index: int, plan: LayerPlan, places: LayerFolding, stream: Stream) -> Stream:
    """One layer from its arriving stream to ``s<index>``."""
    bits = plan.arithmetic.inputs.bits
    stream = core.convert(stream, f"w{index}", plan.simd * bits)
    stream = _buffer(core, index, plan, stream)
    stream = _unit(core, index, plan, places.weight_rom, stream)
    width = plan.lanes * plan.arithmetic.accumulator_bits
    if plan.arithmetic.outputs is None:
        converted = core.convert(stream, f"s{index}", width)
        return converted if converted is not stream else core.rename(stream, f"s{index}")
    stream = core.convert(stream, f"a{index}", width)
    return _thresholds(core, index, plan, places.threshold_rom, stream)


def _buffer(core: _Core, index: int, plan: LayerPlan, stream: Stream) -> Stream:
    parameters = {"WIDTH": stream.width, "BEATS": plan.beats, "REPEATS": plan.folds}
    name = f"v{index}"
    core.text.append(f"    wire {name}_last;\n")
    return core.add("vector_buffer", parameters, stream, Stream(name, stream.width), {"out_last": f"{name}_last"})


def _unit(core: _Core, index: int, plan: LayerPlan, place: str, stream: Stream) -> Stream:
    math = plan.arithmetic
    parameters = {
        "PE": plan.pe,
        "SIMD": plan.simd,
        "IN_BITS": math.inputs.bits,
        "BEATS": plan.beats,
        "FOLDS": plan.folds,
        "WEIGHT_KIND": int(math.kind),
        "WEIGHT_BITS": math.weight_bits,
        "ROM_STYLE": f'"{place}"',
        "WEIGHT_FILE": f'"layer{index}_weights.hex"',
        "SUM_BITS": math.sum_bits(plan.simd),
        "ACC_BITS": math.accumulator_bits,
        "INIT": math.initial,
        "SCALE": math.scale,
        "HAS_BIAS": int(math.bias is not None),
        "BIAS_FILE": f'"layer{index}_bias.hex"' if math.bias is not None else '""',
    }
    # Both kinds: yosys elaborates the unit with its default parameters too.
    core.modules |= {"masked_sum", "weighted_sum"}
    sink = Stream(f"m{index}", plan.pe * math.accumulator_bits)
    return core.add("mvu", parameters, stream, sink, {"in_last": f"{stream.name}_last"})


def _thresholds(core: _Core, index: int, plan: LayerPlan, place: str, stream: Stream) -> Stream:
    math = plan.arithmetic
    assert math.outputs is not None
    parameters: dict[str, object] = {
        "ACC_BITS": math.accumulator_bits,
        "BITS": math.threshold_bits,
        "OUT_BITS": math.outputs.bits,
        "ROM_STYLE": f'"{place}"',
        "THRESHOLD_FILE": f'"layer{index}_thresholds.hex"',
    }
    sink = Stream(f"s{index}", plan.lanes * math.outputs.bits)
    if plan.search:
        return core.add("threshold_search", {**parameters, "NEURONS": math.layer.outputs}, stream, sink)
    folds = math.layer.outputs // plan.lanes
    parameters |= {"PE": plan.lanes, "LEVELS": plan.levels, "FOLDS": folds}
    return core.add("thresholds", parameters, stream, sink)


def _argmax(core: _Core, plan: LayerPlan, stream: Stream) -> None:
    classes = plan.arithmetic.layer.outputs
    parameters = {
        "CLASSES": classes,
        "BITS": plan.arithmetic.accumulator_bits,
        "INDEX_BITS": unsigned_bits(classes - 1),
    }
    core.modules.add("argmax")
    ports = {**stream.ports("in"), **Stream("out", 0).ports("out")}
    core.text.append("\n" + instance("argmax", "out_argmax", parameters, ports))
