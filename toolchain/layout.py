"""Where everything lies: the paths of one build, all derived from what was asked for."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from toolchain.errors import ConfigError
from toolchain.stages import Stage, stages_of

ROOT = Path(__file__).resolve().parent.parent
"""The folder of `toolchain`, `flows`, `hls`, `boards`, `models` and the pins: the repository, or an installed copy."""

INSTALLED = (ROOT / "__init__.py").is_file()
"""Whether this is an installed copy: its folder is a package, `gateweave`, and a repository's is none."""

PINS = ("requirements.txt", "requirements-finn.txt")
"""Files that pin the versions of the environment's packages."""

_LONGEST_NAME = 60

COMPARED = ("folded", "unrolled")
"""Strategies of our own RTL that are put side by side where nobody asked for them."""

STRATEGIES = (*COMPARED, "unrolled-rom")

OutputKind = Literal["classes", "values"]
OUTPUT_KINDS: tuple[OutputKind, ...] = ("classes", "values")
"""What the outputs of somebody else's network may be."""


def build_root() -> Path:
    """Folder of all builds: `$GATEWEAVE_BUILD_DIR`, else `build/` in `base_folder()`."""
    return Path(os.environ.get("GATEWEAVE_BUILD_DIR") or base_folder() / "build").resolve()


def base_folder() -> Path:
    """Where a person works: the repository, or the current folder with an installed copy, which nobody writes to."""
    return Path.cwd() if INSTALLED else ROOT


@dataclass(frozen=True)
class Request:
    """One build as a person asks for it.

    Attributes:
        data: absolute path of a folder of captures, or None for the model's own data.
        strategy: how our own RTL is built; the other flows have none.
        fps: inferences per second to aim at, "max", or None for the board's own target or the recipe's.
        file: absolute path of the network's file where it is not one of ours, which `model` is then only the name of.
        test: absolute path of an npz file with inputs that `file` is proved on, and their classes, or None.
        calibration: absolute path of an npz file with inputs to calibrate `file` on, or None.
        outputs: what the person says that the outputs of `file` are, "classes" or "values"; None: as the model says.
        wheels: whether the package holds the Python wheels it needs.
        vectors: how many vectors a core of units is simulated on; None: as many as fit five minutes.
        toggles: whether the simulation of a core of units counts bits that change.
        clock: MHz that an open board's design is to run at, or None for the fastest of the board's that it bears.
        folder: absolute path of the model's folder where it is none of models/, which `model` is then only the name of.
        then: absolute path of the host's part of a split network, of which `file` is the device's; it is packed, too.
    """

    board: str
    model: str
    recipe: str = "default"
    data: str | None = None
    strategy: str = "folded"
    fps: float | str | None = None
    flow: str = "fpga_open"
    file: str | None = None
    test: str | None = None
    calibration: str | None = None
    outputs: OutputKind | None = None
    wheels: bool = False
    vectors: int | None = None
    clock: float | None = None
    folder: str | None = None
    toggles: bool = False
    then: str | None = None

    # Of whoever reads it back from JSON.
    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid", "allow_inf_nan": False}

    @property
    def table(self) -> Mapping[str, Stage]:
        """All stages that there can be, by name: the build's in order, then those before a training and on demand."""
        return stages_of(self.flow, self.file is not None)

    @property
    def stages(self) -> tuple[str, ...]:
        """All stages of the build, in order, without those on demand."""
        return self._stages("build")

    @property
    def network_stages(self) -> tuple[str, ...]:
        """The stages of the build that know no board, in order."""
        return tuple(stage for stage in self.stages if self.table[stage].is_shared)

    @property
    def trial_stages(self) -> tuple[str, ...]:
        """The stages that come before a training, which is not made of them."""
        return self._stages("trial")

    @property
    def targets(self) -> dict[str, tuple[str, ...]]:
        """What can be asked for: the stages on demand, beside those of the build, by rule of `flows/Snakefile`."""
        return {"all": (), "all_verified": self._stages("verify"), "all_compared": self._stages("compare")}

    @property
    def on_demand_stages(self) -> tuple[str, ...]:
        """All stages on demand, in order."""
        return tuple(stage for stages in self.targets.values() for stage in stages)

    def _stages(self, when: str) -> tuple[str, ...]:
        return tuple(name for name, stage in self.table.items() if stage.row.when == when)

    @property
    def network(self) -> str:
        """Name of the network's folder: the recipe, and the data where it is not the default; or the file."""
        if self.file:
            return f"file-{_digest(self.file + (self.test or '') + (self.calibration or ''))}"
        if self.data is None:
            return self.recipe
        return f"{self.recipe}-{plain_name(Path(self.data).name) or 'data'}-{_digest(self.data)}"

    @property
    def variant(self) -> str:
        """Name of the hardware's folder: the network, the core's kind, and rate and clock where they were chosen."""
        rate = "" if self.fps is None else f"-fps{self.fps if self.fps == 'max' else f'{self.fps:.12g}'}"
        clock = "" if self.clock is None else f"-clock{self.clock:.12g}"
        return f"{self.network}-{self.core}{rate}{clock}"

    @property
    def core(self) -> str:
        """What the network becomes: `finn`, `ort`, `mcu`, or the strategy of our own RTL."""
        return self.flow if self.flow in {"finn", "ort", "mcu"} else self.strategy


