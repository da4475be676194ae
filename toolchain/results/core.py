"""What a generated core and its chip are: their files, ports, and the streams between layers."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from toolchain.device.link.protocol import AnswerLayout
from toolchain.device.link.settings import Setting
from toolchain.results.model import RecordFile, read_file, write_file

CORE, CHIP = "core.json", "chip.json"

_STRICT = ConfigDict(extra="forbid")
_AGAIN = "make build"


@dataclass(frozen=True, config=_STRICT)
class Tap:
    """Where a stream's beats are seen, and what they mean.

    Attributes:
        name: what messages call it, such as the layer that sends it.
        wires: what the names of its wires begin with: ports of the top module, or wires inside it.
        elements: elements of one vector.
        bits: bits of one element.
        signed: whether an element is two's complement.
        elements_per_beat: elements transferred at a time, the first in the lowest bits; divides `elements`.
        width: bits of the data wire; those above the elements are padding.
        scale, offset: the integer graph's value is ``scale * element + offset`` (BIPOLAR: 2 and -1).
    """

    name: str
    wires: str
    elements: int
    bits: int
    signed: bool
    elements_per_beat: int
    width: int
    scale: int = 1
    offset: int = 0

    @property
    def beat_bits(self) -> int:
        """Bits of the data wire that carry elements."""
        return self.bits * self.elements_per_beat

    @property
    def beats(self) -> int:
        """Beats of one vector."""
        return self.elements // self.elements_per_beat

    def value(self, code: int) -> int:
        """The integer graph's value of an element's bits."""
        negative = self.signed and code >> (self.bits - 1)
        return self.scale * (code - (1 << self.bits) if negative else code) + self.offset


@dataclass(frozen=True, config=_STRICT)
class CoreOutput:
    """What a core answers an inference with: a class, or a vector of integers, beat by beat on ``out_data``.

    Attributes:
        elements: integers of one answer; 1 where it is a class.
        bits: bits of an element on the wire; the first element of a beat lies in the lowest ones.
        signed: whether an element is two's complement.
        elements_per_beat: elements transferred at a time; divides `elements`.
        classes: of how many classes the answer is one; None for a vector of integers.
        shape: of the answer, without the batch, channels last; () where it is flat, or has over three dimensions.
    """

    elements: int
    bits: int
    signed: bool
    elements_per_beat: int
    classes: int | None
    shape: tuple[int, ...] = ()

    @classmethod
    def label(cls, classes: int) -> CoreOutput:
        """A class of so many."""
        return cls(1, AnswerLayout.of_class(classes).bits, False, 1, classes)

    @property
    def width(self) -> int:
        """Width of ``out_data``."""
        return self.bits * self.elements_per_beat

    @property
    def beats(self) -> int:
        """Beats of one answer."""
        return self.elements // self.elements_per_beat

    @property
    def layout(self) -> AnswerLayout:
        """How an answer lies in bytes, wherever answers are sent or kept."""
        return AnswerLayout(self.elements, self.bits, self.signed, self.classes or 0)


@dataclass(frozen=True, config=_STRICT)
class LoadedWeights:
    """Weights that are written into a core before it begins, at ``load_enable``, ``load_address`` and ``load_data``.

    Attributes:
        file: what is loaded, by name in the RTL folder: words of 16 bits, the low byte first.
        words: in all.
        address_bits: of a word's address.
        crc: CRC-32 of the file.
    """

    file: str
    words: int
    address_bits: int
    crc: int


@dataclass(frozen=True, config=_STRICT)
class CoreDescription:
    """One generated core.

    Attributes:
        strategy: ``"folded"``, ``"unrolled"`` or ``"units"``.
        sources: Verilog files of the core, by name in the RTL folder.
        roms: files that the sources read by ``$readmemh``, by name in the RTL folder.
        input_type: qonnx type of an input's elements, as `pack.encode` lays them on the wire.
        vector_bits: bits of one input vector without the padding to bytes.
        in_width: width of ``in_data``; beat k carries bits ``k*in_width`` and up of the packed vector.
        in_beats: beats of one input vector.
        output: what it answers with, on ``out_data``.
        initiation_interval: predicted clock cycles between inferences.
        layers: the output stream of each layer in order, ``s0``, ``s1``, ... inside it; the last one carries the
            logits. None of a core of units.
        top: the Verilog module.
        multipliers: whether each ``*`` of its Verilog counts on a multiplier of the device.
        input_shape: of a vector, as `output.shape`.
        loaded: its weights that are written before it begins; None where all are part of it.
        kept_answers: earlier answers that it keeps; it then takes one vector at a time.
        settings: what a host may change, each on a port of its own, ``setting_<name>``, in order of their numbers.
    """

    strategy: str
    sources: tuple[str, ...]
    roms: tuple[str, ...]
    input_type: str
    vector_bits: int
    in_width: int
    in_beats: int
    output: CoreOutput
    initiation_interval: int
    layers: tuple[Tap, ...]
    top: str = "gateweave_core"
    multipliers: bool = False
    input_shape: tuple[int, ...] = ()
    loaded: LoadedWeights | None = None
    settings: tuple[Setting, ...] = ()
    kept_answers: int = 0


@dataclass(frozen=True, config=_STRICT)
class StitchedCore:
    """FINN's layers as one core.

    Attributes:
        top: the top module; clock ``ap_clk``, reset ``ap_rst_n`` (active low).
        sources: SystemVerilog files in the order to read them, by name in the RTL folder.
        data: files that the sources `$readmemh`, by name in the RTL folder.
        input: the core's input; the wires of streams end in ``_tdata``, ``_tvalid`` and ``_tready``.
        layers: the outputs of the network's layers: of each Thresholding node, and last the core's output.
        initiation_interval: clock cycles between vectors as FINN estimates them.
    """

    top: str
    sources: tuple[str, ...]
    data: tuple[str, ...]
    input: Tap
    layers: tuple[Tap, ...]
    initiation_interval: int


class CoreFile(RecordFile):
    """What `core.json` of our own RTL holds."""

    VERSION: ClassVar[int] = 1
    TITLE: ClassVar[str] = "core description"

    core: CoreDescription


class StitchedFile(RecordFile):
    """What `core.json` of FINN's RTL holds."""

    VERSION: ClassVar[int] = 1
    TITLE: ClassVar[str] = "description of a stitched core"

    core: StitchedCore


