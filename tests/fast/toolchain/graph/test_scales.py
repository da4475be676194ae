"""Steps of quantisers: powers of two pass, all else is refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.graph.small_models import CHAIN, CONSTANTS, raw, tidied
from toolchain.errors import ModelError
from toolchain.graph.scales import must_be_powers_of_two


@pytest.mark.parametrize("scale", [2.0**-7, 1.0, 4.0])
def test_powers_of_two(scale: float, tmp_path: Path) -> None:
    must_be_powers_of_two(tidied(raw(CHAIN, {**CONSTANTS, "s": scale}), tmp_path), "model.py")


@pytest.mark.parametrize("scale", [0.3, 3.0, 0.5 + 2.0**-20, -0.5, 0.0])
def test_other_steps(scale: float, tmp_path: Path) -> None:
    model = raw(CHAIN, {**CONSTANTS, "s": scale})
    with pytest.raises(ModelError, match=r"model\.py: the quantiser of \S+ has steps of .*, which is no power of two"):
        must_be_powers_of_two(tidied(model, tmp_path), "model.py")


def test_one_step_of_several(tmp_path: Path) -> None:
    model = raw(CHAIN, {**CONSTANTS, "s": np.array([1.0, 0.5, 0.3, 2.0])})
    with pytest.raises(ModelError, match=r"has steps of 0\.3, which"):
        must_be_powers_of_two(tidied(model, tmp_path), "model.py")
