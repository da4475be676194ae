"""Records of a whole build that never ran, made through the models, so that a renamed key breaks a test.

The doubles of the stages in `tests/flows` use this file, too; it stands on `toolchain` alone.
"""

from __future__ import annotations

from toolchain.results.account import Account, Way
from toolchain.results.check import Check
from toolchain.results.facts import (
    BaselinesFacts,
    BitstreamFacts,
    ClockFacts,
    DataFacts,
    ExportFacts,
    Facts,
    FoldFacts,
    GenerateFacts,
    ImplementFacts,
    OpenPackageFacts,
    SimulateFacts,
    StreamlineFacts,
    SynthesiseFacts,
    TrainFacts,
    VerifyFacts,
)
from toolchain.results.facts.decision import CurvePoint, Decision, StageShare
from toolchain.results.facts.hardware import Estimate, Identity, Use, WayCycles, WayWork
from toolchain.results.facts.network import ClassScores, Confusion, FrontPoint, Layer, Scores
from toolchain.results.folding import FoldedUse, Folding, LayerFolding
from toolchain.results.record import StageRecord

CLASSES = ("normal", "DoS")


def scores(macro_f1: float, split: str = "blocked") -> Scores:
    figures = {"precision": 0.99, "recall": 0.98, "f1": 0.985, "false_negative_rate": 0.02}
    return Scores(
        split=split,
        windows=100,
        accuracy=0.99,
        macro_f1=macro_f1,
        per_class={"normal": ClassScores(**figures, support=90), "DoS": ClassScores(**figures, support=10)},
        confusion=Confusion(classes=CLASSES, matrix=((90, 0), (1, 9))),
    )


def data_facts(
    classes: tuple[str, ...] = CLASSES, *, inputs: int = 8, window: int = 1, trained_on: str = "00"
) -> DataFacts:
    """Facts of a data stage; `trained_on` is the SHA-256 of a capture."""
    capture = {"name": "dos", "sha256": trained_on, "format": "synthetic car, seed 3", "frames": 200, "attacks": {}}
    counts = {"test": dict.fromkeys(classes, 50)}
    provenance = {"encoding": "bits", "window": window, "seed": 3, "captures": [capture]}
    return DataFacts.model_validate(
        {
            "kind": "synthetic",
            **provenance,
            "inputs": inputs,
            "input_type": "BINARY",
            "classes": classes,
            "windows": {"blocked": counts, "random": counts},
            "notices": (),
        }
    )


LAYER = Layer(name="MatMul_0", inputs=8, outputs=2, input_type="BINARY", weight_type="TERNARY", output_type="INT32")
USE = Use(lut=1000, ff=500, bram=2, dsp=0)
FOLDED = Folding(
    strategy="folded",
    layers=(LayerFolding(name="MatMul_0", pe=1, simd=8, cycles=20, weight_rom="auto", threshold_rom="auto"),),
    initiation_interval=20,
    fps=1_250_000.0,
    clock_hz=25_000_000,
    target_fps=50_000.0,
    estimate=FoldedUse(lut=800, ff=300, bram=1),
)
FACTS: dict[str, Facts] = {
    "data": data_facts(),
    "train": TrainFacts(
        accuracy=scores(0.99),
        seed=4,
        front=(FrontPoint(lut=923, macro_f1=0.9911, kept=True), FrontPoint(lut=2328, macro_f1=0.9944)),
    ),
    "baselines": BaselinesFacts(networks={"float_reference": scores(0.991), "random_split": scores(0.995, "random")}),
    "streamline": StreamlineFacts(layers=(LAYER,), logit_scale=1.0),
    "fold": FoldFacts(estimate=Estimate(of="chip", lut=900, ff=400, bram=1), folding=FOLDED),
    "clock": ClockFacts(
        crystal_mhz=25.0, clock_mhz=25.0, pll=None, asked=True, margin=0.05, trials=(), missed_fps=None
    ),
    "generate": GenerateFacts(identity=Identity(model_hash="aa" * 8, build_id="bb" * 8)),
    "simulate": SimulateFacts(latency_cycles=50, initiation_interval=20),
    "synthesise": SynthesiseFacts(netlist="netlist.json", resources=USE),
    "implement": ImplementFacts(
        status="bitstream",
        kind="routed",
        config="chip.config",
        resources=USE,
        used_percent={"lut": 1.2},
        fmax_mhz=60.0,
        clock_mhz=25.0,
        critical_path=("a -> b",),
        seed=1,
    ),
    "bitstream": BitstreamFacts(file="ulx3s-cqmlp.bit"),
    "export": ExportFacts(),
}
DECISION = Decision(
    classes=2,
    thresholds=(12,),
    numbers=(-100, -101),
    chosen=True,
    stages=(
        StageShare(answered=80, right=79, alone=0.9, operations=1000),
        StageShare(answered=20, right=18, alone=0.98, operations=4000),
    ),
    accuracy=0.97,
    operations=1600.0,
    validation=CurvePoint(thresholds=(12,), accuracy=0.98, operations=1500.0, shares=(0.8, 0.2)),
    curve=(
        CurvePoint(thresholds=(0,), accuracy=0.9, operations=1000.0, shares=(1, 0)),
        CurvePoint(thresholds=(12,), accuracy=0.98, operations=1500.0, shares=(0.8, 0.2)),
        CurvePoint(thresholds=(40,), accuracy=0.98, operations=4000.0, shares=(0, 1)),
    ),
)
WAYS = (
    Way(
        name="stage 1",
        share=0.8,
        operations=1000,
        work=WayWork(kind="estimated", units=3, interval=40, clocks=90, switched_bits=1800),
        cycles=WayCycles(kind="simulated", vectors=8, latency_cycles=55, interval=41, toggles=None),
    ),
    Way(
        name="stage 2",
        share=0.2,
        operations=4000,
        work=WayWork(kind="estimated", units=5, interval=100, clocks=190, switched_bits=5000),
        cycles=WayCycles(kind="simulated", vectors=0, latency_cycles=None, interval=None, toggles=None),
    ),
)
ACCOUNT = Account.of(WAYS)
AFTERWARDS: dict[str, Facts] = {
    "package": OpenPackageFacts(bitstream="ulx3s-cqmlp.bit"),
    "verify": VerifyFacts(what="post-route netlist"),
}
CHECKS = {
    "export": {"pytorch_qonnx": Check(100, 100, "outputs", "test set")},
    "streamline": {"pytorch_integer": Check(100, 100, "outputs", "test set")},
    "simulate": {
        "test set": Check(100, 100, "layers", "test set"),
        "back-pressure": Check(100, 100, "layers", "test set"),
        "chip": Check(64, 64, "labels", "test set"),
        "bench": Check(100, 100, "labels", "test set"),
        "identify": Check(1, 1, "replies", ""),
        "counters": Check(1, 1, "replies", ""),
    },
}
STAGES = tuple(FACTS)


def record(stage: str, outputs: dict[str, str] | None = None, facts: Facts | None = None) -> StageRecord:
    """One stage's record; its facts are those above unless said."""
    found = {"facts": facts or FACTS.get(stage) or AFTERWARDS.get(stage), "checks": CHECKS.get(stage, {})}
    return StageRecord(stage=stage, seconds=1.0, outputs=outputs or {}, tools={"tool": "1"}, **found)


def records() -> dict[str, StageRecord]:
    return {name: record(name, {f"m/{name}/out": "00"}) for name in STAGES}
