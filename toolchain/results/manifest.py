"""`manifest.json` of a package: what is in it, where it came from, and what was proved on the way.

Devices, and the machine that finishes a hand-off, read the same file with the standard library alone; see
`toolchain.device.intact`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, cast

from pydantic import ConfigDict

from toolchain.device.link.settings import Setting
from toolchain.device.packed import PackedManifest
from toolchain.errors import BuildError
from toolchain.results.account import Account
from toolchain.results.check import Check, Sums
from toolchain.results.device import DeviceDescription
from toolchain.results.facts import CoreRow, DataFacts, EmulateFacts, IntegersFacts, LoadFacts
from toolchain.results.facts.decision import Decision
from toolchain.results.facts.hardware import Estimate, Identity, Use
from toolchain.results.facts.mcu import Sizes
from toolchain.results.facts.network import FrontPoint, Layer, Scores
from toolchain.results.facts.runtime import (
    Effort,
    GraphProof,
    LatencyRow,
    OutputMeaning,
    Throughput,
    VectorCount,
)
from toolchain.results.model import Number, Record, RecordFile
from toolchain.results.ways import MeasuredWays

HardwareKind = Literal["measured", "routed", "synthesised", "estimated", "requested"]


class Accuracy(Scores):
    """Figures on the test rows; `data` says of what: `synthetic`, or what was recorded."""

    kind: Literal["simulated"]
    data: str


class Resources(Use):
    """What the design uses of the device, by which tool, and its share in per cent."""

    kind: HardwareKind
    tool: str
    uram: int | None = None
    used_percent: Mapping[str, Number]


class Timing(Record):
    """The clock, whose `kind` says whether it was asked for only; cycles as simulated, and what they come to.

    Attributes:
        fmax_mhz: the highest clock that the routed design bears; None where it has not been routed.
        crystal_mhz: the board's oscillator, where a PLL makes the clock of it.
        critical_path: its slowest path, one step a line.
        answer_cycles: those in which an answer leaves the chip, where the core has fewer between inferences and waits.
        mean_interval: see `SimulateFacts`.
    """

    kind: HardwareKind
    fmax_mhz: Number | None
    clock_mhz: Number
    crystal_mhz: Number | None = None
    critical_path: tuple[str, ...]
    cycles_kind: Literal["simulated"]
    latency_cycles: int
    initiation_interval: int
    latency_us: Number
    answer_cycles: int | None = None
    mean_interval: int | None = None
    inferences_per_second: Number


class EstimateOf(Estimate):
    """What folding expected."""

    kind: Literal["estimated"]


class Graphs(Record):
    """Every graph for ONNX Runtime with its proof; see `results.facts.runtime`."""

    kind: str
    reference: str
    vectors: VectorCount
    left_out: Mapping[str, str]
    accuracy: Number | None
    outputs: OutputMeaning
    notices: tuple[str, ...]
    proved: Mapping[str, GraphProof]
    budget: Number
    ways: MeasuredWays | None = None


class Latency(Record):
    """Latency of each graph, measured on the computer that built it."""

    kind: Literal["measured"]
    effort: Effort
    rows: tuple[LatencyRow, ...]
    chosen: str
    throughput: Throughput


class StageEntry(Record):
    """A stage as the package was made from it; `token` tells its record apart."""

    token: str
    outputs: Mapping[str, str]
    verified: Sums | None
    checks: Mapping[str, Check]
    tools: Mapping[str, str]


class Revision(Record):
    """Commit, and whether the working tree differed from it; both None outside a git checkout."""

    revision: str | None
    dirty: bool | None


class HostLink(Record):
    """How a board is asked: a UART and its baud, or AXI and its addresses."""

    kind: Literal["uart", "axi"]
    baud: int | None = None
    control: int | None = None
    dma: int | None = None
    data_bits: int | None = None


class FlashImage(Record):
    """What an open board's flash holds where its design loads weights at start.

    Attributes:
        offset: of the weights, bytes; `weights_bytes` of them, whose CRC-32 the design knows.
        start_ms: from configuration until the design answers, at most: its clocks in simulation over their rate.
    """

    kind: Literal["estimated"]
    offset: int
    weights_bytes: int
    weights_crc32: str
    start_ms: Number


class FinnStream(Record):
    """One of FINN's streams; see `toolchain.package.amd.figures.streams_of`."""

    type: str
    elements: int
    folded: tuple[int, ...]
    engine: str


class Recipe(Record):
    """The recipe's name ("file" of somebody else's network), and beside it its values."""

    model_config = ConfigDict(extra="allow")

    name: str
    title: str = ""


class Manifest(RecordFile):
    """The manifest; of groups that a flow does not have it holds none.

    Attributes:
        variant: folder of the build; fps: the rate that was asked for.
        front: accuracy against LUTs, of a recipe with a budget.
        decision: where a network of several stages stops; account: what its answers take.
        answer_bytes: of one answer of our own RTL, which leaves the chip at a byte a cycle.
        settings: what a host may change in the chip at run time.
        dma_bytes: memory that the DMA of an AMD board must have where vectors go by no other way; None where they do.
        flash: of an open board whose design loads weights; the file is the role `flash_image`.
        roles: files by what they are for; files: SHA-256 of all.
        content_digest: SHA-256 of all that the manifest says beside it.
        board_title to image: what the driver and finish.py must know of an AMD board.
        device: what device.json says, of packages for ONNX Runtime.
        memory, emulated: of a microcontroller: what the program takes, and how it ran on an emulated processor.
    """

    VERSION_KEY: ClassVar[str] = "format"
    VERSION: ClassVar[int] = 2
    TITLE: ClassVar[str] = "manifest"

    model: str
    board: str
    flow: str
    strategy: str
    variant: str
    fps: Number | str | None
    recipe: Recipe
    seeds: Mapping[str, int]
    git: Revision
    tools: Mapping[str, str]
    packages: Mapping[str, str]
    status: Literal["bitstream", "handoff", "runnable"]
    stages: Mapping[str, StageEntry]

    data: DataFacts | None
    accuracy: Accuracy | None
    front: tuple[FrontPoint, ...] = ()
    decision: Decision | None = None
    account: Account | None = None
    layers: tuple[Layer, ...] = ()
    file: LoadFacts | None = None
    integers: IntegersFacts | None = None

    identity: Identity | None = None
    resources: Resources | None = None
    timing: Timing | None = None
    answer_bytes: int | None = None
    settings: tuple[Setting, ...] = ()
    dma_bytes: int | None = None
    estimate: EstimateOf | None = None
    comparison: tuple[CoreRow, ...] = ()
    graphs: Graphs | None = None
    latency: Latency | None = None
    memory: Sizes | None = None
    emulated: EmulateFacts | None = None

    host_link: HostLink | None = None
    flash: FlashImage | None = None
    board_title: str = ""
    family: str = ""
    part: str = ""
    finn_board: str | None = None
    capacity: Mapping[str, int] = {}
    clock_mhz: Number | None = None
    machine: str = ""
    image: str = ""
    stream: Mapping[Literal["input", "output"], FinnStream] | None = None
    device: DeviceDescription | None = None

    roles: Mapping[str, str] = {}
    files: Mapping[str, str] = {}
    content_digest: str = ""

    @property
    def packed(self) -> PackedManifest:
        """The same as programs of packages read it."""
        return cast("PackedManifest", self.to_json())

    @property
    def chip(self) -> Identity:
        """What the chip says it is.

        Raises:
            BuildError: the package is of no FPGA.
        """
        if self.identity is None:
            raise BuildError(f"{self.model} for {self.board}: its manifest has no identity of a chip; build it again")
        return self.identity
