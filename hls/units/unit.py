"""A unit of hardware: an instance of a Verilog module between FIFOs, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from hls.units.stream import Stream
from hls.units.tokens import Tokens
from toolchain.device.link.settings import Setting

SMALL = "small"
"""Of a parameter: the device says how a small memory is made; see `hls.netlist.SmallRam`."""

OUTSIDE = "outside"
"""Of ROM_STYLE: the words come from a memory outside the module, through its ports `rom_word` and `rom_fetched`."""


@dataclass(frozen=True)
class Rom:
    """Words that a module reads by ``$readmemh``; the parameter `parameter` is the file's name.

    Attributes:
        words: one integer each, of `width` bits.
    """

    parameter: str
    words: tuple[int, ...]
    width: int


Memory = tuple[int, int]
"""Words, and bits of a word."""


@dataclass(frozen=True)
class Needs:
    """Estimated needs, the same for all devices; `hls.memories.resources_of` says what a device gives for them.

    Attributes:
        lut: LUTs of 4 inputs, those of carry cells counted, without those of memories.
        ff: flip-flops.
        dsp: multipliers.
        blocks: memories that lie in block RAM.
        small: memories that lie in LUTs where the device has such, in flip-flops otherwise.
        one_port: large memories that are written or read in a clock, not both.
        roms: memories in block RAM that may lie outside their unit, in one with another's; see `hls.shared_roms`.
        two_port: memories in block RAM that are read in two places in a clock.
    """

    lut: float = 0.0
    ff: float = 0.0
    dsp: int = 0
    blocks: tuple[Memory, ...] = ()
    small: tuple[Memory, ...] = ()
    one_port: tuple[Memory, ...] = ()
    roms: tuple[Memory, ...] = ()
    two_port: tuple[Memory, ...] = ()

    def __add__(self, other: Needs) -> Needs:
        return Needs(
            self.lut + other.lut,
            self.ff + other.ff,
            self.dsp + other.dsp,
            self.blocks + other.blocks,
            self.small + other.small,
            self.one_port + other.one_port,
            self.roms + other.roms,
            self.two_port + other.two_port,
        )


@dataclass(frozen=True)
class Unit:
    """One instance.

    Its module has the ports ``clk``, ``rst``; ``in_data``, ``in_valid``, ``in_ready``; ``out_data``, ``out_push``,
    ``out_reserve``, ``out_room``. Several inputs (or outputs) share them: their data side by side, the first lowest,
    and a bit each of the others. Around the instance each stream has wires of its own; see `hls.units.instance`.

    Attributes:
        name: a Verilog name, unique in the core and no keyword (``small`` and ``table`` are).
        module: the file in `hls/rtl` without ``.v``, or a name that no other unit of the core has.
        parameters: of the module, but for those of the ROMs.
        cycles: clocks between inferences at least.
        tokens: makes the token behaviour; its cycles are `cycles`.
        uses: further files of `hls/rtl` that the module instantiates, without ``.v``.
        in_one_port: makes the same unit with its memory in a large RAM of one port; None where it has no such memory.
        loaded: the parameter of the ROM that lies in large RAMs, written before the core begins; empty: none does.
        shareable: the parameter of the ROM that may lie outside, the only one of `needs.roms`; empty: none may.
        text: makes the Verilog of a module that is this unit's alone; None where it is a file of `hls/rtl`.
        settings: what a host may change, by the port of the module that takes it; several units may share one.
    """

    name: str
    module: str
    parameters: Mapping[str, int | str]
    inputs: tuple[Stream, ...]
    outputs: tuple[Stream, ...]
    cycles: int
    tokens: Callable[[], Tokens]
    needs: Needs = Needs()
    roms: tuple[Rom, ...] = ()
    uses: tuple[str, ...] = field(default=())
    in_one_port: Callable[[], Unit] | None = None
    loaded: str = ""
    shareable: str = ""
    text: Callable[[], str] | None = None
    settings: Mapping[str, Setting] = field(default_factory=dict)

    @property
    def outside(self) -> str:
        """The parameter of the ROM that lies outside, in a memory with another unit's; empty: none does."""
        return self.shareable if self.parameters.get("ROM_STYLE") == OUTSIDE else ""

    def with_rom_outside(self) -> Unit:
        """The same with its shareable ROM outside."""
        return replace(self, parameters={**self.parameters, "ROM_STYLE": OUTSIDE}, needs=replace(self.needs, roms=()))

    def rom(self, parameter: str) -> Rom:
        """One of the ROMs."""
        return next(rom for rom in self.roms if rom.parameter == parameter)
