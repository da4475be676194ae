"""What a measurement came to: the keys that docs/measure.md lists, and that `toolchain.results.measurement` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .conditions import Conditions
from .interval import Interval
from .recording import Header
from .sampler import Event
from .source import Traits


@dataclass(frozen=True)
class PowerOf:
    """Watts at rest and busy, and what the load adds."""

    idle: Interval
    active: Interval
    net: Interval


@dataclass(frozen=True)
class EnergyOf:
    """Joules of an inference: what the load adds, and all that was drawn meanwhile."""

    net: Interval
    gross: Interval


@dataclass(frozen=True)
class Energy:
    """Energy and power of some sources together; the drift is of the power at rest."""

    kind: str
    per_inference_j: EnergyOf
    power_w: PowerOf
    drift_w_per_s: float


@dataclass(frozen=True)
class Latency:
    """Seconds of an inference, and the fabric's cycles where it counts them."""

    kind: str
    what: str
    inferences: int
    seconds_per_inference: Interval
    cycles_per_inference: float | None


@dataclass(frozen=True)
class SamplingCost:
    """Share of the throughput that sampling takes, and inferences a second with and without it."""

    share: float
    with_per_second: float
    without_per_second: float


@dataclass(frozen=True)
class Sampled:
    """A source with what was found of it: its probed refresh in seconds, and how many readings were taken."""

    traits: Traits
    refresh_s: float | None
    samples: int

    def to_json(self) -> Mapping[str, object]:
        """The traits and the rest side by side."""
        return {**vars(self.traits), "refresh_s": self.refresh_s, "samples": self.samples}


@dataclass(frozen=True)
class Windows:
    """When a repeat was at rest, busy, and at rest again: first and last monotonic second."""

    before: tuple[float, float] | None
    active: tuple[float, float]
    after: tuple[float, float] | None


@dataclass(frozen=True)
class Powers:
    """Mean watts of the windows of a repeat."""

    before: float
    active: float
    after: float


@dataclass(frozen=True)
class Figures:
    """Power of a repeat, and joules of an inference as in `EnergyOf`."""

    power_w: Powers
    net_j: float
    gross_j: float


@dataclass(frozen=True)
class RepeatResult:
    """One idle - active - idle, and every reason against it; figures where the board's sum has some."""

    accepted: bool
    reasons: Sequence[str]
    inferences: int
    cycles: int | None
    windows: Windows
    conditions: Sequence[Conditions]
    figures: Figures | None

    def to_json(self) -> Mapping[str, object]:
        """The figures, where there are some, beside the rest."""
        said = {name: value for name, value in vars(self).items() if name != "figures"}
        return {**said, **(vars(self.figures) if self.figures else {})}


@dataclass(frozen=True)
class RawFile:
    """The samples' own file beside the result, and its lines that no disk took."""

    file: str
    samples: int
    unsaved_lines: Sequence[str]


@dataclass(frozen=True)
class Result:
    """All of it.

    Attributes:
        status: `ok`, or how it ended; `reasons` say why.
        kind: of the energy.
        settings: of the person, and of the plan that followed.
        per_source: the energy of each sensor alone.
        events: what went wrong on the way, ten of a kind.
    """

    schema: int
    status: str
    kind: str
    reasons: Sequence[str]
    header: Header
    settings: Mapping[str, float]
    sources: Sequence[Sampled]
    latency: Latency | None
    energy: Energy | None
    per_source: Mapping[str, Energy]
    repeats: Sequence[RepeatResult]
    sampling_cost: SamplingCost | None
    events: Sequence[Event]
    raw: RawFile

    def to_json(self) -> Mapping[str, object]:
        """The header's keys beside the others; its notes are among the reasons."""
        header = {name: value for name, value in vars(self.header).items() if name != "notes"}
        return {**{name: value for name, value in vars(self).items() if name != "header"}, **header}
