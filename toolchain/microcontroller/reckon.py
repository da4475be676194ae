"""What a network takes of a microcontroller's memories, before anything is compiled."""

from __future__ import annotations

import re

import numpy as np

from toolchain.board import McuBoard
from toolchain.errors import FitError
from toolchain.graph.graph import Graph
from toolchain.kernels.generate import CSource, c_source
from toolchain.kernels.text import Argument
from toolchain.microcontroller.firmware import STACK_BYTES

# The host link's own, without the network: variables, and code with start-up.
_OWN_RAM, _OWN_FLASH = 128, 4096
# What only other processors have stands between two directives.
_CHOSEN = re.compile(r"^#ifdef .*?^#endif\n", re.MULTILINE | re.DOTALL)
_CONSTANT = re.compile(r"^static const (u?int\d+)_t \w+\[(\d+)\] = ", re.MULTILINE)


def reckoned(graph: Graph, board: McuBoard) -> str:
    """What it takes, in words.

    Raises:
        ModelError: a node kind has no kernel.
        FitError: the board's RAM or flash is too small; says by how many bytes, and for what.
    """
    made = c_source(graph)
    parts = {"the work space": made.memory.size, "inputs and outputs": _tensors(made)}
    tables, chip = _tables(made), board.chip
    kept = {"weights and tables": tables}
    parts |= kept if chip.image == "esp" else {}
    ram = sum(parts.values()) + STACK_BYTES + _OWN_RAM
    _must_fit("RAM", ram, chip.ram.bytes, *max(parts.items(), key=lambda part: part[1]))
    told = f"as C: about {ram:,} of {chip.ram.bytes:,} bytes of RAM"
    if chip.image == "esp":
        return f"{told}, {tables:,} bytes of them weights and tables"
    _must_fit("flash", tables + _OWN_FLASH, chip.flash.bytes, "weights and tables", tables)
    return f"{told}, {tables:,} bytes of weights and tables of {chip.flash.bytes:,} of flash"


def _tables(made: CSource) -> int:
    """Bytes of all constants."""
    portable = _CHOSEN.sub("", made.source)
    return sum(np.dtype(kind).itemsize * int(count) for kind, count in _CONSTANT.findall(portable))


def _tensors(made: CSource) -> int:
    """Bytes of input and output as they come over the line, and again where the network has them in another form."""
    return sum(map(_tensor, made.tensors))


def _tensor(tensor: Argument) -> int:
    element, own = tensor.type.element, tensor.type.size * tensor.dtype.itemsize
    if tensor.output:
        return own + tensor.type.size * -(-element.bits // 8)
    is_packed = element.step == 1 and element.bits == 8 * tensor.dtype.itemsize
    return -(-tensor.type.size * element.bits // 8) + (0 if is_packed else own)


def _must_fit(name: str, used: int, of: int, what: str, size: int) -> None:
    if used > of:
        raise FitError(
            f"{name}: about {used:,} bytes are needed, {of:,} are there: {used - of:,} too many; {what}: {size:,} bytes"
        )
