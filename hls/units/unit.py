"""A unit of hardware: an instance of a Verilog module between FIFOs, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hls.units.stream import Stream
from hls.units.tokens import Tokens


@dataclass(frozen=True)
class Rom:
    """Words that a module reads by ``$readmemh``; the parameter `parameter` is the file's name.

    Attributes:
        words: one integer each, of `width` bits.
    """

    parameter: str
    words: tuple[int, ...]
    width: int


@dataclass(frozen=True)
class Resources:
    """Estimated resources.

    Attributes:
        lut: LUTs of 4 inputs, those of carry cells counted.
        ff: flip-flops.
        blocks: block RAMs.
        dsp: multipliers.
    """

    lut: float = 0.0
    ff: float = 0.0
    blocks: int = 0
    dsp: int = 0

    def __add__(self, other: Resources) -> Resources:
        return Resources(self.lut + other.lut, self.ff + other.ff, self.blocks + other.blocks, self.dsp + other.dsp)


@dataclass(frozen=True)
class Unit:
    """One instance.

    Its module has the ports ``clk``, ``rst``; ``in_data``, ``in_valid``, ``in_ready``; ``out_data``, ``out_push``,
    ``out_reserve``, ``out_room``. Several inputs (or outputs) share them: their data side by side, the first lowest,
    and a bit each of the others. Around the instance each stream has wires of its own; see `hls.units.instance`.

    Attributes:
        name: a Verilog name, unique in the core and no keyword (``small`` and ``table`` are).
        module: the file in `hls/rtl` without ``.v``.
        parameters: of the module, but for those of the ROMs.
        cycles: clocks between inferences at least.
        tokens: makes the token behaviour; its cycles are `cycles`.
        uses: further files of `hls/rtl` that the module instantiates, without ``.v``.
    """

    name: str
    module: str
    parameters: Mapping[str, int | str]
    inputs: tuple[Stream, ...]
    outputs: tuple[Stream, ...]
    cycles: int
    tokens: Callable[[], Tokens]
    resources: Resources = Resources()
    roms: tuple[Rom, ...] = ()
    uses: tuple[str, ...] = field(default=())
