"""What a package must know of its board, as plain JSON: the machine that finishes it has no board.yaml."""

from __future__ import annotations

from typing import cast

from toolchain.board import AmdBoard
from toolchain.device.packed import PackedLink, PackedManifest


def board_facts(board: AmdBoard) -> PackedManifest:
    """Keys of the manifest that the driver, finish.py and the README go by."""
    return {
        "board_title": board.full_title,
        "family": board.fpga.family,
        "part": board.fpga.part,
        "finn_board": board.processing_system.finn,
        "capacity": board.fpga.resources.model_dump(),
        "clock_mhz": board.clock.mhz,
        "host_link": cast("PackedLink", board.host_link.model_dump()),
        "machine": board.processing_system.machine,
        "image": board.processing_system.image,
    }
