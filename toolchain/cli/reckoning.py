"""What a network's file takes on a board, as `python -m flows.reckon` says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from toolchain.cli.orders import environment
from toolchain.errors import BuildError
from toolchain.results.checked import CheckedNetwork, Verdict

_OWN_RTL = {"fpga_open", "dataflow"}


def with_estimates(path: Path, found: CheckedNetwork) -> CheckedNetwork:
    """The same, where our own RTL takes the file with what it needs of the board, or why that does not suffice.

    Raises:
        BuildError: the reckoning failed.
    """
    boards = (_reckoned(path, v) if v.takes and v.flow in _OWN_RTL else v for v in found.boards)
    return found.model_copy(update={"boards": tuple(boards)})


def _reckoned(path: Path, verdict: Verdict) -> Verdict:
    command = [sys.executable, "-m", "flows.reckon", str(path.absolute()), verdict.board, verdict.flow]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BuildError(f"{path}: its size on {verdict.board} cannot be reckoned: {last}")
    return Verdict.model_validate(json.loads(done.stdout.splitlines()[-1]))
