"""What a core between AXI4-Streams is, for its simulation: its files, its input and the streams to compare."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stream:
    """One AXI4-Stream of vectors.

    Attributes:
        name: what messages call it, such as the layer that sends it.
        wires: its wires are ``<wires>_tdata``, ``<wires>_tvalid`` and ``<wires>_tready``, ports of the top
            module or wires inside it.
        elements: elements of one vector.
        bits: bits of one element.
        signed: whether an element is two's complement.
        elements_per_beat: elements transferred at a time, the first in the lowest bits; divides `elements`.
        width: bits of ``tdata``; those above the elements are padding.
    """

    name: str
    wires: str
    elements: int
    bits: int
    signed: bool
    elements_per_beat: int
    width: int

    @property
    def beat_bits(self) -> int:
        """Bits of ``tdata`` that carry elements."""
        return self.bits * self.elements_per_beat

    @property
    def beats(self) -> int:
        """Beats of one vector."""
        return self.elements // self.elements_per_beat


@dataclass(frozen=True)
class StreamCore:
    """A core that takes vectors from one AXI4-Stream and sends results to another.

    Attributes:
        top: its module, with ports `clock`, `reset` and the streams.
        sources: Verilog and SystemVerilog files in the order to read them, by name in the RTL folder.
        input: the stream it takes, ports of the top module.
        layers: the streams to compare, in order; the last one is the output, ports of the top module.
        initiation_interval: predicted clock cycles between vectors; bounds stalls and the watchdog.
        clock, reset: names of the clock and of the reset, which is active low.
        watched: registers within the core, such as ``f0.taken``, whose greatest values are told.
    """

    top: str
    sources: tuple[str, ...]
    input: Stream
    layers: tuple[Stream, ...]
    initiation_interval: int
    clock: str = "ap_clk"
    reset: str = "ap_rst_n"
    watched: tuple[str, ...] = ()