def plain_name(text: str) -> str:
    """A name for a folder, close to the text; never one that begins with a dot or a dash."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip(".-")[:_LONGEST_NAME]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Layout:
    """All paths of one build. Relative ones are relative to the folder of all builds."""

    request: Request
    root: Path

    @property
    def network_dir(self) -> Path:
        """Folder of the stages that every board shares."""
        return self.root / self.request.model / self.request.network

    @property
    def board_dir(self) -> Path:
        """Folder of all variants of this model on this board."""
        return self.root / self.request.model / self.request.board

    @property
    def variant_dir(self) -> Path:
        """Folder of the hardware stages."""
        return self.board_dir / self.request.variant

    @property
    def origin(self) -> Path:
        """Names the folder of the model whose builds these are, where it is none of models/."""
        return self.root / self.request.model / "origin.json"

    @property
    def request_file(self) -> Path:
        """What was asked for, as JSON."""
        return self.variant_dir / "request.json"

    @property
    def events(self) -> Path:
        """What the stages of the latest build say of themselves, one JSON object a line."""
        return self.variant_dir / "events.jsonl"

    @property
    def log(self) -> Path:
        """Snakemake's own output."""
        return self.variant_dir / "logs" / "snakemake.log"

    @property
    def notes(self) -> Path:
        """Snakemake's own folder, made anew for each build: nothing in it outlives one."""
        return self.variant_dir / "work" / "snakemake"

    @property
    def latest(self) -> Path:
        """Names the newest successful variant."""
        return self.board_dir / "latest.json"

    def home(self, stage: str) -> Path:
        """Folder that holds a stage's own folder.

        Raises:
            ConfigError: there is no such stage.
        """
        known = self.request.table
        if stage not in known:
            raise ConfigError(f"unknown stage '{stage}'; the stages are {', '.join(known)}")
        return self.network_dir if known[stage].is_shared else self.variant_dir

    def stage(self, stage: str) -> Path:
        """Folder of a stage's outputs."""
        return self.home(stage) / stage

    def record(self, stage: str) -> Path:
        """A stage's record, beside its folder: the package holds nothing but itself."""
        return self.home(stage) / "records" / f"{stage}.json"

    def token(self, stage: str) -> Path:
        """The file that says a stage has finished; see `flows/README.md`."""
        return self.home(stage) / "records" / f"{stage}.done"

    @property
    def golden(self) -> Path:
        """Golden vectors with their true classes, as the stage wrote them that tells the network."""
        return self.stage("integers" if self.request.file else "export") / "golden.npz"

    def work(self, stage: str) -> Path:
        """Scratch folder a stage keeps between runs, such as a compiled simulator."""
        return self.home(stage) / "work" / stage

    def stage_log(self, stage: str) -> Path:
        """What a stage and its tools print."""
        return self.home(stage) / "logs" / f"{stage}.log"


def layout_of(request: Request) -> Layout:
    """The paths of a build in the folder of all builds."""
    return Layout(request, build_root())
