"""The figures of a build, gathered from its stages' records.

Every group says where it comes from: `kind` is one of `KINDS` (`measured`: a report of Vivado, or a board;
`requested`: a clock that no tool has confirmed yet); `data` is `synthetic`, or what was recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from toolchain.results.facts import (
    AmdSynthesiseFacts,
    BaselinesFacts,
    ClockFacts,
    DataFacts,
    Decision,
    ExportFacts,
    FoldFacts,
    GraphsFacts,
    ImplementFacts,
    MapFacts,
    ProveFacts,
    SimulateFacts,
    TimeFacts,
    TrainFacts,
    VivadoFacts,
)
from toolchain.results.facts.network import FrontPoint
from toolchain.results.manifest import Accuracy, EstimateOf, Graphs, Latency, Resources, Timing
from toolchain.results.record import StageRecord

KINDS = ("measured", "simulated", "synthesised", "routed", "estimated", "requested")

Records = Mapping[str, StageRecord]


def data(records: Records) -> DataFacts:
    """What the network was trained and tested on."""
    return records["data"].facts_as(DataFacts).formless()


def accuracy(records: Records) -> Accuracy:
    """Accuracy on the test rows, which the RTL simulation reproduced bit by bit."""
    decided = records["export"].facts_as(ExportFacts).accuracy
    own = (decided or records["train"].facts_as(TrainFacts).accuracy).to_json()
    return Accuracy(kind="simulated", data=records["data"].facts_as(DataFacts).kind, **own)


def front(records: Records) -> tuple[FrontPoint, ...]:
    """Accuracy against LUTs; empty where the recipe has no budget."""
    return records["train"].facts_as(TrainFacts).front


def decision(records: Records) -> Decision | None:
    """How a network of several stages decides; None of another."""
    return records["export"].facts_as(ExportFacts).decision


def baselines(record: StageRecord, accuracy: Accuracy) -> dict[str, Accuracy]:
    """What the network is held against, by name: the random split, the float reference, and so on."""
    networks = record.facts_as(BaselinesFacts).networks
    return {n: Accuracy(kind=accuracy.kind, data=accuracy.data, **scores.to_json()) for n, scores in networks.items()}


def resources(records: Records) -> Resources:
    """What the implemented design uses of the device; what synthesis counts where it ended in a hand-off."""
    ended = records["implement"]
    record = ended if isinstance(ended.facts, ImplementFacts) else records["synthesise"]
    facts = record.facts if isinstance(record.facts, ImplementFacts) else record.facts_as(AmdSynthesiseFacts)
    return Resources(
        kind=facts.kind,
        tool=_tools(record),
        **facts.resources.to_json(),
        used_percent={key: round(value, 2) for key, value in facts.used_percent.items()},
    )


def timing(records: Records) -> Timing:
    """Clock as implemented, or as asked for; latency and interval in cycles as simulated, and what they come to."""
    ended, simulated = _implemented(records), records["simulate"].facts_as(SimulateFacts)
    routed = ended if isinstance(ended, ImplementFacts) else None
    clock = records["clock"].facts_as(ClockFacts) if "clock" in records else None
    hertz = ended.clock_mhz * 1e6
    answer = simulated.answer_cycles or 1
    waits = answer if answer > simulated.initiation_interval else None
    return Timing(
        kind=ended.kind,
        fmax_mhz=routed.fmax_mhz if routed else None,
        clock_mhz=ended.clock_mhz,
        crystal_mhz=clock.crystal_mhz if clock and clock.pll else None,
        critical_path=routed.critical_path if routed else (),
        cycles_kind="simulated",
        latency_cycles=simulated.latency_cycles,
        initiation_interval=simulated.initiation_interval,
        latency_us=round(simulated.latency_cycles / hertz * 1e6, 3),
        answer_cycles=waits,
        mean_interval=simulated.mean_interval,
        inferences_per_second=round(hertz / (waits or simulated.initiation_interval), 1),
    )


def status(records: Records) -> Literal["bitstream", "handoff"]:
    """Whether a build of hardware ended in a bitstream or in a hand-off."""
    return _implemented(records).status


def placed_by(records: Records) -> int | None:
    """Seed of the open placer; None where there was none."""
    facts = records["implement"].facts if "implement" in records else None
    return facts.seed if isinstance(facts, ImplementFacts) else None


def estimate(records: Records) -> EstimateOf:
    """What folding expected (`of` the chip, or the core), to be held against what was synthesised and routed."""
    mapped = records["map"].facts_as(MapFacts) if "map" in records else records["fold"].facts_as(FoldFacts)
    return EstimateOf(kind="estimated", **mapped.estimate.to_json())


def graphs(records: Records) -> Graphs:
    """Every graph for ONNX Runtime with the counts of its proof."""
    made, proved = records["graphs"].facts_as(GraphsFacts), records["prove"].facts_as(ProveFacts)
    return Graphs(proved=proved.graphs, budget=proved.budget, **made.to_json())


def latency(records: Records) -> Latency:
    """Latency of each graph by each runner, measured on the computer that built it; and which was chosen."""
    return Latency(kind="measured", **records["time"].facts_as(TimeFacts).to_json())


def _implemented(records: Records) -> ImplementFacts | VivadoFacts:
    ended = records["implement"]
    return ended.facts if isinstance(ended.facts, ImplementFacts) else ended.facts_as(VivadoFacts)


def _tools(record: StageRecord) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(record.tools.items()))
