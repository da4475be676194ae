"""Accuracy against LUTs over window encodings: the table in models/cqmlp/README.md.

Run it as `python -m tests.benchmarks.encoding_grid [folder of captures]`; without a folder it uses the synthetic car.
Every row is the default recipe with another encoding: trained, streamlined, folded for ULX3S at its board's rate, and
its core synthesised by yosys.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flows.stages.rtl.folding import capacity_of
from hls.chip import LINK_COST
from hls.fold import choose_folding
from hls.generate import generate_core
from models.cqmlp import model as code
from models.cqmlp.data import build_dataset
from models.cqmlp.settings import DataSettings
from toolchain.catalog import load_board, load_model, load_recipe
from toolchain.fpga import backend_for
from toolchain.graph.dense import DenseNetwork
from toolchain.graph.export import export_network
from toolchain.graph.model_file import load_model as load_onnx
from toolchain.graph.readers.qonnx.chain import chain_of
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.results.facts.network import Scores
from toolchain.training.network import score, train_quantised

Encoding = Literal["bits", "bytes", "context"]
GRID: tuple[tuple[Encoding, int], ...]
GRID = (
    ("bits", 1),
    ("bits", 2),
    ("bits", 4),
    ("bytes", 4),
    ("context", 32),
    ("context", 128),
)


@dataclass(frozen=True)
class Row:
    """One line of the table; F1 scores are of the blocked test windows."""

    encoding: str
    window: int
    inputs: int
    kind: str
    scores: Scores
    lut: int
    bram: int

    def markdown(self) -> str:
        """The line."""
        f1 = " ".join(f"{name} {figures.f1:.4f}" for name, figures in self.scores.per_class.items())
        cells = (self.encoding, self.window, self.inputs, f"{self.scores.macro_f1:.4f}", f1, self.lut, self.bram)
        return f"| {' | '.join(str(cell) for cell in cells)} |"


def measure(encoding: Encoding, window: int, captures: Path | None) -> Row:
    """Train, streamline, fold and synthesise one cell of the grid."""
    recipe = load_recipe(load_model("cqmlp"), "default")
    settings = DataSettings(encoding=encoding, window=window, seed=recipe.data.seed)
    recipe = recipe.model_copy(update={"data": settings})
    dataset = build_dataset(captures, settings)
    network = train_quantised(code, recipe, dataset, "blocked", lambda done, steps, loss: None).network
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        export_network(network, dataset.shape, dataset.input_type, path)
        lut, bram = core_cost(chain_of(read_qonnx(load_onnx(path))), Path(folder))
    scores = score(network, dataset, "blocked")
    return Row(encoding, window, dataset.inputs, dataset.kind, scores, lut, bram)


def core_cost(network: DenseNetwork, folder: Path) -> tuple[int, int]:
    """LUTs and block RAMs of the folded core on ULX3S, as synthesised."""
    board = load_board("ulx3s")
    folding = choose_folding(
        network,
        clock_hz=round(board.clock.mhz * 1e6),
        target_fps=board.target.fps,
        capacity=capacity_of(board, LINK_COST.kbit),
        strategy="folded",
    )
    core = generate_core(network, folding, folder / "rtl")
    sources = [folder / "rtl" / name for name in core.sources]
    usage = backend_for(board.fpga).synthesise(core.top, sources, folder / "rtl", folder / "out").resources
    return usage.lut, usage.bram


def main(arguments: list[str]) -> None:
    """Print the table, row by row as it is measured."""
    captures = Path(arguments[0]) if arguments else None
    titles = ("encoding", "window", "inputs", "macro-F1", "F1 of each class", "LUT", "block RAM")
    print(f"| {' | '.join(titles)} |\n{'|---' * len(titles)}|")
    for encoding, window in GRID:
        print(measure(encoding, window, captures).markdown(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
