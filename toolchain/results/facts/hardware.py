"""Facts of the stages that make hardware: cores, chips, bitstreams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from toolchain.results.facts.base import Facts
from toolchain.results.folding import AnyFolding, TooDense
from toolchain.results.model import Number, Record


class Use(Record):
    """Resources of a device, in use or estimated; `bram` counts the device's blocks (of AMD: halves of 18 kbit)."""

    lut: Number
    ff: Number
    bram: Number
    dsp: Number


class Estimate(Record):
    """What folding expects `of` the whole chip, or of the core alone.

    Attributes:
        too_dense: products that are folded though all were to be unrolled; the others are.
    """

    of: Literal["chip", "core"]
    lut: Number
    ff: Number
    bram: Number
    dsp: Number = 0
    too_dense: tuple[TooDense, ...] = ()


class WayWork(Record):
    """What folding expects of an inference that goes one way through a core of units; a stage's way is a stage with
    those before it.

    Attributes:
        units: that have work.
        interval: clocks that the slowest of them works; `clocks`: those of all of them together.
        switched_bits: output bits of the units' cells, each for every clock that its unit works; see docs/deciding.md.
    """

    kind: Literal["estimated"]
    units: int
    interval: int
    clocks: int
    switched_bits: int


class FoldFacts(Facts):
    """The folding of our own RTL, and what core and host link are expected to take.

    Attributes:
        ways: of a core of units, in the order of a network's stages; one way where it has none.
    """

    form: Literal["fold"] = "fold"
    estimate: Estimate
    folding: AnyFolding
    ways: tuple[WayWork, ...] = ()


class PllSetting(Record):
    """How a PLL makes the clock: its cell, its dividers, and the clocks inside; see `toolchain.fpga.pll`."""

    cell: str
    reference: int
    feedback: int
    output: int
    compared_mhz: Number
    oscillator_mhz: Number


class ClockTrial(Record):
    """A clock that the design was made for, what it then bore (None: not routed), and whether that was enough."""

    clock_mhz: Number
    fmax_mhz: Number | None
    met: bool


class ClockFacts(Facts):
    """The clock of an open board's design.

    Attributes:
        crystal_mhz: the oscillator's; `clock_mhz`: the design's.
        pll: what makes the one of the other; None where they are the same.
        asked: whether a person asked for it.
        margin: the share by which a routed design had to be faster than a chosen clock of the PLL.
        trials: clocks that the design was routed at, in order; none where there was no choice.
        missed_fps: the rate aimed at that nobody asked for, where it needs a faster clock than the design bears.
    """

    form: Literal["clock"] = "clock"
    crystal_mhz: Number
    clock_mhz: Number
    pll: PllSetting | None
    asked: bool
    margin: Number
    trials: tuple[ClockTrial, ...]
    missed_fps: Number | None


class Identity(Record):
    """What a chip says it is: hexadecimal, 8 bytes each."""

    model_hash: str
    build_id: str


class GenerateFacts(Facts):
    """What the generated chip, or FINN's core, is known by."""

    form: Literal["generate"] = "generate"
    identity: Identity


class WayCycles(Record):
    """Clock cycles of inferences that all go one way, as simulated on so many vectors of the test set.

    Attributes:
        latency_cycles: from the first beat in to the last beat out, in a core that rests; None where no vector goes so.
        interval: clocks between such inferences, one behind the other; None likewise.
        toggles: bits of the core's nets that change in an inference; None where they were not counted.
    """

    kind: Literal["simulated"]
    vectors: int
    latency_cycles: int | None
    interval: int | None
    toggles: int | None


class SimulateFacts(Facts):
    """Clock cycles as simulated: from the first input beat to the last output beat, and between inferences.

    Attributes:
        answer_cycles: those in which an answer leaves our own chip, a byte a cycle; None where there is no such chip.
        mean_interval: cycles between inferences of the test set where one may end early; the others are then those of
            an inference through all stages. None where all take as many.
        ways: of a network of several stages, in their order.
    """

    form: Literal["simulate"] = "simulate"
    latency_cycles: int
    initiation_interval: int
    answer_cycles: int | None = None
    mean_interval: int | None = None
    ways: tuple[WayCycles, ...] = ()


