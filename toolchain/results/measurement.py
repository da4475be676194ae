"""What a measurement came to: `measurements/<name>.json`, what the agent prints, and `gateweave measure --json`.

The agent on the device writes the same keys with the standard library alone; see `toolchain.device.agent.analyse`.
Whether figures can be true is judged beside, in `toolchain.results.whole`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from toolchain.results.model import Number, Record, RecordFile

Status = Literal["ok", "rejected", "unavailable", "unfinished", "interrupted", "failed"]
Kind = Literal["measured", "estimated", "simulated", "emulated", "unavailable"]
Window = tuple[Number, Number] | None
"""First and last monotonic second; None where nothing is sampled."""


class Interval(Record):
    """A median with its 95 % interval."""

    median: Number
    low: Number
    high: Number


class PowerOf(Record):
    """Watts at rest and busy, and what the load adds."""

    idle: Interval
    active: Interval
    net: Interval


class EnergyOf(Record):
    """Joules of an inference: what the load adds, and all that was drawn meanwhile."""

    net: Interval
    gross: Interval


class MeasuredEnergy(Record):
    """Energy and power of some sources together; the drift is of the power at rest."""

    kind: Kind
    per_inference_j: EnergyOf
    power_w: PowerOf
    drift_w_per_s: Number = 0


class MeasuredLatency(Record):
    """Seconds of an inference, and the fabric's cycles where it counts them."""

    kind: Kind
    what: str = ""
    inferences: int = 0
    seconds_per_inference: Interval
    cycles_per_inference: Number | None


class MeasuredSource(Record):
    """A sensor; see `toolchain.device.agent.source.Traits`.

    Attributes:
        refresh_s: probed seconds from one value to the next; None where the value hardly changed.
        samples: readings that were taken.
    """

    name: str
    rail: str = ""
    scope: str = ""
    kind: str = ""
    quantity: str = ""
    time_constant_s: Number = 0
    resolution: Number = 0
    path: str = ""
    wrap_j: Number = 0
    in_total: bool = False
    refresh_s: Number | None = None
    samples: int = 0


class LostSensor(Record):
    """A sensor that is there and cannot be read; `needed` where the figure would need it."""

    name: str
    scope: str | None = None
    why: str
    needed: bool


class Conditions(Record):
    """What surrounded a window: temperatures, clocks, throttling."""

    temperature_c: Mapping[str, Number]
    clocks_khz: Mapping[str, Number]
    throttled_now: tuple[str, ...]
    throttle_events: int


class Windows(Record):
    """When a repeat was at rest, busy, and at rest again."""

    before: Window
    active: Window
    after: Window


class PowersOfRepeat(Record):
    """Mean watts of the windows of a repeat."""

    before: Number
    active: Number
    after: Number


class MeasuredRepeat(Record):
    """One idle - active - idle, and every reason against it."""

    accepted: bool
    reasons: tuple[str, ...]
    inferences: int
    cycles: int | None
    windows: Windows
    conditions: tuple[Conditions, ...]
    power_w: PowersOfRepeat | None = None
    net_j: Number | None = None
    gross_j: Number | None = None


class SamplingCost(Record):
    """Share of the throughput that sampling takes, and inferences a second with and without it."""

    share: Number
    with_per_second: Number
    without_per_second: Number


class MeasuredEvent(Record):
    """Something that went wrong; see `toolchain.device.agent.sampler.Event`."""

    event: str
    t: Number | None = None
    source: int | None = None
    text: str | None = None
    seconds: Number | None = None
    unsaved_bytes: int | None = None


class Workload(Record):
    """What kept the board busy."""

    name: str


class Provenance(Record):
    """Where a measurement was taken, and of what.

    Attributes:
        machine: its name, or what its processor is.
        kernel, python: their versions.
        emulated: whether an emulator ran the workload; virtual: whether the board is a simulated one.
        agent: digest of the agent's program.
        content_digest, variant, flow, strategy, model_hash, build_id: of the package, as its manifest has them.
    """

    machine: str | None = None
    architecture: str | None = None
    kernel: str | None = None
    python: str | None = None
    emulated: bool | None = None
    virtual: bool | None = None
    agent: str | None = None
    content_digest: str | None = None
    variant: str | None = None
    flow: str | None = None
    strategy: str | None = None
    model_hash: str | None = None
    build_id: str | None = None


class ProvenDecisions(Record):
    """Of a network of several stages: inputs that each answered, and those whose stage is the reference's."""

    answered: tuple[int, ...]
    equal: int


class Proven(Record):
    """What was asked before anything was measured: so many inputs, whose answers were as the package promises."""

    compared: int
    decisions: ProvenDecisions | None = None


class RawSamples(Record):
    """The samples' own file beside the result, and its lines that no disk took."""

    file: str = ""
    samples: int = 0
    unsaved_lines: tuple[str, ...] = ()


class Measurement(RecordFile):
    """A measurement.

    Attributes:
        status: `ok`, or how it ended; `reasons` say why.
        kind: of the energy; `unavailable` where no sensor covers the board.
        unreadable: sensors that are there and could not be read.
        proven: what its answers were held against before, where this computer knows.
        settings: of the plan.
        per_source: the energy of each sensor alone.
        events: what went wrong on the way, ten of a kind; the raw file has all.
    """

    VERSION_KEY: ClassVar[str] = "schema"
    VERSION: ClassVar[int] = 2
    TITLE: ClassVar[str] = "measurement"

    status: Status
    kind: Kind = "unavailable"
    reasons: tuple[str, ...]
    board: str = ""
    model: str = ""
    provenance: Provenance
    workload: Workload | None = None
    started_unix: Number = 0
    simulated: bool = False
    unreadable: tuple[LostSensor, ...] = ()
    settings: Mapping[str, Number] | None = None
    sources: tuple[MeasuredSource, ...] = ()
    latency: MeasuredLatency | None
    energy: MeasuredEnergy | None
    per_source: Mapping[str, MeasuredEnergy] | None = None
    repeats: tuple[MeasuredRepeat, ...] = ()
    sampling_cost: SamplingCost | None = None
    events: tuple[MeasuredEvent, ...] = ()
    raw: RawSamples | None = None
    proven: Proven | None = None
