"""What the self-test of a package for ONNX Runtime found: `work/selftest.json`, as the device wrote it.

The device writes it with the standard library alone; see `toolchain.device.ort.selftest`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from toolchain.results.model import Number, Record
from toolchain.results.runner import CallTimes, RunnerMachine


class Promised(Record):
    """What a run promises: so many vectors at most that are not as the reference's, and which difference counts."""

    kind: Literal["exact", "labels", "values", "none"]
    differing: int
    tolerance: Number = 0


class Decisions(Record):
    """Of a network of several stages: vectors that each answered, and those whose stage is the reference's."""

    answered: tuple[int, ...]
    equal: int


class Comparison(Record):
    """How the answers of a run compare; see `toolchain.device.ort.golden.Verdict`."""

    promised: Promised
    compared: int
    equal: int
    labels_differing: int
    beyond: int
    worst: Number | None
    first: int | None
    passed: bool
    decisions: Decisions | None = None


class RuntimeRun(Record):
    """One graph by one runner: how its answers compare and its times, or the error that ended it."""

    run: str
    graph: str
    providers: tuple[str, ...]
    runner: str
    verdict: Comparison | None = None
    error: str | None = None
    latency: CallTimes | None = None
    floor: CallTimes | None = None
    provider: str | None = None
    machine: RunnerMachine | None = None


class FastestRun(Record):
    """The run with the least latency among those that keep a promise."""

    run: str
    graph: str
    providers: tuple[str, ...]
    runner: str


class RuntimeSelfTest(Record):
    """The whole report.

    Attributes:
        manifest: what the package's manifest is known by.
        onnxruntime, onnxruntime_wanted: versions: there, and of the package.
        absent_provider: the first choice, where another one took its place.
        device: what the machine says of itself; None in an emulator.
    """

    board: str
    model: str
    manifest: str
    kind: str
    python: str
    onnxruntime: str
    onnxruntime_wanted: str
    absent_provider: str | None
    device: Mapping[str, Any] | None
    runs: tuple[RuntimeRun, ...]
    passed: bool
    fastest: FastestRun | None
