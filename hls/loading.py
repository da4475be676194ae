"""What a chip has besides where weights are loaded at its start: the loader, and for a simulator the flash."""

from __future__ import annotations

import shutil
from pathlib import Path

from hls.pack import write_rom
from toolchain.errors import ConfigError
from toolchain.results.core import CoreDescription, LoadedWeights

SOURCES = ("flash_loader.v",)
"""Modules of the library that such a chip uses besides."""

START_CLOCKS = 512
"""Clocks from configuration until a chip answers whose weights are all in it: longer than its reset."""

CHIP, BOARD = "chip", "board"
"""The tops of a simulation: the chip alone, or with its flash."""

_MODELS = ("spi_flash.v", f"{BOARD}.v")
_IMAGE = "flash.hex"
FILES = (*_MODELS, _IMAGE)
"""What a simulation of it takes besides the chip's sources."""

_HARNESS = Path(__file__).parent / "harness"
_TRIES = 8
# Of a W25Q128, from its release to its first command; see flash_loader.v, which waits longer.
_WAKE_US = 3

# The lines of the top of a chip whose weights are all in its configuration.
_PLAIN = {"ports": "", "reset": "rst", "loading": "", "core_ports": "", "light": "heart[HEART] ^ busy"}
_PORTS = """
    output wire flash_select,  // low: selected
    output wire flash_clock,
    output wire flash_out,     // to the flash
    input  wire flash_in,"""

# Until the weights are there, all is in reset; a chip that has given up stays so, and its light is still.
_LOADING = """
    wire unready, loaded, failed, load_enable;
    wire [{top}:0] load_address;
    wire [15:0] load_data;
    assign rst = unready || !loaded;
    flash_loader #(
        .CLOCK_HZ(CLOCK_HZ), .OFFSET(24'h{offset:06x}), .WORDS({words}), .LOAD_BITS({bits}), .CRC(32'h{crc:08x}),
        .TRIES({tries})
    ) loader (
        .clk({clock}), .rst(unready), .loaded(loaded), .failed(failed),
        .load_enable(load_enable), .load_address(load_address), .load_data(load_data),
        .flash_select(flash_select), .flash_clock(flash_clock), .flash_out(flash_out), .flash_in(flash_in));
"""

_CORE_PORTS = """,
        .load_enable(load_enable), .load_address(load_address), .load_data(load_data)"""

_BOARD_TEXT = """\
// Generated: the chip and the flash that its weights lie in, for a simulator.
module {board} (
    input  wire clk,
    input  wire uart_rx,
    output wire uart_tx,
    output wire led
);
    wire select, clock, to_flash, from_flash;
    chip chip (
        .clk(clk), .uart_rx(uart_rx), .uart_tx(uart_tx), .led(led),
        .flash_select(select), .flash_clock(clock), .flash_out(to_flash), .flash_in(from_flash));
    spi_flash #(.FIRST({offset}), .BYTES({size}), .FILE("{file}"), .WAKE({wake})) flash (
        .clk(clk), .select(select), .clock(clock), .in(to_flash), .out(from_flash));
endmodule
"""


def lines(core: CoreDescription, offset: int | None, clock: str) -> dict[str, str]:
    """The lines of the top of a chip that depend on what is loaded.

    Args:
        offset: of the weights in the flash, bytes; None where there is none.
        clock: the name of its clock.

    Raises:
        ConfigError: there are weights to be loaded, and no flash.
    """
    weights = core.loaded
    if weights is None:
        return _PLAIN
    if offset is None:
        raise ConfigError("weights of the core are loaded from a flash, and the board names none: fold it without them")
    facts = {"top": weights.address_bits - 1, "bits": weights.address_bits, "words": weights.words, "crc": weights.crc}
    loading = _LOADING.format(**facts, offset=offset, clock=clock, tries=_TRIES)
    light = "(heart[HEART] ^ busy) && !failed"
    return {"ports": _PORTS, "reset": "unready", "loading": loading, "core_ports": _CORE_PORTS, "light": light}


def write_board(weights: LoadedWeights, offset: int, clock_hz: int, rtl_dir: Path) -> list[str]:
    """Write the board around a chip into its RTL folder, and the contents of its flash; returns the models' names."""
    data = (rtl_dir / weights.file).read_bytes()
    write_rom(rtl_dir / _IMAGE, data, 8)
    shutil.copyfile(_HARNESS / _MODELS[0], rtl_dir / _MODELS[0])
    wake = -(-_WAKE_US * clock_hz // 1_000_000)
    text = _BOARD_TEXT.format(board=BOARD, offset=offset, size=len(data), file=_IMAGE, wake=wake)
    (rtl_dir / _MODELS[1]).write_text(text)
    return list(_MODELS)


def start_clocks(weights: LoadedWeights | None, clock_hz: int) -> int:
    """Clocks from configuration until a chip answers, at most, where its flash is read without an error."""
    if weights is None:
        return START_CLOCKS
    # A bit every other clock; twice 50 us of rest, and the commands.
    return START_CLOCKS + 32 * weights.words + clock_hz // 10_000 + 100
