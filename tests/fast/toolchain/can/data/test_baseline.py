from __future__ import annotations

import numpy as np
import pytest

from toolchain.can.data.baseline import identifier_lookup_baseline, majority_by_identifier
from toolchain.can.data.build import windows_dataset
from toolchain.can.data.car import generate_car
from toolchain.training.metrics import evaluate


def test_majority_by_identifier():
    identifier = np.array([7, 7, 7, 0, 0, 9], np.uint32)
    known, table = majority_by_identifier(identifier, np.array([1, 1, 0, 2, 2, 0], np.uint8), 3)
    assert (known.tolist(), table.tolist()) == ([0, 7, 9], [2, 1, 0])


@pytest.fixture(scope="module")
def dataset():
    car = generate_car(1, seconds=10)
    options = {"kind": "synthetic", "encoding": "bytes", "window": 2, "seed": 1}
    return windows_dataset(car.frames, car.captures, **options)


def test_lookup_of_identifiers_stays_clearly_below_a_network(dataset):
    truth, predicted = identifier_lookup_baseline(dataset)
    assert np.array_equal(truth, dataset.part("blocked", "test")[1])
    figures = evaluate(truth, predicted, dataset.classes)
    assert figures.macro_f1 < 0.85
    assert figures.per_class["dos"].f1 > 0.95
    assert min(figures.per_class[name].f1 for name in ("gear", "rpm")) < 0.7
