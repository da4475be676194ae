"""Runs one tool inside this Python environment: `python -P launch.py <tool> <arguments>`.

The tools are Python packages that wrap C++ or WebAssembly programs. Each runs in a process of its
own, so that its crash, its exit() or its Ctrl-C ends nothing else. This file imports nothing of the
toolchain.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def _die_with(parent: int) -> None:
    """Ask Linux to end this process with its parent, so that no orphan goes on writing."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(128 + signal.SIGTERM)


def _yosys(script: str) -> int:
    """Run a Yosys script line by line; Yosys itself ends the process with status 1 on an error."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # C++ never looks at Python's flag
    from pyosys import libyosys

    for line in Path(script).read_text().splitlines():
        if line.strip():
            libyosys.run_pass(line)
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run ``<parent pid> yosys <script>`` or ``<parent pid> <module>:<function> <arguments>``."""
    parent, tool, *rest = arguments
    _die_with(int(parent))
    if tool == "yosys":
        return _yosys(rest[0])
    module, function = tool.split(":")
    entry = getattr(importlib.import_module(module), function)
    if module.startswith("yowasp_"):
        return int(entry(rest))
    sys.argv = [module, *rest]
    return int(entry() or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
