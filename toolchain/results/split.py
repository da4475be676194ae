"""What `gateweave split` finds; `--json` prints it."""

from __future__ import annotations

from typing import ClassVar

from toolchain.results.check import VectorKind
from toolchain.results.model import Number, Record, RecordFile

HOST_PART = "host.onnx"
"""The file of the host's part, beside the device's and in the package of that."""


class SplitPlace(Record):
    """A tensor behind which a network can be cut.

    Attributes:
        type: of one value; bytes: of the tensor, as a host link carries it.
        device, host: operations of an input before it and behind it; counted.
        per_second: inferences that the board's serial line carries at its rate, input and activations together; None
            without a board, or with one that has another link.
    """

    node: str
    shape: tuple[int, ...]
    type: str
    bytes: int
    device: int
    host: int
    per_second: Number | None


class Split(RecordFile):
    """Where a network can be cut, and the two parts that were written.

    Attributes:
        at: where it was cut; None where it was asked for the places alone.
        device, host, test: the files that were written: both parts, and inputs and activations to prove them on.
        compared: vectors on which both parts, one behind the other, gave the outputs of the whole network.
        kind: what those vectors are.
    """

    VERSION: ClassVar[int] = 1
    TITLE: ClassVar[str] = "split"

    file: str
    board: str | None
    places: tuple[SplitPlace, ...]
    at: str | None = None
    device: str | None = None
    host: str | None = None
    test: str | None = None
    host_test: str | None = None
    compared: int | None = None
    kind: VectorKind | None = None