class SynthesiseFacts(Facts):
    """The mapped netlist's file name, and what it uses."""

    form: Literal["synthesise"] = "synthesise"
    netlist: str
    resources: Use


class AmdSynthesiseFacts(Facts):
    """The same on an AMD device, with shares of it in per cent; a large core is estimated, and has no netlist."""

    form: Literal["amd synthesise"] = "amd synthesise"
    kind: Literal["synthesised", "estimated"]
    netlist: str | None
    resources: Use
    used_percent: Mapping[str, Number]


class ImplementFacts(Facts):
    """What open place and route came to.

    Attributes:
        config: file name of what the packer reads.
        fmax_mhz: the highest clock that the design bears; `clock_mhz`: the one it gets.
        critical_path: the slowest path between registers, one step a line.
        seed: the placer's that met the timing.
    """

    form: Literal["implement"] = "implement"
    status: Literal["bitstream"]
    kind: Literal["routed"]
    config: str
    resources: Use
    used_percent: Mapping[str, Number]
    fmax_mhz: Number
    clock_mhz: Number
    critical_path: tuple[str, ...]
    seed: int


class VivadoTiming(Record):
    """See `toolchain.vivado.reports.Timing`."""

    wns_ns: Number
    whs_ns: Number
    wpws_ns: Number
    clock: str
    period_ns: Number
    fmax_mhz: Number
    met: bool
    failing_endpoints: tuple[int, int]
    critical_path: str


class VivadoResult(Record):
    """What Vivado made: file names in the stage's folder, and what it measured; see `vivado.implement.Result`."""

    bitstream: str
    hwh: str
    xsa: str | None
    resources: Mapping[str, int]
    core_resources: Mapping[str, int] | None
    tool: str
    timing: VivadoTiming


class VivadoFacts(Facts):
    """A hand-off, or where Vivado ran what it made; the clock is the one asked for."""

    form: Literal["vivado"] = "vivado"
    status: Literal["handoff", "bitstream"]
    kind: Literal["requested"]
    clock_mhz: Number
    vivado: VivadoResult | None = None


class BitstreamFacts(Facts):
    """File name of what is flashed."""

    form: Literal["bitstream"] = "bitstream"
    file: str


class OpenPackageFacts(Facts):
    """File name of the bitstream in the package."""

    form: Literal["open package"] = "open package"
    bitstream: str


class AmdPackageFacts(Facts):
    """Whether the package is a hand-off or holds its bitstream."""

    form: Literal["amd package"] = "amd package"
    status: Literal["handoff", "bitstream"]


class VerifyFacts(Facts):
    """What was run, or the reason why nothing can be."""

    form: Literal["verify"] = "verify"
    what: str | None = None
    reason: str | None = None


class FinnUse(Record):
    """What FINN itself expects."""

    lut: int
    bram: int
    dsp: int
    uram: int


class FinnLayer(Record):
    """A hardware layer of FINN's; products also have `simd`, `ram_style` and our `estimate` with their thresholds."""

    name: str
    op_type: str
    cycles: int
    finn_estimate: FinnUse
    pe: int | None = None
    simd: int | None = None
    ram_style: str | None = None
    estimate: Use | None = None


class MapFacts(Facts):
    """FINN's mapping of the network, all estimated; cycles are the clock's."""

    form: Literal["map"] = "map"
    kind: Literal["estimated"]
    layers: tuple[FinnLayer, ...]
    estimate: Estimate
    finn_estimate: FinnUse
    initiation_interval: int
    latency_cycles: int
    fps: Number

    @property
    def has_windows(self) -> bool:
        """Whether it works on images: such a core may be too large to simulate on the whole test set."""
        return any(layer.op_type.startswith("ConvolutionInputGenerator") for layer in self.layers)
