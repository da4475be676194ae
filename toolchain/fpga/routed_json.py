"""The JSON netlist that nextpnr writes after routing: reading it, and pins of its cells as buses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolchain.errors import ToolError

Cell = dict[str, Any]
"""One cell of a Yosys JSON netlist; a connection is a list of net numbers or constants "0", "1"."""


def read_routed(path: Path, tool: str) -> dict[str, Any]:
    """The netlist in a file, its top module `top`.

    Raises:
        ToolError: the file is no routed netlist.
    """
    try:
        netlist: dict[str, Any] = json.loads(path.read_text())
        netlist["modules"]["top"]["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolError(f"{path}: not a netlist of {tool} ({error!r}); run the build again") from error
    return netlist


def highest_net(module: dict[str, Any]) -> int:
    """The highest number of a net of a module."""
    ports = [port["bits"] for port in module["ports"].values()]
    pins = [bits for cell in module["cells"].values() for bits in cell["connections"].values()]
    names = [net["bits"] for net in module["netnames"].values()]
    return max(bit for bits in (*ports, *pins, *names) for bit in bits if isinstance(bit, int))


def gather(cell: Cell, bus: str, width: int, nets: Iterator[int], pin: str = "{bus}{bit}") -> None:
    """Join the pins 0 to ``width - 1`` of a cell's bus, whose names `pin` makes; all go the same way."""
    pins, directions = cell["connections"], cell["port_directions"]
    scalars = [pin.format(bus=bus, bit=bit) for bit in range(width)]
    # An open output still needs a net of its own.
    pins[bus] = [(pins.pop(scalar, None) or [next(nets)])[0] for scalar in scalars]
    (directions[bus],) = {directions.pop(scalar) for scalar in scalars}
