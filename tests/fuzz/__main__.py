"""Runs cases of one fuzzer in this process: `python -m tests.fuzz NAME SEED FIRST [COUNT]`, one JSON line a case."""

from __future__ import annotations

import importlib
import json
import resource
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from toolchain.errors import GateweaveError


def main(name: str, seed: int, first: int, count: int = 1) -> None:
    """Play the cases; a line is printed before the first one too, when the imports are done."""
    fuzzer = importlib.import_module(name if "." in name else f"tests.fuzz.{name}")
    _say(ready=fuzzer.NAME)
    for case in range(first, first + count):
        _say(case=case, fault=_play(fuzzer, np.random.default_rng((seed, case))), peak=_peak_bytes())


def _play(fuzzer: Any, rng: np.random.Generator) -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            fuzzer.once(rng, Path(folder))
        except GateweaveError as error:
            return None if str(error).strip() else f"{type(error).__name__} without a message"
        except BaseException:  # Whatever else comes is the finding, SystemExit and KeyboardInterrupt too.
            return traceback.format_exc()
    return None


def _peak_bytes() -> int:
    """Greatest resident memory so far, of this process or any one child."""
    return 1024 * max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _say(**words: object) -> None:
    # The product's own prints must not be taken for a case's line.
    sys.__stderr__.write(f"fuzz {json.dumps(words)}\n")
    sys.__stderr__.flush()


main(sys.argv[1], *(int(word) for word in sys.argv[2:]))
