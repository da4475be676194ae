"""The default recipe on real captures, on blocked splits; they are third parties' and may be absent.

Run with ``make bench``: three whole trainings, some ten minutes on two cores. That the captures are read, split and
trained on at all is tested in ``tests/flows/test_captures.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from models.cqmlp import model as code
from models.cqmlp.data import build_dataset
from toolchain.catalog import load_model, load_recipe
from toolchain.training.network import score, train_quantised

# Sequence replays are reported as they are: their frames are genuine, in a genuine order.
WANTED = {
    "hcrl": {"dos": 0.999},
    "otids": {"dos": 0.999},
    "volvo-v40": {"dos": 0.999, "fuzzing": 0.99, "payload_fuzzing": 0.99, "replay": 0.95},
}


@pytest.mark.parametrize("name", WANTED)
def test_default_recipe_detects_the_attacks(name: str, shared_data: Path) -> None:
    recipe = load_recipe(load_model("cqmlp"), "default")
    dataset = build_dataset(shared_data / "can" / name, recipe.data)
    network = train_quantised(code, recipe, dataset, "blocked", lambda done, steps, loss: None).network
    figures = score(network, dataset, "blocked").per_class
    reached = {attack: figures[attack].f1 for attack in WANTED[name]}
    assert all(reached[attack] >= least for attack, least in WANTED[name].items()), reached
