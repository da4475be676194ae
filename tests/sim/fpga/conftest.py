"""A test chip in Verilog, and what each board's tools make of it (made once, when first asked for)."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

from toolchain.board import OpenBoard
from toolchain.fpga import Backend, Implementation, Synthesis, backend_for

_HERE = Path(__file__).parent
_BOARDS = _HERE.parents[2] / "boards"
# ROMs of the test chip: words and bits of each.
_ROMS = {"rom": (1024, 36), "nibbles": (4096, 4), "bits": (16384, 1), "table": (64, 8)}


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


def load(name: str, *, mhz: float | None = None) -> OpenBoard:
    """A board, on request with another clock."""
    raw = yaml.safe_load((_BOARDS / name / "board.yaml").read_text())
    raw["clock"]["mhz"] = mhz or raw["clock"]["mhz"]
    return OpenBoard(**raw)


def build_chip(name: str, rtl: Path, folder: Path) -> Built:
    """Take the test chip to a bitstream."""
    board = load(name)
    backend = backend_for(board.fpga)
    # Multipliers of an iCE40 cannot be read back.
    multipliers = board.fpga.family != "ice40"
    synthesis = backend.synthesise("chip", [rtl / "chip.v"], rtl, folder / "synthesise", multipliers=multipliers)
    implementation = backend.implement(board, synthesis.netlist, folder / "implement")
    target = folder / "bitstream" / "chip.bits"
    bitstream = backend.bitstream(board, implementation.config, target)
    return Built(board, backend, folder, synthesis, implementation, bitstream)


@pytest.fixture(scope="session")
def rtl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the test chip and its ROMs."""
    folder = tmp_path_factory.mktemp("memory_chip")
    shutil.copyfile(_HERE / "memory_chip.v", folder / "chip.v")
    generator = random.Random(1)
    for name, (words, bits) in _ROMS.items():
        lines = [f"{generator.getrandbits(bits):x}\n" for _ in range(words)]
        (folder / f"{name}.hex").write_text("".join(lines))
    return folder


@pytest.fixture(scope="session")
def build(rtl: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Gives a board's build of the test chip by the board's name."""

    @cache
    def once(name: str) -> Built:
        return build_chip(name, rtl, tmp_path_factory.mktemp(name))

    return once
