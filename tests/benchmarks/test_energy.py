"""The agent against a known truth: 100 measurements in simulated time.

Run with ``make bench``. Inferences of 0.11 ms that take 0.23 mJ each, on a board whose idle power drifts by 5 mW/s,
seen by sensors of 2 to 150 ms, averaging and first-order, with noise of 0 to 100 mW and steps of 1.25 to 25 mW. Goals:
the median error is 2 % or less, and the 95 % interval covers the truth at least 90 times. Figures are simulated, and
printed.
"""

from __future__ import annotations

import statistics
from pathlib import Path

from rich.console import Console

from tests.fast.toolchain.measure.bench import TRUE_J, Bench

RUNS = 100
NOISES, STEPS = (0.0, 0.02, 0.05, 0.1), (0.025, 0.01, 0.00125)


def test_a_hundred_measurements_find_the_truth(tmp_path: Path) -> None:
    errors, widths, covered = list[float](), list[float](), 0
    for run in range(RUNS):
        seconds = 0.002 * 75 ** (run / (RUNS - 1))
        sensor = {"lag": bool(run % 2), "noise": NOISES[run // 2 % 4], "step": STEPS[run % 3], "seed": run}
        result = Bench(tmp_path / str(run), seconds=seconds, **sensor).run()
        assert result["status"] == "ok", (sensor, result["reasons"])
        net = result["energy"]["per_inference_j"]["net"]
        errors.append(abs(net["median"] / TRUE_J - 1))
        widths.append((net["high"] - net["low"]) / net["median"])
        covered += net["low"] <= TRUE_J <= net["high"]
    Console(width=120).print(
        f"energy of 0.23 mJ, {RUNS} runs (simulated): median error {statistics.median(errors):.2%}, greatest"
        f" {max(errors):.2%}; the interval covers {covered}, its median width is {statistics.median(widths):.2%}"
    )
    assert statistics.median(errors) <= 0.02
    assert covered >= 0.9 * RUNS
