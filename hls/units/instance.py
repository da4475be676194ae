"""The Verilog text of a unit's instance, and the files of its ROMs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hls.pack import write_rom
from hls.units.stream import Stream
from hls.units.unit import Unit

LIBRARY = Path(__file__).parents[1] / "rtl"
"""Where the modules are."""

_IN_WIRES, _OUT_WIRES = ("data", "valid", "ready"), ("data", "push", "reserve", "room")


def ports(unit: Unit) -> Iterator[tuple[str, Stream]]:
    """Each stream's port, inputs first: ``in`` or ``in0``, ``in1``, ..., then outputs likewise."""
    for kind, streams in (("in", unit.inputs), ("out", unit.outputs)):
        for i, stream in enumerate(streams):
            yield (kind if len(streams) == 1 else f"{kind}{i}"), stream


def sources(unit: Unit) -> tuple[str, ...]:
    """Names of the Verilog files that the instance and the FIFOs around it are made of."""
    return tuple(f"{name}.v" for name in ("fifo", unit.module, *unit.uses))


def instance(unit: Unit) -> str:
    """Declarations of a unit's wires, ``<unit>_<port>_<data|valid|...>``, and its instance on ``clk`` and ``rst``."""
    wires, connected = [], [".clk(clk)", ".rst(rst)"]
    for port, stream in ports(unit):
        for wire in _IN_WIRES if port.startswith("in") else _OUT_WIRES:
            wires.append(f"    wire {f'[{stream.width - 1}:0] ' if wire == 'data' else ''}{unit.name}_{port}_{wire};")
            connected.append(f".{port}_{wire}({unit.name}_{port}_{wire})")
    files = {rom.parameter: rom_file(unit, rom.parameter) for rom in unit.roms}
    settings = ", ".join(f".{key}({_literal(value)})" for key, value in {**unit.parameters, **files}.items())
    lines = [*wires, f"    {unit.module} #({settings}) {unit.name} (", f"        {', '.join(connected)}", "    );"]
    return "\n".join(lines) + "\n"


def rom_file(unit: Unit, parameter: str) -> str:
    """The name of a ROM's file."""
    return f"{unit.name}_{parameter.lower()}.hex"


def write_roms(unit: Unit, folder: Path) -> None:
    """Write the files that the instance reads."""
    for rom in unit.roms:
        write_rom(folder / rom_file(unit, rom.parameter), rom.words, rom.width)


def _literal(value: int | str) -> str:
    """Numbers of more than 31 bits need a size of their own; texts are quoted."""
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value.bit_length()}'d{value}" if value.bit_length() > 31 else str(value)
