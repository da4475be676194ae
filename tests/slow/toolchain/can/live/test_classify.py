"""Who judges on a host without a package: compiled C, else a graph, else the network itself; whoever is exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.can.live.made import network
from toolchain.can.live.classify import proved_classifier


def _golden(folder: Path, wrong: float = 0.0) -> Path:
    x = np.random.default_rng(4).integers(0, 2, (300, network().inputs))
    np.savez(folder / "golden.npz", x=x, logits=network().run(x).logits.astype(np.float32) + np.float32(wrong))
    return folder / "golden.npz"


@pytest.mark.parametrize(
    ("compiler", "wrong", "name"),
    [
        ("gcc", 0.0, "host, the network as compiled C (exact on 300 vectors)"),
        ("no-such-compiler", 0.0, "graph fp32 (exact on 300 vectors)"),
        ("gcc", 1.0, "host, the integer network in NumPy (exact)"),
    ],
)
def test_who_judges(compiler: str, wrong: float, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", compiler)
    classifier = proved_classifier(network(), _golden(tmp_path, wrong))
    assert name in classifier.name
    x = np.random.default_rng(5).integers(0, 2, (5000, network().inputs)).astype(np.uint8)
    np.testing.assert_array_equal(classifier.labels(x), network().run(x).labels)
