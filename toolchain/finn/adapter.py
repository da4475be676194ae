"""The adapter to FINN: settings, a stand-in for the part that demands Vivado, and one log for all FINN says.

FINN reads its settings from a module variable when its builder is imported, and imports Vivado's simulator interface
(XSI) with it, which is used for nothing here. Outside `enter`, nothing of FINN may be imported.

This file, `faults.py` and `finish.py` go into hand-offs: they import nothing of the repository but `toolchain.errors`.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import logging
import sys
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from toolchain.errors import ToolError
from toolchain.progress import Progress

VERSION = "1.6.1"
"""The version of finn-plus whose steps are called; others may name or order them differently."""


@dataclass(frozen=True)
class Finn:
    """FINN, ready for use.

    Attributes:
        steps: the module of step functions, ``step_x(model, config) -> model``.
        config: the module of `DataflowBuildConfig`.
        log: the file that takes all that FINN prints, logs and warns of.
    """

    steps: Any
    config: Any
    log: Path

    @staticmethod
    def get(module: str, name: str) -> Any:
        """Something else of FINN: `name` of ``finn.<module>``."""
        return getattr(importlib.import_module(f"finn.{module}"), name)


@contextlib.contextmanager
def enter(work_dir: Path, jobs: int = 1) -> Iterator[Finn]:
    """FINN for the length of a `with` block; it keeps its files in `work_dir`.

    Args:
        jobs: processes that FINN lets Vivado run at a time.

    Raises:
        ToolError: finn-plus is missing, or is not of `VERSION`.
    """
    require_version()
    work_dir = work_dir.absolute()
    (work_dir / "build").mkdir(parents=True, exist_ok=True)
    log = work_dir / "finn.log"
    with log.open("a", encoding="utf-8") as stream, _everything_to(stream):
        _settle(work_dir, jobs)
        steps, config = _builder()
        with _finn_log_to(stream):
            yield Finn(steps, config, log)


def aloud(progress: Progress) -> Progress:
    """`progress`, heard where it is made: what it prints does not end in FINN's log."""
    out, error = sys.stdout, sys.stderr

    def say(phrase: str) -> None:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            progress(phrase)

    return say


def require_version() -> str:
    """The installed version of finn-plus.

    Raises:
        ToolError: it is missing or another one.
    """
    try:
        found = importlib.metadata.version("finn-plus")
    except importlib.metadata.PackageNotFoundError as error:
        raise ToolError(f"finn-plus is missing; install {VERSION} (requirements-finn.txt)") from error
    if found != VERSION:
        raise ToolError(f"finn-plus {found} is installed, but {VERSION} is needed (requirements-finn.txt)")
    return found


def _builder() -> tuple[types.ModuleType, types.ModuleType]:
    sys.modules.setdefault("finn.xsi", _stand_in_for_xsi())
    try:
        steps = importlib.import_module("finn.builder.build_dataflow_steps")
        return steps, importlib.import_module("finn.builder.build_dataflow_config")
    except ImportError as error:
        raise ToolError(f"finn-plus cannot be imported: {error}; install what requirements.txt names") from error


def _settle(work_dir: Path, jobs: int) -> None:
    """Settings that keep FINN in `work_dir`: it would make a folder in the user's home otherwise."""
    interface = importlib.import_module("finn.interface.settings")
    holder = importlib.import_module("finn.util.settings")
    holder._SETTINGS = interface.FINNSettings.init(  # type: ignore[attr-defined]
        override_settings_path=work_dir / "no-settings.yaml",
        flow_config=work_dir / "no-flow.yaml",
        auto_set_environment_vars=False,
        finn_build_dir=str(work_dir / "build"),
        num_default_workers=str(jobs),
    )


def _stand_in_for_xsi() -> types.ModuleType:
    """A module in the place of `finn.xsi`, whose simulator raises when it is made."""

    class SimEngine:
        def __init__(self, *_: object, **__: object) -> None:
            raise ToolError("FINN asked for Vivado's simulator interface (XSI), which nothing here uses")

    module = types.ModuleType("finn.xsi")
    module.SimEngine = SimEngine  # type: ignore[attr-defined]
    module.is_available = lambda: False  # type: ignore[attr-defined]
    return module


@contextlib.contextmanager
def _everything_to(stream: TextIO) -> Iterator[None]:
    """Standard output, standard error and warnings go to `stream`."""

    def note(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        stream.write(warnings.formatwarning(message, category, filename, lineno, line))

    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream), warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = note
        yield


@contextlib.contextmanager
def _finn_log_to(stream: TextIO) -> Iterator[None]:
    logger = logging.getLogger("finn_logger")
    before, handler = (logger.level, logger.propagate), logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
