"""Reads what earlier stages wrote, by the names the contract between stages gives them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.stages.context import Context
from toolchain.board import FpgaBoard, OpenBoard
from toolchain.errors import ModelError
from toolchain.files import sha256
from toolchain.graph.dense import DenseNetwork, dense_network
from toolchain.graph.file.store import load_graph
from toolchain.graph.graph import Graph
from toolchain.graph.types import IntType, TensorType
from toolchain.results.check import VectorKind
from toolchain.results.core import CoreDescription, read_chip, read_core
from toolchain.results.facts import IntegersFacts


@dataclass(frozen=True)
class Chip:
    """What the generate stage wrote.

    Attributes:
        sources: file names of the whole chip's Verilog in the RTL folder.
        models: file names beside them that only a simulator needs.
        model_hash, build_id: what the chip answers to `identify`, 8 bytes each.
        streamed: whether its host link holds neither a vector nor an answer.
        clock_hz, simulated, start_clocks: as `toolchain.results.core.ChipFile`.
    """

    rtl: Path
    core: CoreDescription
    sources: tuple[str, ...]
    models: tuple[str, ...]
    model_hash: bytes
    build_id: bytes
    clock_hz: int
    streamed: bool
    simulated: str
    start_clocks: int

    @property
    def source_paths(self) -> list[Path]:
        """The Verilog files of the whole chip."""
        return [self.rtl / name for name in self.sources]

    @property
    def simulated_paths(self) -> list[Path]:
        """The Verilog files that a simulator takes."""
        return [self.rtl / name for name in (*self.sources, *self.models)]


# A chip's vectors for `bench`, what share of its block RAM they may take, bits of one that an open board still stores.
_BENCH_VECTORS, _BENCH_ELEMENTS, _BENCH_SHARE, _STORED_BITS = 16, 16_384, 1 / 16, 8 * 1024

# Which stage writes the files that tell the network; of a network that came as a file it is `integers`.
_WRITTEN_BY = {"integer.onnx": "streamline", "golden.npz": "export", "model.onnx": "export"}


def network_file(context: Context, name: str) -> Path:
    """A file that tells the network: its integer graph, its golden vectors, or its QONNX graph."""
    return context.file("integers" if context.request.file else _WRITTEN_BY[name], name)


def _golden_file(context: Context) -> Path:
    """The golden vectors as the integer graph takes them: `streamline` writes them where `export` has another order."""
    whole = network_file(context, "golden.npz")
    own = whole if context.request.file else context.file("streamline", "golden.npz")
    return own if own.exists() else whole


def network(context: Context) -> DenseNetwork:
    """The integer network, the reference of every stage after it.

    Raises:
        ModelError: it is no network that the hardware can compute; names the node, and the file that it came as.
    """
    try:
        return dense_network(graph(context))
    except ModelError as error:
        raise ModelError(f"{context.request.file or context.model.name}: {error}") from error


def graph(context: Context) -> Graph:
    """The integer graph, whatever it is."""
    return load_graph(network_file(context, "integer.onnx"))


def golden_inputs(context: Context) -> NDArray[np.uint8]:
    """Integer inputs of the whole test set, shape (vectors, inputs), channels last."""
    with np.load(_golden_file(context)) as golden:
        x: NDArray[np.uint8] = golden["x"]
    return x


def vector_kind(context: Context) -> VectorKind:
    """What the golden vectors are: the model's test set, or what a file was proved on."""
    return context.facts("integers", IntegersFacts).vectors.kind if context.request.file else "test set"


def bench_inputs(context: Context) -> NDArray[np.uint8]:
    """The golden vectors that the chip stores for `bench`, shape (vectors, inputs); see `bench_vectors`."""
    x, network = golden_inputs(context), graph(context)
    return x[: bench_vectors(context, network.types[network.sole_input])]


def bench_vectors(context: Context, x: TensorType) -> int:
    """How many vectors a chip stores: up to 16, fewer where they are large or block RAMs few, 1 at least.

    None of long ones on open boards: a bench plays the vector that the host link holds, and block RAM is scarce.
    """
    fpga = context.fpga_board.fpga
    bits = IntType.of(x.element.datatype).bits * x.size
    if isinstance(context.fpga_board, OpenBoard) and bits > _STORED_BITS:
        return 0
    room = int(fpga.resources.bram * fpga.bram_kbit * 1024 * _BENCH_SHARE)
    return max(1, min(_BENCH_VECTORS, _BENCH_ELEMENTS // x.size, room // bits))


def memory_bytes(board: FpgaBoard) -> float:
    """Bytes of a board's block RAM."""
    return board.fpga.resources.bram * board.fpga.bram_kbit * 1024 / 8


def chip(context: Context) -> Chip:
    """The generated chip."""
    return chip_in(context.layout.stage("generate"))


def chip_in(folder: Path) -> Chip:
    """The chip that was generated into a folder."""
    core, chip = read_core(folder), read_chip(folder)
    return Chip(
        folder / "rtl",
        core,
        chip.sources,
        chip.models,
        bytes.fromhex(chip.model_hash),
        bytes.fromhex(chip.build_id),
        chip.clock_hz,
        chip.streamed,
        chip.simulated,
        chip.start_clocks,
    )


def model_hash(context: Context) -> bytes:
    """8 bytes that tell the integer network from all others."""
    return bytes.fromhex(sha256(network_file(context, "integer.onnx")))[:8]