class ChipFile(RecordFile):
    """The chip around a core of ours: `chip.json`.

    Attributes:
        sources: file names of the whole chip's Verilog in the RTL folder.
        models: file names beside them that only a simulator needs.
        model_hash, build_id: what the chip answers to `identify`, hexadecimal.
        streamed: whether its host link holds neither a vector nor an answer.
        simulated: the top of a simulation: the chip, or the chip with its flash.
        start_clocks: from configuration until it answers, at most.
    """

    VERSION: ClassVar[int] = 1
    TITLE: ClassVar[str] = "chip description"

    sources: tuple[str, ...]
    models: tuple[str, ...]
    clock_hz: int
    model_hash: str
    build_id: str
    streamed: bool = False
    simulated: str = "chip"
    start_clocks: int = 512


def write_core(folder: Path, core: CoreDescription | StitchedCore) -> None:
    """Write `core.json`.

    Raises:
        BuildError: it cannot be written.
    """
    write_file(folder / CORE, StitchedFile(core=core) if isinstance(core, StitchedCore) else CoreFile(core=core))


def read_core(folder: Path) -> CoreDescription:
    """The core of our own RTL that a folder holds.

    Raises:
        BuildError: it is missing, or is no core description.
    """
    return read_file(folder / CORE, CoreFile, _AGAIN).core


def read_stitched(folder: Path) -> StitchedCore:
    """The core of FINN's RTL that a folder holds.

    Raises:
        BuildError: it is missing, or is no such core.
    """
    return read_file(folder / CORE, StitchedFile, _AGAIN).core


def write_chip(folder: Path, chip: ChipFile) -> None:
    """Write `chip.json`.

    Raises:
        BuildError: it cannot be written.
    """
    write_file(folder / CHIP, chip)


def read_chip(folder: Path) -> ChipFile:
    """The chip that a folder holds.

    Raises:
        BuildError: it is missing, or is no chip description.
    """
    return read_file(folder / CHIP, ChipFile, _AGAIN)
