"""Records of a whole build that never ran."""

from __future__ import annotations

from toolchain.results.record import Check, StageRecord


def figures(macro_f1: float) -> dict[str, object]:
    one = {"precision": 0.99, "recall": 0.98, "f1": 0.985, "false_negative_rate": 0.02, "support": 90}
    return {
        "windows": 100,
        "accuracy": 0.99,
        "macro_f1": macro_f1,
        "per_class": {"normal": one, "DoS": {**one, "support": 10}},
        "confusion": {"classes": ["normal", "DoS"], "matrix": [[90, 0], [1, 9]]},
    }


LAYER = {"inputs": 8, "outputs": 2, "input_type": "BINARY", "weight_type": "TERNARY", "output_type": "INT32"}
USE = {"lut": 1000, "ff": 500, "bram": 2, "dsp": 0}
FACTS: dict[str, dict[str, object]] = {
    "data": {"kind": "synthetic", "classes": ["normal", "DoS"]},
    "train": {"accuracy": {"split": "blocked", **figures(0.99)}},
    "baselines": {"float_twin": figures(0.991), "random_split": figures(0.995)},
    "streamline": {"layers": [{"name": "MatMul_0", **LAYER}]},
    "fold": {"estimate": {"of": "chip", "lut": 900, "ff": 400, "bram": 1}},
    "generate": {"identity": {"model_hash": "aa" * 8, "build_id": "bb" * 8}},
    "simulate": {"latency_cycles": 50, "initiation_interval": 20},
    "synthesise": {"resources": USE},
    "implement": {
        "status": "bitstream",
        "kind": "routed",
        "resources": USE,
        "used_percent": {"lut": 1.2},
        "fmax_mhz": 60.0,
        "clock_mhz": 25.0,
        "critical_path": ["a -> b"],
        "seed": 1,
    },
    "bitstream": {"file": "ulx3s-cqmlp.bit"},
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
STAGES = (*FACTS, "export")


def records() -> dict[str, StageRecord]:
    return {
        name: StageRecord(name, 1.0, {f"m/{name}/out": "00"}, CHECKS.get(name, {}), FACTS.get(name, {}), {"tool": "1"})
        for name in STAGES
    }
