"""Fixtures that all tests may use."""

from __future__ import annotations

import os
import re
import signal
from functools import cache
from pathlib import Path

import pytest

from tests.processor_time import ProcessorTime

REPOSITORY = Path(__file__).resolve().parent.parent


@cache
def _variables() -> set[str]:
    """Those that `make` takes and exports, but for the interpreter that all runs on."""
    line = re.search(r"^VARIABLES := ((?:.*\\\n)*.*)", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert line is not None
    return set(re.findall(r"\w+", line[1])) - {"PYTHON"}


def pytest_configure(config: pytest.Config) -> None:
    """Have every run count the processor time of its tests, and every build in it choose C in the written order."""
    config.pluginmanager.register(ProcessorTime())
    # What a node's alternatives take differs from run to run, and timing them takes seconds.
    os.environ["GATEWEAVE_WAYS"] = "written"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests choose for themselves; what the Makefile exports must not leak into them."""
    for name in _variables():
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def _interrupts_are_heard() -> None:
    """A shell's background job ignores Ctrl-C, and so would all that tests start there and then interrupt."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The temporary folder that the workers of a run have in common, for what one of them makes for all."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real captures beside the repository; tests that need them skip where they are absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: the real captures are not part of the repository")
    return folder
