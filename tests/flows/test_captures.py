"""Real captures are read, split, encoded and trained on; they are third parties' and may be absent.

What the default recipe reaches on them is a benchmark: ``tests/benchmarks/test_captures.py``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from models.cqmlp import model as code
from models.cqmlp.data import build_dataset
from toolchain.catalog import load_model, load_recipe
from toolchain.training.dataset import Dataset
from toolchain.training.network import score, train_quantised

RECIPE = load_recipe(load_model("cqmlp"), "default")
SHORT = RECIPE.model_copy(update={"training": RECIPE.training.model_copy(update={"steps": 150, "merged_steps": 30})})
# Windows of each class in the blocked test part.
WINDOWS = {
    "hcrl": {"normal": 676, "dos": 278},
    "otids": {"normal": 26_482, "dos": 28_994},
    "volvo-v40": {
        "normal": 290_409,
        "dos": 2070,
        "fuzzing": 23,
        "payload_fuzzing": 161,
        "replay": 159,
        "sequence_replay": 200,
    },
}


@cache
def _dataset(folder: Path) -> Dataset:
    return build_dataset(folder, RECIPE.data)


@pytest.mark.parametrize("name", WINDOWS)
def test_captures_become_windows_of_all_classes_in_all_parts(name: str, shared_data: Path) -> None:
    dataset = _dataset(shared_data / "can" / name)
    counts = dataset.counts("blocked")
    assert counts["test"] == WINDOWS[name]
    for part in ("train", "validation"):
        assert counts[part].keys() == WINDOWS[name].keys() and all(counts[part].values())
    assert (dataset.shape, dataset.kind) == ((183,), "captures")


@pytest.mark.parametrize("name", ["hcrl", "otids"])
def test_a_short_training_on_them_finds_the_floods(name: str, shared_data: Path) -> None:
    dataset = _dataset(shared_data / "can" / name)
    network = train_quantised(code, SHORT, dataset, "blocked", lambda done, steps, loss: None).network
    figures = score(network, dataset, "blocked").per_class
    assert figures["dos"].f1 > 0.98
    assert {name: figure.support for name, figure in figures.items()} == WINDOWS[name]
