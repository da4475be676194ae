"""The AXI chip in Verilator as the driver sees it: its registers, and its streams behind a model of the AXI DMA."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hls.simulate_axi import REPLY_CYCLES, AxiChipSimulator
from tests.fast.toolchain.device.link.axi.fakes import CONTROL, DMA, FakeDevice, FakeDma, FakeMemory
from tests.sim.hls.axi.shapes import Shape
from tests.sim.hls.fake_core import BUILD_ID, MODEL_HASH
from toolchain.device.link import registers as map_
from toolchain.package.amd.content import write_bitstream
from toolchain.package.vectors import VectorFormat, write_vectors


class RtlChip:
    """A running simulation; every access is one on the chip's AXI ports, and a bus error ends the test."""

    def __init__(self, sources: Sequence[Path], folder: Path, *, vector_bytes: int, data_bits: int) -> None:
        beat = data_bits // 8
        # The DMA sends whole buffers: to the harness a vector is as long as its place in them.
        self.stride = -(-vector_bytes // beat) * beat
        model = AxiChipSimulator(sources, folder, vector_bytes=self.stride, data_bits=data_bits, optimise=False)
        self._process = subprocess.Popen(
            ["stdbuf", "-oL", *model._command, str(REPLY_CYCLES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=model._folder,
            text=True,
        )

    def read(self, offset: int) -> int:
        response, value = self._ask(f"R {offset:x}")
        assert response == 0, f"SLVERR: read of {offset:#x}"
        return value

    def write(self, offset: int, value: int) -> None:
        [response] = self._ask(f"W {offset:x} {value:x}")
        assert response == 0, f"SLVERR: write of {offset:#x}"

    def burst(self, data: bytes) -> bytes:
        words = self._ask(f"B 7 1 {data.hex()}")
        return struct.pack(f"<{len(words)}I", *words)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _ask(self, line: str) -> list[int]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return [int(word, 16) for word in self._process.stdout.readline().split()]


def chip_of(shape: Shape, folder: Path) -> RtlChip:
    """The chip around a shape's core."""
    _, sources = shape.generate(folder / "rtl")
    size = shape.packed(shape.bench).shape[1]
    return RtlChip(sources, folder / "model", vector_bytes=size, data_bits=shape.data_bits)


def device_of(chip: RtlChip) -> Any:
    """The board that a driver finds: the chip, the DMA before it, and memory."""
    memory = FakeMemory()
    return FakeDevice({CONTROL: chip, DMA: FakeDma(memory, chip)}, memory)  # type: ignore[arg-type]


def package_of(shape: Shape, folder: Path, count: int, manifest: dict[str, object], built: object) -> Path:
    """A bitstream package with vectors of this shape's core, the stored ones first."""
    network = shape.core.network()
    stored, more = shape.bench[:count], shape.core.random(2, max(0, count - len(shape.bench)))
    vectors = [*stored, *more]
    packed = b"".join(bytes(row) for row in [*shape.packed(stored), *shape.packed(more)])
    answer = shape.layout
    names = [f"class {index}" for index in range(answer.classes)] or None
    described = VectorFormat(count, network.inputs, shape.core.type_name, len(packed) // count, answer, names)
    folder.mkdir()
    # A vector is shorter than a part: what the bench of a chip without windows plays is the first one.
    played = b"" if map_.windows_hold(1, answer.size) else shape.sent(stored[:1])[0]
    write_vectors(folder, described, packed, b"".join(shape.sent(np.array(vectors))), played)
    identity = {"model_hash": MODEL_HASH.hex(), "build_id": BUILD_ID.hex()}
    cycles = {"latency_cycles": shape.latency, "initiation_interval": shape.interval}
    timing = {**manifest["timing"], **cycles}  # type: ignore[dict-item]
    write_bitstream(folder, built, {**manifest, "identity": identity, "timing": timing})  # type: ignore[arg-type]
    return folder
