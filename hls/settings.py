"""Settings of a core on their way through the Verilog: ports, the registers that drive them, and what those take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hls.units.unit import Needs
from toolchain.device.link.settings import Setting

SOURCES = ("settings.v",)
"""Modules of the library that a chip of a core with settings uses besides."""

UART_SOURCES = ("host_link_setting.v", *SOURCES)
"""The same where its host link is a UART."""

_WORD = 32

_LINK_PARAMETER = """
        .SETTINGS({count}),"""
_LINK_PORTS = """
        .setting_write(setting_write), .setting_number(setting_number), .setting_value(setting_value),
        .setting_held(setting_held),"""
_ASKED = """
        .setting_asked(setting_asked),"""

_REGISTERS = """
    // What the host may change in the core: {names}.
    wire setting_write;
    wire [7:0] setting_number{asked};
    wire [31:0] setting_value, setting_held;
    wire [{top}:0] settings;
    settings #(
        .COUNT({count}), .BITS({bits}), .SIGNED({signed}), .RESETS({resets})
    ) kept_settings (
        .clk({clock}), .rst(rst), .write(setting_write), .write_number(setting_number), .value(setting_value),
        .read_number({read}), .held(setting_held), .values(settings));
"""


def wire_of(setting: Setting) -> str:
    """The port of a core that takes a setting, and the wire that leads to its units."""
    return f"setting_{setting.name}"


def port_lines(settings: Iterable[Setting]) -> str:
    """Verilog of the further ports of a core: nothing where it has no settings."""
    return "".join(f",\n    input [{setting.bits - 1}:0] {wire_of(setting)}" for setting in settings)


def connections(driven: Iterable[tuple[Setting, str]]) -> str:
    """Verilog of the further connections of a core's instance: each setting with what drives it."""
    return "".join(f",\n        .{wire_of(setting)}({what})" for setting, what in driven)


def literal(setting: Setting) -> str:
    """A setting's value after a reset, as a constant of its port's width."""
    return _constant([setting.reset], setting.bits)


def chip_lines(settings: Sequence[Setting], clock: str, *, reads_apart: bool = False) -> dict[str, str]:
    """The lines of a chip's top that hold its core's settings; all empty where it has none.

    Args:
        reads_apart: whether the host link may read one setting while it writes another.
    """
    if not settings:
        return dict.fromkeys(("setting_parameter", "setting_ports", "setting_registers", "setting_wires"), "")
    registers = _REGISTERS.format(
        names=", ".join(setting.name for setting in settings),
        asked=", setting_asked" if reads_apart else "",
        read="setting_asked" if reads_apart else "setting_number",
        top=_WORD * len(settings) - 1,
        count=len(settings),
        bits=_constant([setting.bits for setting in settings], 8),
        signed=_constant([int(setting.signed) for setting in settings], 1),
        resets=_constant([setting.reset for setting in settings], _WORD),
        clock=clock,
    )
    return {
        "setting_parameter": _LINK_PARAMETER.format(count=len(settings)),
        "setting_ports": _LINK_PORTS + (_ASKED if reads_apart else ""),
        "setting_registers": registers,
        "setting_wires": connections(
            (setting, f"settings[{_WORD * index} +: {setting.bits}]") for index, setting in enumerate(settings)
        ),
    }


def settings_needs(settings: Sequence[Setting]) -> Needs:
    """What the registers and the request for one are estimated to take."""
    if not settings:
        return Needs()
    return Needs(lut=60 + 2 * _bits(settings), ff=40 + _bits(settings))


def _bits(settings: Iterable[Setting]) -> int:
    return sum(setting.bits for setting in settings)


def _constant(values: Sequence[int], bits: int) -> str:
    """One Verilog constant of values side by side, the first lowest."""
    whole = sum(value % (1 << bits) << bits * index for index, value in enumerate(values))
    return f"{bits * len(values)}'h{whole:x}"
