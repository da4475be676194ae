"""What a board asks of its ONNX graphs."""

from __future__ import annotations

from dataclasses import dataclass

from toolchain.errors import ModelError
from toolchain.graph.opsets import IR_VERSIONS

ROWS = "rows"


@dataclass(frozen=True)
class GraphSettings:
    """What a board asks of its graphs.

    Attributes:
        opset: of ONNX's own operators, 13 to 21.
        batch: rows in one call; None leaves it open.
        tensorrt: version whose rules and opset the `tensorrt` variant keeps.
        machine: the processor's kind, as `uname -m` says it.
    """

    opset: int = 17
    batch: int | None = None
    tensorrt: str = "10.3"
    machine: str = "x86_64"

    def __post_init__(self) -> None:
        if self.opset not in IR_VERSIONS:
            raise ModelError(f"opset {self.opset}: should be {min(IR_VERSIONS)} to {max(IR_VERSIONS)}")
        if self.batch is not None and self.batch < 1:
            raise ModelError(f"batch {self.batch}: should be 1 or more")
