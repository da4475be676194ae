"""What programs on a board, and finish.py, read of a package's manifest: types only, Python 3.8.

The manifest itself is `toolchain.results.manifest.Manifest`; a test holds that every key here is one of it. A package
that another version made may lack any of them.
"""

from __future__ import annotations

from typing import Dict, List, Optional, TypedDict  # noqa: UP035 (Python 3.8)


class PackedIdentity(TypedDict):
    """What the chip says of itself: hexadecimal digits."""

    model_hash: str
    build_id: str


class PackedLink(TypedDict, total=False):
    """How the board is asked: a UART and its baud, or AXI and its addresses."""

    kind: str
    baud: int
    control: int
    dma: int
    data_bits: int


class PackedTiming(TypedDict, total=False):
    """The clock in MHz, and cycles of the core."""

    kind: str
    clock_mhz: float
    fmax_mhz: Optional[float]  # noqa: UP045
    critical_path: List[str]  # noqa: UP006
    cycles_kind: str
    latency_cycles: int
    initiation_interval: int
    answer_cycles: Optional[int]  # noqa: UP045
    mean_interval: Optional[int]  # noqa: UP045


class PackedEmulated(TypedDict, total=False):
    """A microcontroller's program on an emulated processor: instructions of an inference."""

    instructions: float


class PackedStream(TypedDict):
    """One of FINN's streams: qonnx type, elements, folded shape and the instance of its DMA."""

    type: str
    elements: int
    folded: List[int]  # noqa: UP006
    engine: str


class PackedMemory(TypedDict):
    """Earlier answers that are kept: how many, and where."""

    size: int
    place: str


class PackedDecision(TypedDict, total=False):
    """Of a network that decides: its memory, and the number of each stage."""

    numbers: List[int]  # noqa: UP006
    memory: Optional[PackedMemory]  # noqa: UP045


class PackedManifest(TypedDict, total=False):
    """The keys that are read; the manifest has more."""

    board: str
    board_title: str
    model: str
    variant: str
    flow: str
    strategy: str
    status: str
    family: str
    part: str
    finn_board: str
    image: str
    machine: str
    clock_mhz: float
    answer_bytes: int
    settings: List[Dict[str, object]]  # noqa: UP006
    dma_bytes: int
    decision: Optional[PackedDecision]  # noqa: UP045
    identity: PackedIdentity
    host_link: PackedLink
    timing: PackedTiming
    emulated: Optional[PackedEmulated]  # noqa: UP045
    stream: Dict[str, PackedStream]  # noqa: UP006
    capacity: Dict[str, int]  # noqa: UP006
    tools: Dict[str, str]  # noqa: UP006
    resources: Dict[str, object]  # noqa: UP006
    comparison: List[Dict[str, object]]  # noqa: UP006
    roles: Dict[str, str]  # noqa: UP006
    files: Dict[str, str]  # noqa: UP006
    content_digest: str
