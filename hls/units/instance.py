"""The Verilog text of a unit's instance, and the files of its ROMs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hls.clock_enable import SUFFIX, with_enable
from hls.pack import write_rom
from hls.settings import wire_of
from hls.units.stream import Stream
from hls.units.unit import SMALL, Rom, Unit

LIBRARY = Path(__file__).parents[1] / "rtl"
"""Where the modules are."""

ROM_PORTS = ("rom_word", "rom_fetched")
"""What a unit has whose ROM lies outside; the wires to it are called ``<unit>_<port>``."""

LOAD_PORTS = ("load_enable", "load_address", "load_data")
"""What a unit that is loaded has besides; so are the wires called that its instance is connected to."""

_IN_WIRES, _OUT_WIRES = ("data", "valid", "ready"), ("data", "push", "reserve", "room")


def ports(unit: Unit) -> Iterator[tuple[str, Stream]]:
    """Each stream and its name: ``in``, or of several ``in0``, ``in1``, ...; then outputs likewise."""
    for kind, streams in (("in", unit.inputs), ("out", unit.outputs)):
        yield from zip(_names(kind, len(streams)), streams, strict=True)


def sources(unit: Unit, *, rests: bool = False) -> tuple[str, ...]:
    """Names of the Verilog files that the instance and the FIFOs around it are made of.

    Args:
        rests: whether they have a clock enable; see `hls.resting`.
    """
    names = ("fifo", unit.module, *unit.uses)
    return ("fifo.v", *(f"{name}{SUFFIX}.v" for name in names)) if rests else tuple(f"{name}.v" for name in names)


def instance(unit: Unit, small_ram: str = "distributed", awake: str | None = None) -> str:
    """Declarations of a unit's wires, ``<unit>_<port>_<data|valid|...>``, and its instance on ``clk`` and ``rst``.

    Args:
        small_ram: how its small memories are made.
        awake: the wire of its clock enable, of a unit that rests; see `hls.resting`.
    """
    wires, connected = [], [".clk(clk)", ".rst(rst)", *([f".awake({awake})"] if awake else [])]
    for kind, streams, of_kind in (("in", unit.inputs, _IN_WIRES), ("out", unit.outputs, _OUT_WIRES)):
        for wire in of_kind:
            names = [f"{unit.name}_{port}_{wire}" for port in _names(kind, len(streams))]
            sizes = [f"[{stream.width - 1}:0] " if wire == "data" else "" for stream in streams]
            wires += [f"    wire {size}{name};" for size, name in zip(sizes, names, strict=True)]
            connected.append(f".{kind}_{wire}({{{', '.join(reversed(names))}}})")
    connected += [f".{port}({port})" for port in LOAD_PORTS] if unit.loaded else []
    connected += [f".{port}({unit.name}_{port})" for port in ROM_PORTS] if unit.outside else []
    connected += [f".{port}({wire_of(setting)})" for port, setting in unit.settings.items()]
    files = {rom.parameter: rom_file(unit, rom.parameter) for rom in own_roms(unit)}
    values = {key: small_ram if value == SMALL else value for key, value in {**unit.parameters, **files}.items()}
    settings = ", ".join(f".{key}({_literal(value)})" for key, value in values.items())
    name = f"{unit.module}{SUFFIX}" if awake else unit.module
    module = f"{name} #({settings})" if settings else name
    lines = [*wires, f"    {module} {unit.name} (", f"        {', '.join(connected)}", "    );"]
    return "\n".join(lines) + "\n"


def _names(kind: str, count: int) -> list[str]:
    return [kind] if count == 1 else [f"{kind}{i}" for i in range(count)]


def own_roms(unit: Unit) -> tuple[Rom, ...]:
    """The ROMs that lie in the unit."""
    return tuple(rom for rom in unit.roms if rom.parameter != unit.outside)


def rom_file(unit: Unit, parameter: str) -> str:
    """The name of a ROM's file."""
    return f"{unit.name}_{parameter.lower()}.hex"


def preloading(unit: Unit, core: str = "") -> str:
    """Verilog with which a simulation begins as if a unit had been loaded; empty where it is not to be.

    Args:
        core: what the names of the unit's wires begin with, such as ``"core."``.
    """
    if not unit.loaded:
        return ""
    return f'    initial $readmemh("{rom_file(unit, unit.loaded)}", {core}{unit.name}.loaded.store.memory);\n'


def write_files(unit: Unit, folder: Path, *, rests: bool = False) -> None:
    """Write what the instance is made of, `sources`, and the ROMs that it reads."""
    for rom in own_roms(unit):
        write_rom(folder / rom_file(unit, rom.parameter), rom.words, rom.width)
    for name in sources(unit, rests=rests):
        (folder / name).write_text(_text(unit, name.removesuffix(".v")))


def _text(unit: Unit, name: str) -> str:
    """The text of a module of a unit."""
    plain = name.removesuffix(SUFFIX)
    text = unit.text() if unit.text and plain == unit.module else (LIBRARY / f"{plain}.v").read_text()
    return text if plain == name else with_enable(plain, text)


def _literal(value: int | str) -> str:
    """Numbers of more than 31 bits need a size of their own; texts are quoted."""
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value.bit_length()}'h{value:x}" if value.bit_length() > 31 else str(value)
