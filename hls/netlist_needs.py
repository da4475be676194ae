"""What a core needs: its units, and the FIFOs between them."""

from __future__ import annotations

from hls.netlist import Fifo, Netlist
from hls.settings import settings_needs
from hls.shared_roms import shared_needs
from hls.units.unit import Needs
from hls.weight_loading import LOADER


def netlist_needs(netlist: Netlist) -> Needs:
    """Estimated needs of a core, of what loads its weights where some are loaded, and of what holds its settings."""
    loader = LOADER if any(unit.loaded for unit in netlist.units) else Needs()
    own = (*(unit.needs for unit in netlist.units), *map(fifo_needs, netlist.fifos))
    return sum((*own, shared_needs(netlist), settings_needs(netlist.settings)), loader)


def fifo_needs(fifo: Fifo) -> Needs:
    """Two counters, two addresses and a memory; fitted to `synth_ecp5 -abc9`."""
    count, address = fifo.depth.bit_length(), (fifo.depth - 1).bit_length()
    lut, ff = 5.2 * count, 2 * (count + address)
    if fifo.block:
        return Needs(lut, ff, blocks=((fifo.depth, fifo.stream.width),))
    return Needs(lut, ff, small=((1 << address, fifo.stream.width),))
