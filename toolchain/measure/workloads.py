"""What is kept busy on each kind of board: a package's own programs, or a driver on this computer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from toolchain.device.agent.clock import SystemClock
from toolchain.device.agent.workload import Counted
from toolchain.device.link.answers import Bench
from toolchain.device.link.axi.sense import Expected, bench_faults, must_make_sense
from toolchain.device.ort.golden import inputs_file
from toolchain.device.ort.runners import ASKING, session_words
from toolchain.results.device import DeviceDescription

_BENCH_SPARE_S = 120.0
_MOST_BENCH = 0xFFFFFFFF


class Benchable(Protocol):
    """A driver whose board runs its stored vectors by itself."""

    def bench(self, inferences: int, seconds: float = 60.0) -> Any:
        """Run that many inferences back to back."""


def bench_workload(driver: Benchable, seconds: float, expected: Expected = Expected()) -> Counted:  # noqa: B008
    """`bench` of a driver: the chip infers without the link, so that its energy is the chip's own.

    Args:
        seconds: length of a window; the driver waits for longer than that before it gives up.
        expected: cycles as the package has them; others end the measurement.
    """

    def run(count: int) -> Any:
        bench = driver.bench(count, 2 * seconds + _BENCH_SPARE_S)
        if isinstance(bench, Bench):
            must_make_sense("bench", bench_faults(bench, expected))
        return bench

    return Counted("bench", run, SystemClock(), _MOST_BENCH)


def driver_words(python: str = "python3") -> list[str]:
    """The words for an AMD board's package, in its folder on the board; the bitstream is loaded already."""
    return [python, "driver.py", "--no-load", "--json", "bench", "{count}"]


def runner_words(
    device: DeviceDescription, graph: str | None = None, python: Sequence[str] = ("python3",)
) -> list[str]:
    """The words for a package of ONNX Runtime, in its folder on the device, after its self-test has run there.

    The self-test installs the wheels and writes the inputs that the runner takes; both lie in `work`.

    Args:
        device: the package's device.json.
        graph: one of its graphs; the chosen one without it.
        python: words that start Python.
    """
    entry = device.graphs[graph or device.chosen]
    words = ["env", "PYTHONPATH=work/site", *python, "runner/runner.py", "--model", entry.file]
    words += ["--inputs", f"work/{inputs_file(entry.to_json())}", *session_words(entry.options.to_json())]
    return [*words, *ASKING, "--seconds", "{seconds}"]
