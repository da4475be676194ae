"""A fuzzer that finds one fault of each kind, so that those who count faults can be tested."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

import numpy as np

from toolchain.errors import ModelError

NAME = "double"


_played = itertools.count(int(sys.argv[3]))


def once(rng: np.random.Generator, folder: Path) -> None:
    """Behave as the number of the case says."""
    case = next(_played)
    (folder / "input").write_bytes(rng.bytes(8))
    if case == 1:
        raise ModelError("input: refused")
    if case == 2:
        raise ValueError("boom")
    if case == 3:
        os._exit(9)
    if case == 4:
        raise ModelError("")
