"""FPGA tools: synthesis, place and route, bitstreams, and netlists read back from them."""

from __future__ import annotations

from toolchain.board import Fpga
from toolchain.fpga.backend import Backend
from toolchain.fpga.ecp5 import Ecp5Backend
from toolchain.fpga.gowin import GowinBackend
from toolchain.fpga.ice40 import Ice40Backend
from toolchain.fpga.results import Implementation, Synthesis, Usage
from toolchain.fpga.tools import Progress

__all__ = ["Backend", "Implementation", "Synthesis", "Usage", "backend_for"]

_BACKENDS: dict[str, type[Backend]] = {
    "ecp5": Ecp5Backend,
    "gowin": GowinBackend,
    "ice40": Ice40Backend,
}


def backend_for(fpga: Fpga, progress: Progress | None = None) -> Backend:
    """The backend of a device's family."""
    return _BACKENDS[fpga.family](fpga, progress)
