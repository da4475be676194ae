"""A Zynq board under PYNQ: its Overlay also sets the clocks and the widths of the processor's ports."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from toolchain.errors import ToolError


def is_installed() -> bool:
    """Whether this Python has pynq."""
    return importlib.util.find_spec("pynq") is not None


class PynqBuffer:
    """Memory that pynq allocated; caches are written back and dropped around every use."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.address, self.size = int(array.device_address), int(array.nbytes)

    def write(self, data: bytes) -> None:
        """Put bytes at its start, and out of the cache."""
        memoryview(self._array)[: len(data)] = data
        self._array.flush()

    def read(self, size: int) -> bytes:
        """Bytes from its start, past the cache."""
        self._array.invalidate()
        return bytes(memoryview(self._array)[:size])

    def free(self) -> None:
        """Give the memory back."""
        self._array.freebuffer()


class PynqDevice:
    """The board through pynq 2.7 or newer.

    Raises:
        ToolError: pynq cannot be imported.
    """

    def __init__(self) -> None:
        self._pynq = _import()
        self.name = f"pynq {getattr(self._pynq, '__version__', '')}".strip()
        self._buffers: list[PynqBuffer] = []

    def load(self, bitstream: Path) -> None:
        """Configure the logic, its clocks and port widths; the `.hwh` must lie beside the `.bit`.

        Raises:
            ToolError: pynq refuses it.
        """
        try:
            self._pynq.Overlay(str(bitstream))
        except Exception as error:  # pynq lets through whatever its parts raise
            raise ToolError(f"{bitstream}: pynq cannot load it ({error}); run it as root (`sudo -i`)") from error

    def registers(self, base: int, span: int) -> Any:
        """The registers at a physical address: pynq's own MMIO has `read` and `write`.

        Raises:
            ToolError: pynq refuses it.
        """
        try:
            return self._pynq.MMIO(base, span)
        except Exception as error:  # as above
            raise ToolError(f"registers at {base:#x}: {error}; run it as root (`sudo -i`)") from error

    def buffer(self, size: int) -> PynqBuffer:
        """Contiguous memory.

        Raises:
            ToolError: pynq has none.
        """
        try:
            buffer = PynqBuffer(self._pynq.allocate(shape=(size,), dtype="u1"))
        except Exception as error:  # as above
            raise ToolError(f"pynq cannot allocate {size} bytes for DMA: {error}") from error
        self._buffers.append(buffer)
        return buffer

    def close(self) -> None:
        """Give back all memory."""
        while self._buffers:
            self._buffers.pop().free()


def _import() -> ModuleType:
    try:
        return importlib.import_module("pynq")
    except Exception as error:  # pynq runs much code when it is imported
        raise ToolError(
            f"pynq cannot be imported ({error}); take PYNQ's own environment with `sudo -i`, or --device linux"
        ) from error
