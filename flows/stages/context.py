"""What a stage is given, and what it hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from toolchain.board import AmdBoard, AnyBoard, FpgaBoard, OpenBoard, OrtBoard
from toolchain.catalog import Model, load_board, load_model, load_recipe
from toolchain.events import Event, emit
from toolchain.layout import Layout, Request
from toolchain.results.check import Check
from toolchain.results.facts import Facts
from toolchain.results.record import StageRecord, read_record

if TYPE_CHECKING:
    from toolchain.training.recipe import Recipe

F = TypeVar("F", bound=Facts)


@dataclass(frozen=True)
class Outcome:
    """What a stage found out.

    Attributes:
        summary: the key figures in a few words, for the person who waits.
        checks: verifications by name; a single difference fails the build.
        facts: figures for later stages, the manifest and `show`: the model that the table of stages names.
        tools: versions of the tools that ran.
    """

    summary: str
    checks: Mapping[str, Check] = field(default_factory=dict)
    facts: Facts | None = None
    tools: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """One run of one stage.

    Attributes:
        out: empty folder to write to; it takes the stage's place when `run` returns.
    """

    stage: str
    request: Request
    layout: Layout
    out: Path

    @cached_property
    def board(self) -> AnyBoard:
        """The board asked for."""
        return load_board(self.request.board)

    @property
    def fpga_board(self) -> FpgaBoard:
        """The board asked for, of a flow that makes hardware."""
        assert isinstance(self.board, OpenBoard | AmdBoard)
        return self.board

    @property
    def open_board(self) -> OpenBoard:
        """The board asked for, of the open flow."""
        assert isinstance(self.board, OpenBoard)
        return self.board

    @property
    def amd_board(self) -> AmdBoard:
        """The board asked for, of AMD's flows."""
        assert isinstance(self.board, AmdBoard)
        return self.board

    @property
    def ort_board(self) -> OrtBoard:
        """The board asked for, of ONNX Runtime's flow."""
        assert isinstance(self.board, OrtBoard)
        return self.board

    @cached_property
    def model(self) -> Model:
        """The model asked for."""
        return load_model(self.request.folder or self.request.model)

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe asked for."""
        return load_recipe(self.model, self.request.recipe)

    @property
    def recipe_shown(self) -> str:
        """The recipe's file, as errors name it."""
        return f"{self.model.shown}/recipes/{self.request.recipe}.yaml"

    @property
    def work(self) -> Path:
        """Scratch folder that outlives the run, made on first use."""
        path = self.layout.work(self.stage)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def file(self, stage: str, name: str) -> Path:
        """A file that an earlier stage wrote."""
        return self.layout.stage(stage) / name

    def record(self, stage: str) -> StageRecord:
        """An earlier stage's record."""
        return read_record(self.layout, stage)

    def facts(self, stage: str, kind: type[F]) -> F:
        """What an earlier stage found out.

        Raises:
            BuildError: its record is missing, or holds other facts.
        """
        return self.record(stage).facts_as(kind)

    def progress(self, text: str, share: float | None = None) -> None:
        """Say how far the stage is, in a few words; `share` of it, 0 to 1, where the end is known."""
        emit(self.layout.events, Event("progress", self.stage, text, share=share))
