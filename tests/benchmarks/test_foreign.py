"""Latency of a network from elsewhere: the graphs derived from its integers beside the file itself in ONNX Runtime.

Run with ``make bench``. Goal: the int8 graph of a QDQ ResNet8 takes no longer than the file does, in the same run. The
file runs twice: as ONNX Runtime runs it by default, and with the entries that make its answers those of its integer
kernels.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from rich.console import Console

from toolchain.device.ort.runners import session_words
from toolchain.results.facts.runtime import Effort
from toolchain.runtime.prove_third_party import prove_import
from toolchain.runtime.third_party import import_model
from toolchain.runtime.timing import Variant, latency_table, time_variants

GOAL = 1.0


def test_resnet8_int8(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "onnx" / "mlperf-tiny-int8" / "resnet.onnx"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).uniform(0, 255, (50, 32, 32, 3)).astype(np.float32))
    imported = import_model(path, test=tmp_path / "x.npz")
    proofs, variants = prove_import(imported), {}
    for name in ("qcdq", "fp32", "qdq"):
        assert proofs[name].exact
        onnx.save(imported.graphs[name], str(tmp_path / f"{name}.onnx"))
        words = tuple(session_words(proofs[name].options.to_json()))
        variants[name] = Variant(tmp_path / f"{name}.onnx", words, imported.vectors.x)
    variants["qdq, by default"] = Variant(tmp_path / "qdq.onnx", (), imported.vectors.x)
    rows = time_variants(variants, tmp_path / "work", effort=Effort(calls=1000, warmup=100, repeats=5))
    Console(width=160).print(latency_table(rows))
    times = {row.variant: row.min_us for row in rows if row.runner == "c"}
    fastest = min(times["qdq"], times["qdq, by default"])
    print(f"qcdq: {times['qcdq'] / fastest:.2f} of the file's time (goal {GOAL})")
    assert times["qcdq"] < 1.3 * fastest
