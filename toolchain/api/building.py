"""Builds from Python: the same request, stages and folder as those of `gateweave build`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from os import fspath
from pathlib import Path
from typing import Literal

from rich.console import Console

from toolchain.api.given import AnyPath, Data, file_of
from toolchain.api.network import Network
from toolchain.api.spoken import spoken
from toolchain.cli.build import build as bring_up_to_date
from toolchain.cli.build import tell
from toolchain.cli.build_options import BuildOptions
from toolchain.cli.choose import choose, name_of_file, name_of_model
from toolchain.cli.explain import explained
from toolchain.cli.explain import tell as tell_explanation
from toolchain.cli.home import give_home
from toolchain.console import out
from toolchain.errors import ConfigError
from toolchain.found_models import is_folder
from toolchain.layout import Layout, OutputKind, layout_of
from toolchain.report.page import write_build_page
from toolchain.report.show import latest_layout, report_of
from toolchain.results.explained import Explanation
from toolchain.results.manifest import Resources
from toolchain.results.report import ComparedAccuracy, Report
from toolchain.results.run import RunResult


@dataclass(frozen=True)
class Rate:
    """Inferences a second.

    Attributes:
        kind: of the clock that it is reckoned by ("routed", "requested"), or "measured".
        how: what answers at this rate.
    """

    per_second: float
    kind: str
    how: str

    def __str__(self) -> str:
        return f"{self.per_second:,.0f}/s ({self.kind}; {self.how})"


@dataclass(frozen=True)
class Build:
    """A build. Figures are read from its files when they are asked for: a BuildError says where one is gone."""

    layout: Layout

    @property
    def folder(self) -> Path:
        """Its folder, below the folder of all builds."""
        return self.layout.variant_dir

    @property
    def package(self) -> Path:
        """Folder of what goes to the board."""
        return self.layout.stage("package")

    @property
    @spoken
    def summary(self) -> Report:
        """All that `gateweave show --json` tells."""
        return report_of(self.layout)

    @property
    @spoken
    def report(self) -> Path:
        """The page that shows it, written anew: `report.html` in its folder."""
        return write_build_page(self.layout)

    @property
    def accuracy(self) -> ComparedAccuracy | None:
        """Figures on the test set; None of a network that came as a file (see `summary.integers`)."""
        return self.summary.accuracy

    @property
    def resources(self) -> Resources | None:
        """What it uses of the FPGA; None where there is none."""
        return self.summary.resources

    @property
    def rate(self) -> Rate | None:
        """How fast it is: an FPGA by its clock and the simulated cycles, a processor as timed where it was built."""
        summary = self.summary
        if summary.timing is not None:
            cycles = summary.timing.answer_cycles or summary.timing.initiation_interval
            how = f"{cycles:,} cycles each ({summary.timing.cycles_kind}) at {summary.timing.clock_mhz:g} MHz"
            return Rate(summary.timing.inferences_per_second, summary.timing.kind, how)
        if summary.latency is None:
            return None
        made = summary.latency.throughput
        how = f"{summary.latency.chosen} by {made.runner}, batch {made.batch}, on the computer that built it"
        return Rate(made.per_second, made.kind, how)

    @spoken
    def show(self) -> None:
        """Print what it came to, as `gateweave show` does."""
        tell(self.layout, out())

    @spoken
    def run(
        self,
        *,
        virtual: bool = False,
        count: int | None = None,
        port: str | None = None,
        host: str | None = None,
        faults: str = "",
        thresholds: Mapping[int, int] | None = None,
        memory: int | None = None,
        show: bool = True,
    ) -> RunResult:
        """Send its golden vectors through its board, compare every answer and keep the result, as `gateweave run` does.

        Args:
            virtual: through the Verilated chip instead of a board.
            count: how many vectors; all where None (1,000 through a virtual board).
            port: serial port of an open board; the one that is connected where None.
            host: user@address of an AMD board.
            faults: what goes wrong on a virtual board's line, such as "bits=1e-4".
            thresholds: of a network that decides, by the number of their stage, from 1; the others are as built.
            memory: earlier answers to keep; as many as the recipe says where None.
            show: whether to print what came out.

        Raises:
            ConfigError: an option does not suit the board.
            ToolError: the board cannot be reached or stopped answering.
            VerificationError: an answer differs.
        """
        from toolchain.cli.run import run

        return run(
            self.layout.request.board,
            self.layout.request.model,
            self.package,
            port=port,
            host=host,
            virtual=virtual,
            faults=faults,
            count=count,
            thresholds=[f"{stage}={lead}" for stage, lead in (thresholds or {}).items()],
            memory=memory,
            console=_console(show),
        )

    @spoken
    def explain(self, *, show: bool = True) -> Explanation:
        """Which layer limits it, and what other foldings, more resources and other boards would give.

        Args:
            show: whether to print it, as `gateweave explain` does.

        Raises:
            BuildError: a record of it is gone.
        """
        console = _console(show)
        made = explained(self.layout, console)
        tell_explanation(made, console)
        return made

    def __repr__(self) -> str:
        request = self.layout.request
        return f"Build({request.model} on {request.board}, {request.variant})"


@spoken
def build(
    network: Network | AnyPath | None = None,
    *,
    board: str = BuildOptions.board,
    model: AnyPath | None = None,
    test: Data | None = None,
    calibration: Data | None = None,
    outputs: OutputKind | None = None,
    recipe: str | None = None,
    data: AnyPath | None = None,
    strategy: str | None = None,
    flow: str | None = None,
    fps: float | Literal["max"] | None = None,
    clock: float | None = None,
    vectors: int | None = None,
    toggles: bool = False,
    wheels: bool = False,
    jobs: int | None = None,
    show: bool = True,
) -> Build:
    """Bring a build up to date, as `gateweave build` does; stages that are still valid are not run again.

    Args:
        network: a network of your own, or its file.
        model: in its place a model's name, or its folder.
        test, calibration: inputs for the file; see `Data`.
        outputs: whether the file's outputs are labels, of which the greatest counts, or numbers.
        recipe, data: how the model is trained, and on what.
        fps: inferences per second to aim at, or "max".
        clock: MHz, of open boards.
        vectors: to simulate a large core on.
        toggles: whether the simulation counts bits that change, to compare energy.
        jobs: cores to use; all where None.
        show: whether to print how far it is and what it came to.

    Raises:
        ConfigError, DataError: what was asked for cannot be; no stage has run.
        GateweaveError: a stage failed, or the build was interrupted.
    """
    if (network is None) == (model is None):
        raise ConfigError("build: give either a network, such as gw.load('net.onnx'), or model='cqmlp'")
    options = BuildOptions(
        board,
        BuildOptions.model if model is None else fspath(model),
        recipe,
        _path(data),
        strategy,
        flow,
        _number(fps),
        _number(clock),
        _path(network.path if isinstance(network, Network) else network),
        None,
        file_of("test", test),
        file_of("calibration", calibration),
        outputs,
        wheels,
        vectors,
        toggles,
    )
    give_home()
    request = choose(options)
    bring_up_to_date(request, "all", jobs or os.cpu_count() or 1, console=_console(show))
    return Build(layout_of(request))


@spoken
def built(model: AnyPath = BuildOptions.model, *, board: str = BuildOptions.board) -> Build:
    """The newest build of a model for a board; nothing is run.

    Args:
        model: its name or folder; of a network's file the file, or the name that its builds have.

    Raises:
        BuildError: there is none.
    """
    return Build(latest_layout(board, _name(fspath(model))))


def _name(said: str) -> str:
    return name_of_file(said) if Path(said).is_file() else name_of_model(said) if is_folder(said) else said


def _console(show: bool) -> Console:
    return out() if show else Console(quiet=True)


def _path(path: AnyPath | None) -> str | None:
    return None if path is None else fspath(path)


def _number(value: float | str | None) -> str | None:
    return value if value is None or isinstance(value, str) else f"{value:.12g}"
