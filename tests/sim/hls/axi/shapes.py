"""Cores and stream widths that the AXI chip is tested with, and the chip around each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hls.axi_chip import generate_axi_chip
from hls.core import CoreDescription
from tests.doubles.uart_board import class_bytes
from tests.sim.hls.fake_core import BUILD_ID, MODEL_HASH, FakeCore
from toolchain.device.link.protocol import pack_vector

CLOCK_HZ = 100_000_000


@dataclass(frozen=True)
class Shape:
    """One core behind one stream width, with six stored vectors."""

    core: FakeCore
    data_bits: int

    @property
    def bench(self) -> np.ndarray:
        return self.core.random(1, 6)

    @property
    def bench_labels(self) -> list[int]:
        return self.labels(self.bench)

    @property
    def bench_answers(self) -> list[bytes]:
        return class_bytes(self.bench_labels)

    def labels(self, x: np.ndarray) -> list[int]:
        return [self.core.label(vector) for vector in x]

    def packed(self, x: np.ndarray) -> NDArray[np.uint8]:
        """Packed vectors, shape (vectors, bytes)."""
        rows = [list(pack_vector([int(value) for value in vector], self.core.type_name)) for vector in x]
        return np.array(rows, dtype=np.uint8)

    def generate(self, rtl: Path) -> tuple[CoreDescription, list[Path]]:
        """The core, and all Verilog files of the chip around it."""
        rtl.mkdir(parents=True, exist_ok=True)
        core = self.core.generate(rtl)
        names = generate_axi_chip(
            core,
            rtl,
            clock_hz=CLOCK_HZ,
            model_hash=MODEL_HASH,
            build_id=BUILD_ID,
            bench=self.bench,
            data_bits=self.data_bits,
        )
        return core, [rtl / name for name in names]


SHAPES = {
    # Vectors end inside a byte, inside a beat of the stream; 22 bits do not divide 32. A vector every other cycle.
    "pipeline": Shape(FakeCore(elements_per_beat=11, folded=False, delay=9), 32),
    # As narrow as a core gets; takes no vector while it works on one, and beats only now and then.
    "slow": Shape(FakeCore(inputs=26, type_name="BINARY", bits=1, elements_per_beat=1, stutters=True), 64),
    # One beat a vector, several words wide; the vector's last word has a single byte.
    "wide": Shape(FakeCore(inputs=68, elements_per_beat=68, folded=False, classes=256), 64),
    # Beats a little wider than words, three of them.
    "odd": Shape(FakeCore(inputs=33 * 3, type_name="UINT1", bits=1, elements_per_beat=33, folded=False, classes=2), 32),
    # One word, one beat; so long a pipeline that more vectors would be under way than may.
    "tiny": Shape(FakeCore(inputs=6, elements_per_beat=6, folded=False, delay=300), 32),
}
