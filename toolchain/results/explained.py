"""Why a build is as fast and as large as it is: what `gateweave explain` prints and keeps in the build's folder."""

from __future__ import annotations

from typing import ClassVar, Literal

from toolchain.results.checked import Verdict
from toolchain.results.facts.hardware import Use
from toolchain.results.folding import TooDense
from toolchain.results.manifest import Revision
from toolchain.results.model import Number, Record, RecordFile

EXPLANATION = "explanation.json"

Limited = Literal["rate", "lut", "bram", "dsp", "operations"]
"""What a layer takes the most of: clocks an inference, a resource, or operations that are counted."""

Bought = Literal["lut", "bram", "dsp"]


class Limit(Record):
    """The layer that takes the most of something.

    Attributes:
        option: how it is built, such as "PE 2, SIMD 61"; empty where that is not chosen.
        value, of: what it takes, and what all layers together do; of the rate the clocks of the slowest, and those
            between inferences.
    """

    what: Limited
    layer: str
    option: str
    value: Number
    of: Number
    kind: Literal["estimated", "counted", "simulated"]


class Change(Record):
    """A layer that another folding builds otherwise."""

    layer: str
    before: str
    after: str


class Way(Record):
    """The network folded otherwise, or as it was built; estimated.

    Attributes:
        interval: clocks between inferences; fps: at the build's clock.
        chip: what core and host link take.
        lacks: what the board has too little of; empty where it fits.
    """

    name: Literal["as built", "next faster", "twice as fast", "fastest that fits", "next smaller", "smallest"]
    interval: int
    fps: Number
    chip: Use
    changes: tuple[Change, ...] = ()
    lacks: str = ""


class OneMore(Record):
    """What more of one resource would buy, all others as they are; estimated.

    Attributes:
        count: how many more the next faster folding needs; None where more of this alone buys nothing.
        interval, fps: what they buy; None with `count`.
    """

    resource: Bought
    count: int | None
    interval: int | None = None
    fps: Number | None = None


class Elsewhere(Record):
    """Another board. The verdict's estimate is of the fastest folding that fits there."""

    why: Literal["nearest larger", "nearest smaller", "nearest FPGA", "the same board"]
    verdict: Verdict


class Timed(Record):
    """Where a processor's time goes, in microseconds of one inference: medians, measured on the computer that built it.

    Attributes:
        call_us: of a graph that does nothing, by the same runner; None where that was not timed.
    """

    graph: str
    runner: str
    whole_us: Number
    call_us: Number | None


RateSource = Literal["person", "board", "recipe"]


class ExplainedPackage(Record):
    """The package that is explained."""

    manifest_sha256: str
    git: Revision | None


class Explanation(RecordFile):
    """A build, explained.

    Attributes:
        asked_fps: the rate that it was to reach; None: as many as fit, or a processor.
        asked_by: who named that rate, or asked for as many as fit; None: a processor.
        clock_mhz, fps: of the build; `fps_kind` says how they are known.
        bound: what keeps it from being faster: the rate that it was to reach, the board, its own form or answer; of
            FINN's cores the mapping, whose other foldings are not known.
        too_dense: products that are folded though all were to be unrolled.
        timed: of a processor.
        unknown: what cannot be said, and why.
    """

    VERSION: ClassVar[int] = 2
    TITLE: ClassVar[str] = "explanation"

    model: str
    board: str
    variant: str
    flow: str
    strategy: str
    package: ExplainedPackage
    clock_mhz: Number | None
    fps: Number | None
    fps_kind: str
    asked_fps: Number | None
    asked_by: RateSource | None
    bound: Literal["rate", "board", "form", "answer", "mapping", "processor"]
    limits: tuple[Limit, ...]
    ways: tuple[Way, ...]
    one_more: tuple[OneMore, ...]
    elsewhere: tuple[Elsewhere, ...]
    timed: Timed | None
    unknown: tuple[str, ...]
    too_dense: tuple[TooDense, ...] = ()
