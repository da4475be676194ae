"""The double of Vivado, which runs under `tclsh`, and the small design."""

from __future__ import annotations

from tests.fast.toolchain.vivado.conftest import project, vivado

__all__ = ["project", "vivado"]
