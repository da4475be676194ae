"""How a core is folded: what `fold` writes and `generate` reads, and the facts of the fold stage."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from toolchain.results.model import Number, Record, RecordFile, read_file, write_file

FOLDING = "folding.json"

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


class FoldedUse(Record):
    """What folding expects of a core; `bram` counts blocks. Chains of dense layers say nothing of multipliers."""

    lut: int
    ff: int
    bram: int
    dsp: int = 0


@dataclass(frozen=True, config=_STRICT)
class LayerFolding:
    """Parallelism of one layer: `pe` divides its outputs, `simd` its inputs; `cycles` an inference.

    `weight_rom` and `threshold_rom` say where each ROM lies: ``"block"``, ``"logic"`` or ``"auto"`` (up to synthesis);
    `tables` neurons of an unrolled layer lie in `blocks` block RAMs.
    """

    name: str
    pe: int
    simd: int
    cycles: int
    weight_rom: str = "auto"
    threshold_rom: str = "auto"
    tables: int = 0
    blocks: int = 0


@dataclass(frozen=True, config=_STRICT)
class Folding:
    """A chosen folding of a chain of dense layers.

    Attributes:
        initiation_interval: clock cycles between inferences.
        fps: inferences per second at `clock_hz`.
        target_fps: what was asked for; None: the fastest that fits.
        estimate: of the core.
    """

    strategy: Literal["folded", "unrolled"]
    layers: tuple[LayerFolding, ...]
    initiation_interval: int
    fps: Number
    clock_hz: int
    target_fps: Number | None
    estimate: FoldedUse


class StageFolding(Record):
    """How one stage of a core of units is built.

    Attributes:
        tensor: the node of the graph whose tensor it yields; `shape` and `bits` are the tensor's, and an element's.
        option: the name of the chosen option, such as "PE 4, SIMD 8".
        cycles: clocks between inferences at least.
        lut, ff, bram, dsp: estimated; `bram` counts blocks.
    """

    tensor: str
    shape: tuple[int, ...]
    bits: int
    option: str
    cycles: int
    lut: int
    ff: int
    bram: int
    dsp: int


class FifoDepth(Record):
    """A FIFO between two stages, or within one.

    Attributes:
        source, sink: the stages before and behind it, by their tensors; at the core's ends "input" and "output".
        bits: of one beat.
        block: whether the beats lie in block RAM.
    """

    source: str
    sink: str
    bits: int
    depth: int
    block: bool


class TooDense(Record):
    """A product that is folded since it is too dense to unroll, where all were wanted so.

    Attributes:
        tensor: its node in the graph.
        lut: estimated, of the product unrolled.
        reason: "lut": these are too many; "wires": its connections are foreseen to find no way.
    """

    tensor: str
    lut: int
    reason: Literal["lut", "wires"]


def dense_told(products: Iterable[TooDense]) -> str:
    """Which products are folded, and why, in words."""
    dense = " and ".join(map(_told, products))
    return f"all products unrolled but what is too dense for the board: {dense}"


def _told(product: TooDense) -> str:
    wires = ", whose wires would find no way" if product.reason == "wires" else ""
    return f"{product.tensor} (unrolled an estimated {product.lut:,} LUT{wires})"


class FoldedUnits(Record):
    """A folding of a graph: a core of units.

    Attributes:
        fifos: in the order of the netlist.
        initiation_interval: clock cycles between inferences, as the tokens say.
        latency_cycles: from the first beat that goes in to the last that comes out, as the tokens say.
        fps: inferences per second at `clock_hz`.
        target_fps: what was asked for; None: the fastest that fits.
        estimate: of the core.
        small_ram: how small memories are made; see `hls.netlist.SmallRam`.
        one_port: names of the units whose memory is a large RAM of one port.
        shared: pairs of units whose ROMs lie in one memory.
    """

    strategy: Literal["units"]
    stages: tuple[StageFolding, ...]
    fifos: tuple[FifoDepth, ...]
    initiation_interval: int
    latency_cycles: int
    fps: Number
    clock_hz: int
    target_fps: Number | None
    estimate: FoldedUse
    small_ram: Literal["distributed", "registers"]
    one_port: tuple[str, ...] = ()
    shared: tuple[tuple[str, str], ...] = ()

    @property
    def tensors(self) -> tuple[str, ...]:
        """Those that the stages yield: they tell which form of the graph is built."""
        return tuple(stage.tensor for stage in self.stages)


AnyFolding = Annotated[Folding | FoldedUnits, Field(discriminator="strategy")]


class FoldingFile(RecordFile):
    """What `folding.json` holds."""

    VERSION: ClassVar[int] = 1
    TITLE: ClassVar[str] = "folding"

    folding: AnyFolding


def write_folding(folder: Path, folding: Folding | FoldedUnits) -> None:
    """Write `folding.json`.

    Raises:
        BuildError: it cannot be written.
    """
    write_file(folder / FOLDING, FoldingFile(folding=folding))


def read_folding(folder: Path) -> Folding | FoldedUnits:
    """What `write_folding` wrote.

    Raises:
        BuildError: it is missing, or a key is missing, unknown or of another kind.
    """
    return read_file(folder / FOLDING, FoldingFile, "make build").folding
