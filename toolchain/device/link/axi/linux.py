"""A Zynq board under plain Linux: UIO or /dev/mem for registers, u-dma-buf for DMA, fpga_manager for the bitstream."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

from toolchain.device.link.axi.fpga_manager import OPERATING, FpgaManager
from toolchain.errors import ToolError

_ALIGNMENT = mmap.PAGESIZE
_DMA_CLASSES = ("sys/class/u-dma-buf", "sys/class/udmabuf")
_CACHED_MODES = ("0", "4")


class MappedRegisters:
    """Registers in mapped memory; every access is one of 32 bits."""

    def __init__(self, memory: mmap.mmap, offset: int, span: int) -> None:
        self._words = memoryview(memory)[offset : offset + span].cast("I")

    def read(self, offset: int) -> int:
        """Value of a register."""
        return self._words[offset >> 2]

    def write(self, offset: int, value: int) -> None:
        """Set a register."""
        self._words[offset >> 2] = value


class MappedBuffer:
    """A part of a u-dma-buf, mapped without caches."""

    def __init__(self, memory: mmap.mmap, offset: int, address: int, size: int) -> None:
        self.address, self.size = address, size
        self._bytes = memoryview(memory)[offset : offset + size]

    def write(self, data: bytes) -> None:
        """Put bytes at its start."""
        self._bytes[: len(data)] = data

    def read(self, size: int) -> bytes:
        """Bytes from its start."""
        return bytes(self._bytes[:size])


class LinuxDevice:
    """The board through the kernel's own files; needs root, or rights on them.

    Args:
        root: where `dev`, `sys` and `lib` lie; another folder than `/` only in tests.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self.name = "Linux (UIO or /dev/mem, u-dma-buf, fpga_manager)"
        self._root = root
        self._manager = FpgaManager(root)
        self._pool: _DmaPool | None = None

    def load(self, bitstream: Path) -> None:
        """Configure the logic.

        Raises:
            ToolError: no fpga_manager, no permission, or the kernel refuses the bitstream.
        """
        self._manager.load(bitstream)

    def registers(self, base: int, span: int) -> MappedRegisters:
        """The registers at a physical address, through UIO where the device tree has them, else /dev/mem.

        Raises:
            ToolError: nothing is loaded (a bus access would then hang the processor), or no permission.
        """
        state = self._manager.state()
        if state != OPERATING:
            raise ToolError(f"the logic is not configured (fpga_manager says `{state}`); load the bitstream first")
        path, start = self._uio(base) or (self._root / "dev/mem", base)
        page = start - start % _ALIGNMENT
        memory = _map(path, span + start - page, page)
        return MappedRegisters(memory, start - page, span)

    def buffer(self, size: int) -> MappedBuffer:
        """The next part of the u-dma-buf.

        Raises:
            ToolError: the module is not loaded, or its memory is used up.
        """
        if self._pool is None:
            self._pool = _DmaPool(self._root)
        return self._pool.take(size)

    def close(self) -> None:
        """Nothing to give back: mappings end with the program."""

    def _uio(self, base: int) -> tuple[Path, int] | None:
        """Device file and offset of the UIO mapping of an address; mapping n lies at n pages."""
        for entry in sorted((self._root / "sys/class/uio").glob("uio*/maps/map*")):
            if _number(entry / "addr") == base:
                index = int(entry.name[len("map") :])
                return self._root / "dev" / entry.parent.parent.name, index * _ALIGNMENT
        return None


class _DmaPool:
    """Hands out pages of one u-dma-buf: the one named `gateweave`, or the first."""

    def __init__(self, root: Path) -> None:
        found = sorted(_dma_buffers(root), key=lambda path: (path.name != "gateweave", path.name))
        if not found:
            raise ToolError("no u-dma-buf: load the module, for example `modprobe u-dma-buf udmabuf0=4194304`")
        entry = found[0]
        self._name, self._size = entry.name, _number(entry / "size")
        self._address, self._used = _number(entry / "phys_addr"), 0
        _uncache(entry)
        self._memory = _map(root / "dev" / entry.name, self._size, 0)

    def take(self, size: int) -> MappedBuffer:
        start, left = self._used, self._size - self._used
        if size > left:
            raise ToolError(f"{self._name}: {left} bytes left, {size} needed; load the module with a larger size")
        self._used += -(-size // _ALIGNMENT) * _ALIGNMENT
        return MappedBuffer(self._memory, start, self._address + start, size)


def _dma_buffers(root: Path) -> Iterator[Path]:
    for folder in _DMA_CLASSES:
        yield from (root / folder).glob("*")


def _uncache(entry: Path) -> None:
    """Mode 1 leaves the cache out where the file is opened with O_SYNC, as it is here."""
    mode = entry / "sync_mode"
    if mode.exists() and mode.read_text().strip() in _CACHED_MODES:
        mode.write_text("1")


def _map(path: Path, size: int, offset: int) -> mmap.mmap:
    try:
        handle = os.open(path, os.O_RDWR | os.O_SYNC)
        try:
            return mmap.mmap(handle, size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=offset)
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ToolError(f"{path}: cannot be mapped ({reason}); run it as root (`sudo -i`)") from error


def _number(path: Path) -> int:
    try:
        return int(path.read_text().strip(), 0)
    except (OSError, ValueError) as error:
        raise ToolError(f"{path}: cannot be read as a number ({error})") from error
