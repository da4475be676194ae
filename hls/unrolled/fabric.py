"""What a device family's logic can do: the one description that sharing, adders, tables, timing and cost go by.

A family names its fabric here (`fabric_of`); a new one is one more `Fabric`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Delays:
    """Nanoseconds, with the routing to the next cell, by which registers are placed.

    Attributes:
        lut: through a look-up table.
        chain: into and out of a carry chain; place: one place along it.
        register: clock to output and set-up together.
        memory: by how much later a block RAM shows a word than a register.
        address: by how much longer the way to a block RAM is than to a register.
    """

    lut: float
    chain: float
    place: float
    register: float
    memory: float = 6.0
    address: float = 1.5


@dataclass(frozen=True)
class TableRam:
    """A block RAM that tables are read from, a word a clock at each port.

    Attributes:
        bits: it holds ``2**bits``, parity left out, as words of any power of two of bits up to `widest`.
        ports: tables that it holds; each of two has half of the bits.
    """

    bits: int
    widest: int
    ports: int

    def most_bits(self, width: int) -> int:
        """Address bits of the largest table of `width` bits a word; 0 where there is none."""
        return self.bits - (width - 1).bit_length() if width <= self.widest else 0

    def share(self, address_bits: int, width: int) -> float:
        """What a table takes of it: half, where another one can be beside it."""
        return 0.5 if self.ports == 2 and address_bits < self.most_bits(width) else 1.0


@dataclass(frozen=True)
class Fabric:
    """Logic cells of a device family.

    Attributes:
        name: for messages.
        lut_inputs: inputs of a look-up table.
        paired: whether a table has a second output, of all inputs but the last, and drives a carry chain with
            both; then a chain adds three words, or counts six bits in two places.
        tables_on_chain: whether a place of a carry chain has a table of all inputs in front of the carry, and so adds
            functions of bits (`hls.unrolled.segments`).
        table_bits: operand bits up to which a sum of two terms is a table.
        saved_bit: LUTs that one bit less in a neuron's adders saves.
        mapped: LUTs that synthesis makes of one that the graphs add up to, as measured (docs/unrolled.md).
        delays: see `Delays`.
        joined: LUTs that join two tables into one of an input more, where the device has no multiplexers for that.
        ram: see `TableRam`.
        routed: LUTs of a product (`estimate.lut_of_digits`) beyond which its wires are foreseen to find no way, as
            measured (docs/unrolled.md, "Foreseen from the weights"); None where nothing was.
        side: of a core of tables, whose connections come from anywhere, this over the root of its LUTs is the share of
            a clock that may be planned: wires grow with the core's side. None where no such core was measured.
    """

    name: str
    lut_inputs: int
    paired: bool
    table_bits: int
    saved_bit: float
    mapped: float
    delays: Delays
    joined: float = 0.0
    ram: TableRam = TableRam(14, 8, 2)
    routed: int | None = None
    side: float | None = None
    tables_on_chain: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def heaped(self) -> bool:
        """Whether a neuron's added and subtracted terms are one heap of bits."""
        return self.paired or self.tables_on_chain

    @property
    def search_bits(self) -> int:
        """Bits of a count whose thresholds are compared at once, each by those above it; more are compared one by one.

        So far two bits of the number, or one and what the bits below say, fit the table beside them.
        """
        return self.lut_inputs - 2

    def routes(self, lut: int) -> bool:
        """Whether the wires of a product of so many LUTs are taken to find a way."""
        return self.routed is None or lut <= self.routed


# For families whose routed cores were not looked at, and for cores that are laid out for any; set by hand, on the
# safe side.
FOUR = Fabric("4-input LUTs", 4, False, 4, 1.0, 1.03, Delays(1.5, 2.2, 0.035, 0.6))

# Fitted to critical paths of routed cores, speed grade 6, by tests/benchmarks/fit_delays.py; of a block RAM it is
# nextpnr's 5.8 ns less what `register` has of a flip-flop, and what was seen on two paths. In a core of 1,000 tables
# and 8,400 LUTs paths planned for 16 ns took 34 and more.
_ECP5_DELAYS = Delays(1.18, 1.82, 0.036, 0.74, 5.3, 1.3)
ECP5 = replace(FOUR, name="ECP5", mapped=1.0, delays=_ECP5_DELAYS, routed=11_000, side=30.0, tables_on_chain=True)

# Synthesis made 5.9 LUTs of a table of six inputs, of a thousand, without multiplexers.
GOWIN = replace(FOUR, name="Gowin", joined=0.63)

# Carry chains begin and end in cells of their own: a placed core of 1,300 neurons took so many more. Delays are
# by hand from a routed path of 106 ns on a UP5K: LUTs of 0.6 to 1.3 ns, ways of 1.8 to 3.6, places of a chain of 0.28.
ICE40 = replace(GOWIN, name="iCE40", mapped=1.13, delays=Delays(3.0, 4.4, 0.28, 2.0, 7.5, 3.0), ram=TableRam(12, 16, 1))

# Slices of four 6-input LUTs with two outputs and a carry chain (UG474), and of eight (UG574). No open tool routes
# them: delays are set by hand, on the safe side.
SERIES_7 = Fabric("7 series", 6, True, 5, 0.5, 0.97, Delays(0.9, 1.4, 0.03, 0.6))
ULTRASCALE = Fabric("UltraScale+", 6, True, 5, 0.5, 0.97, Delays(0.5, 0.8, 0.015, 0.3))

_FABRICS = {"ecp5": ECP5, "gowin": GOWIN, "ice40": ICE40, "zynq_7000": SERIES_7, "zynq_ultrascale": ULTRASCALE}


USUAL = "ecp5"
"""The family that a core is laid out for where nobody says: the flagship's board."""


def fabric_of(family: str) -> Fabric:
    """The fabric of a board's `fpga.family`; all but AMD's have 4-input LUTs."""
    return _FABRICS.get(family, FOUR)
