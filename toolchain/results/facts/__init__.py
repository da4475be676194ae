"""What each stage found out: one pydantic model a stage, and the union of all by which a record is read back."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from toolchain.results.facts.base import Facts
from toolchain.results.facts.compare import CompareFacts, CoreRow
from toolchain.results.facts.decision import Decision
from toolchain.results.facts.hardware import (
    AmdPackageFacts,
    AmdSynthesiseFacts,
    BitstreamFacts,
    ClockFacts,
    FoldFacts,
    GenerateFacts,
    ImplementFacts,
    MapFacts,
    OpenPackageFacts,
    SimulateFacts,
    SynthesiseFacts,
    VerifyFacts,
    VivadoFacts,
)
from toolchain.results.facts.mcu import CompileFacts, EmulateFacts, McuPackageFacts
from toolchain.results.facts.network import (
    BaselinesFacts,
    DataFacts,
    ExportFacts,
    IntegersFacts,
    LoadFacts,
    StreamlineFacts,
    TrainFacts,
)
from toolchain.results.facts.runtime import GraphsFacts, LibraryFacts, OrtPackageFacts, ProveFacts, TimeFacts

AnyFacts = Annotated[
    DataFacts
    | TrainFacts
    | ExportFacts
    | StreamlineFacts
    | BaselinesFacts
    | LoadFacts
    | IntegersFacts
    | FoldFacts
    | ClockFacts
    | GenerateFacts
    | SimulateFacts
    | SynthesiseFacts
    | AmdSynthesiseFacts
    | ImplementFacts
    | BitstreamFacts
    | OpenPackageFacts
    | VerifyFacts
    | CompareFacts
    | MapFacts
    | VivadoFacts
    | AmdPackageFacts
    | GraphsFacts
    | ProveFacts
    | TimeFacts
    | LibraryFacts
    | OrtPackageFacts
    | CompileFacts
    | EmulateFacts
    | McuPackageFacts,
    Field(discriminator="form"),
]

__all__ = [
    "AmdPackageFacts", "AmdSynthesiseFacts", "AnyFacts", "BaselinesFacts", "BitstreamFacts", "ClockFacts",
    "CompareFacts", "CompileFacts", "CoreRow",
    "DataFacts", "Decision", "EmulateFacts", "ExportFacts", "Facts", "FoldFacts", "GenerateFacts", "GraphsFacts",
    "ImplementFacts", "IntegersFacts",
    "LibraryFacts", "LoadFacts", "MapFacts", "McuPackageFacts",
    "OpenPackageFacts", "OrtPackageFacts", "ProveFacts", "SimulateFacts", "StreamlineFacts", "SynthesiseFacts",
    "TimeFacts", "TrainFacts", "VerifyFacts", "VivadoFacts",
]  # fmt: skip
