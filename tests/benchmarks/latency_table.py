"""cqmlp's latency and rate on this computer: ``python -m tests.benchmarks.latency_table`` puts them into the docs.

It builds ``BOARD=host MODEL=cqmlp`` where that is not built, and times its graphs by both runners, pinned, each beside
its Identity floor in the same process, and the C library of its package. All take turns, several times; of each row
the run with the least p50 counts, for what else a shared machine does only adds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from tests.benchmarks.c_clock import ROUNDS, clocked
from toolchain.device.ort.runners import session_words
from toolchain.graph.file.store import load_graph
from toolchain.kernels.compiled import ROWS
from toolchain.kernels.generate import c_source
from toolchain.kernels.text import Argument
from toolchain.results.device import COMPILED
from toolchain.results.facts.runtime import Effort, LatencyRow
from toolchain.results.manifest import Manifest
from toolchain.results.model import read_file
from toolchain.runtime.timing import CALLS, REPEATS, WARMUP, Variant, time_variants

RUNS, BATCH = 5, 4096
GOALS = {"c": 1.5, "python": 2.0}
"""Times the floor, at most."""

_ROOT = Path(__file__).resolve().parents[2]
_RUNNERS = {"c": "C", "python": "Python, io-binding", "session.run": "plain `session.run`"}
_LEVELS = {"AVX-512": "native", "AVX2": "x86-64-v3", "plain x86-64": "x86-64"}
"""What a compiler is told, by what the docs call it; the first is this machine's own."""


def main() -> None:
    """Measure everything anew and put it into both pages."""
    build = ["build", "--board", "host", "--model", "cqmlp"]
    subprocess.run([sys.executable, "-m", "gateweave", *build], cwd=_ROOT, check=True)
    folder = max(_builds().glob("cqmlp/host/*/package/manifest.json"), key=os.path.getmtime).parent.parent
    rows, calls = _latency(folder), _library(folder)
    _put("onnxruntime.md", "latency", _latency_text(rows, calls["native", 1]))
    _put("kernels.md", "rates", _rates_text(calls, _fastest(rows)))


def _builds() -> Path:
    return Path(os.environ.get("GATEWEAVE_BUILD_DIR") or _ROOT / "build")


def _latency(folder: Path) -> list[LatencyRow]:
    """Of each graph by each runner the best of all runs."""
    with np.load(folder / "graphs" / "golden.npz") as arrays:
        x = arrays["x"][:1000]
    proved = read_file(folder / "package" / "manifest.json", Manifest, "make build").graphs
    assert proved is not None, "a package of this board has graphs"
    variants = {
        name: Variant(folder / "graphs" / f"{name}.onnx", tuple(session_words(proof.options.to_json())), x)
        for name, proof in proved.proved.items()
        if name != "tensorrt"
    }
    found: dict[tuple[str, str], LatencyRow] = {}
    with tempfile.TemporaryDirectory() as work:
        for _ in range(RUNS):
            effort = Effort(calls=CALLS, warmup=WARMUP, repeats=REPEATS)
            for row in time_variants(variants, Path(work), effort=effort, plain="fp32"):
                key = row.variant, row.runner
                found[key] = min(found.get(key, row), row, key=lambda some: some.p50_us)
    return list(found.values())


def _library(folder: Path) -> Mapping[tuple[str, int], float]:
    """Microseconds of a call, by the compiler's level and the vectors."""
    tensors, found = _tensors(folder), {}
    with tempfile.TemporaryDirectory() as work:
        for name in ("model.h", "model.c"):
            (Path(work) / name).write_text((folder / "library" / name).read_text())
        for level in _LEVELS.values():
            for vectors in (1, BATCH):
                found[level, vectors] = clocked(tensors, Path(work), ("-O3", f"-march={level}"), vectors)
    return found


def _tensors(folder: Path) -> Sequence[Argument]:
    return c_source(load_graph(next(folder.parents[1].glob("*/streamline/integer.onnx"))), ROWS).tensors


def _fastest(rows: Sequence[LatencyRow]) -> float:
    """Microseconds of ONNX Runtime's fastest graph of its own operators, in C."""
    return min(row.p50_us for row in rows if row.variant != COMPILED and row.runner == "c")


def _latency_text(rows: Sequence[LatencyRow], library: float) -> str:
    return "\n".join([*_latency_lines(rows), "", _told(rows, library)])


def _latency_lines(rows: Sequence[LatencyRow]) -> Iterator[str]:
    where = f"{rows[0].where.removeprefix('host: ')}, {os.cpu_count()} shared cores, load {os.getloadavg()[1]:.1f}"
    runtime = f"ONNX Runtime {onnxruntime.__version__}, governor {_governor()}"
    yield f"`BOARD=host MODEL=cqmlp`, microseconds a call (measured: {where}, {runtime};"
    yield f"of {RUNS} runs that with the least p50, each the median of {REPEATS} processes):"
    yield ""
    yield "| graph | runner | min | p50 | p90 | p99 | floor (p50) | p50 / floor | switches |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for row in sorted(rows, key=lambda row: (row.runner == "session.run", row.variant, row.runner)):
        times = " | ".join(f"{us:.2f}" for us in (row.min_us, row.p50_us, row.p90_us, row.p99_us))
        floor = f"{row.floor_us:.2f} | {row.ratio:.2f}" if row.floor_us and row.ratio else " | "
        yield f"| `{row.variant}` | {_RUNNERS[row.runner]} | {times} | {floor} | {row.switches} |"


def _told(rows: Sequence[LatencyRow], library: float) -> str:
    ratios = {row.runner: row.ratio for row in rows if row.variant == COMPILED}
    goals = " and ".join(f"{ratios[name]:.2f} by {_RUNNERS[name]} (goal {goal})" for name, goal in GOALS.items())
    own = f"{library:.2f} us of the processor, {library / _fastest(rows):.3f} times (goal 0.15)"
    return (
        f"`compiled` takes so many times its floor: {goals}.\n"
        f"The C library alone takes {own} what the fastest graph of ONNX's own operators takes in C."
    )


def _governor() -> str:
    path = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return path.read_text().strip() if path.exists() else "not readable"


def _rates_text(calls: Mapping[tuple[str, int], float], fastest: float) -> str:
    rates = {name: BATCH / calls[level, BATCH] for name, level in _LEVELS.items()}
    told = ", ".join(f"{rate:.1f} million with {name}" for name, rate in rates.items())
    one = calls["native", 1]
    return (
        f"cqmlp, batches of {BATCH:,}, one core (measured: gcc `-O3`, least processor time of {ROUNDS} rounds),\n"
        f"inferences a second: {told}. A call of one input takes {one:.2f} us,\n"
        f"{one / fastest:.3f} times ONNX Runtime's fastest graph of its own operators in the same run."
    )


def _put(page: str, word: str, text: str) -> None:
    """Between the marks of the page."""
    path, begin, end = _ROOT / "docs" / page, f"<!-- {word} -->", f"<!-- /{word} -->"
    before, rest = path.read_text().split(begin)
    path.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}")
    print(text)


if __name__ == "__main__":
    main()
