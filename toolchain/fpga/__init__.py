"""FPGA tools: synthesis, place and route, bitstreams, and netlists read back from them."""

from __future__ import annotations

from importlib import import_module

from toolchain.board import Fpga, fpga_families
from toolchain.fpga.backend import Backend
from toolchain.fpga.results import Implementation, Synthesis, Usage
from toolchain.progress import Progress

__all__ = ["Backend", "Implementation", "Synthesis", "Usage", "all_families", "backend_for", "family_of"]

_FAMILIES = "toolchain.fpga.families"


def all_families() -> dict[str, type[Backend]]:
    """The class of each family, by the word of `fpga.family`."""
    return {name: _family(name) for name in fpga_families()}


def family_of(fpga: Fpga) -> type[Backend]:
    """The class of a device's family, which knows all that is peculiar to it."""
    return _family(fpga.family)


def backend_for(fpga: Fpga, progress: Progress | None = None) -> Backend:
    """The backend of a device's family."""
    return family_of(fpga)(fpga, progress)


def _family(name: str) -> type[Backend]:
    """The one backend that a family's file defines."""
    found = vars(import_module(f"{_FAMILIES}.{name}")).values()
    (family,) = (kind for kind in found if isinstance(kind, type) and issubclass(kind, Backend) and kind is not Backend)
    return family
