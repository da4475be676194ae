"""A test chip in Verilog, and what each board's tools make of it (made once, when first asked for)."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

from toolchain.board import OpenBoard
from toolchain.fpga import Backend, Implementation, Synthesis, backend_for
from toolchain.locks import locked

_HERE = Path(__file__).parent
_BOARDS = _HERE.parents[2] / "boards"
# ROMs of the test chip: bits of an address and of a word. An iCE40's block RAM is small, and synthesis takes long over
# each: these use every shape of it, too.
_ROMS = {"rom": (10, 36), "nibbles": (12, 4), "bits": (14, 1), "table": (6, 8)}
_ICE40_ROMS = {"rom": (8, 36), "nibbles": (10, 4), "bits": (11, 1), "table": (6, 8)}


@dataclass(frozen=True)
class Built:
    """One board's build of the test chip; `folder` holds ``implement`` and the bitstream."""

    board: OpenBoard
    backend: Backend
    folder: Path
    synthesis: Synthesis
    implementation: Implementation
    bitstream: Path


Build = Callable[[str], Built]
Rtl = Callable[[str], Path]


def load(name: str, *, mhz: float | None = None) -> OpenBoard:
    """A board, on request with another clock."""
    raw = yaml.safe_load((_BOARDS / name / "board.yaml").read_text())
    raw["clock"]["mhz"] = mhz or raw["clock"]["mhz"]
    return OpenBoard(**raw)


def build_chip(name: str, rtl: Path, folder: Path, *, multipliers: bool | None = None) -> Built:
    """Take the test chip to a bitstream; without an iCE40's multipliers unless it is said otherwise."""
    board = load(name)
    backend = backend_for(board.fpga)
    if multipliers is None:
        # With them the netlist is read back in place of the bitstream.
        multipliers = board.fpga.family != "ice40"
    synthesis = backend.synthesise("chip", [rtl / "chip.v"], rtl, folder / "synthesise", multipliers=multipliers)
    implementation = backend.implement(board, synthesis.netlist, folder / "implement")
    target = folder / "bitstream" / "chip.bits"
    bitstream = backend.bitstream(board, implementation.config, target)
    return Built(board, backend, folder, synthesis, implementation, bitstream)


@pytest.fixture(scope="session")
def rtl(tmp_path_factory: pytest.TempPathFactory) -> Rtl:
    """Gives the folder with the test chip and its ROMs by a board's name."""

    @cache
    def once(name: str) -> Path:
        folder = tmp_path_factory.mktemp("memory_chip")
        text, generator = (_HERE / "memory_chip.v").read_text(), random.Random(1)
        for rom, (address, bits) in (_ICE40_ROMS if load(name).fpga.family == "ice40" else _ROMS).items():
            text = text.replace(f"{rom.upper()}_BITS = {_ROMS[rom][0]}", f"{rom.upper()}_BITS = {address}")
            lines = [f"{generator.getrandbits(bits):x}\n" for _ in range(1 << address)]
            (folder / f"{rom}.hex").write_text("".join(lines))
        (folder / "chip.v").write_text(text)
        return folder

    return once


@pytest.fixture(scope="session")
def build(rtl: Rtl, of_all_workers: Path) -> Build:
    """Gives a board's build of the test chip by the board's name; one worker makes it for all."""

    @cache
    def once(name: str) -> Built:
        folder = of_all_workers / "chips" / name
        kept = folder.with_suffix(".pickle")
        with locked(folder.with_suffix(".lock")):
            if not kept.exists():
                kept.write_bytes(pickle.dumps(build_chip(name, rtl(name), folder)))
        built: Built = pickle.loads(kept.read_bytes())
        return built

    return once
