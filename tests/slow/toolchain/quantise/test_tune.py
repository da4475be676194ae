"""Fine-tuning takes steps of the size of what it tunes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.slow.toolchain.quantise.networks import data, read
from toolchain.quantise.calibrate import calibrated
from toolchain.quantise.front import Scaling, entered, with_scaling
from toolchain.quantise.network import prepared, quantised
from toolchain.quantise.setting import Bits, Setting
from toolchain.quantise.tune import Lesson, lesson, tuned
from toolchain.quantise.vectors import Data


def _begun(folder: Path) -> tuple[Any, Lesson]:
    """A network that takes bytes, whose first weights are small therefore, and what it is taught."""
    x = np.rint(data((2, 8, 8), 400) * 255).astype(np.float32)
    network = with_scaling(read("cnn", folder)[0], Scaling(255.0))
    with torch.no_grad():
        y = network.module(torch.from_numpy(x)).argmax(1).numpy()
    given = Data(Path("d.npz"), x, y)
    within, entry = entered(network, [given])
    made = quantised(prepared(within.module), Setting(Bits(3, 3)), entry)
    return calibrated(made, given.tensor[:64], gpfq=True), lesson(given, network.module)


def test_weights_of_bytes_are_tuned_and_not_overrun(tmp_path: Path) -> None:
    network, taught = _begun(tmp_path)
    before = network.get_submodule("Conv_0").weight.detach().clone()
    after = tuned(network, taught, 2, lambda text: None).get_submodule("Conv_0").weight.detach()
    change = (after - before).norm() / before.norm()
    assert 0 < change < 0.3
