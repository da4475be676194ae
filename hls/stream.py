"""What a core between two streams is, for its simulation: its files, its input and the streams to compare."""

from __future__ import annotations

from dataclasses import dataclass

from toolchain.device.link.settings import Setting
from toolchain.results.core import Tap


@dataclass(frozen=True)
class Ports:
    """How a core names its ports, and the wires of its streams.

    Attributes:
        clock, reset: ports.
        reset_low: whether the reset is active low.
        data, valid, ready: how the names of a stream's wires end.
    """

    clock: str
    reset: str
    reset_low: bool
    data: str
    valid: str
    ready: str


AXI = Ports("ap_clk", "ap_rst_n", True, "_tdata", "_tvalid", "_tready")
"""AXI4-Streams, clock and reset as AMD's cores call them."""

PLAIN = Ports("clk", "rst", False, "_data", "_valid", "_ready")
"""The ports that every chip expects of a core: see `toolchain.results.core`."""


@dataclass(frozen=True)
class StreamCore:
    """A core that takes vectors from one stream and sends results to another.

    Attributes:
        top: its module.
        sources: Verilog and SystemVerilog files in the order to read them, by name in the RTL folder.
        input: the stream it takes, ports of the top module.
        layers: the streams to compare, in order; the last one is the output, ports of the top module.
        initiation_interval: predicted clock cycles between vectors; bounds stalls and the watchdog.
        ports: how its ports and wires are called.
        watched: registers within the core, such as ``f0.taken``, whose greatest values are told.
        label: what messages call the output where it is no layer.
        preloading: Verilog that gives the memories of instance ``core`` what a chip loads; empty where that is nothing.
        settings: what a host may change; a simulation has them as after a reset.
    """

    top: str
    sources: tuple[str, ...]
    input: Tap
    layers: tuple[Tap, ...]
    initiation_interval: int
    ports: Ports = AXI
    watched: tuple[str, ...] = ()
    label: str | None = None
    preloading: str = ""
    settings: tuple[Setting, ...] = ()

    @property
    def told(self) -> list[str]:
        """What messages call each stream."""
        names = [f"layer {i} ({layer.name})" for i, layer in enumerate(self.layers)]
        return [*names[:-1], self.label or names[-1]]
