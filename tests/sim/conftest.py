"""What tests with simulators share: headers that are parsed once for all their models."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hls.verilate import compile_once


@contextmanager
def parsed_once(folder: Path) -> Iterator[None]:
    """All models made within are compiled by `precompiled.py`, which keeps its headers in the folder."""
    words = [sys.executable, "-I", "-S", str(Path(__file__).with_name("precompiled.py")), str(folder)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OBJCACHE", f"{shlex.join(words)} {compile_once()}")
        yield


@pytest.fixture(scope="session", autouse=True)
def _parsed_once(of_all_workers: Path) -> Iterator[None]:
    with parsed_once(of_all_workers / "headers"):
        yield
