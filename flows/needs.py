"""Which stages each stage waits for; `flows/Snakefile` makes a rule of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolchain.layout import Request

Needs = Mapping[str, Sequence[str]]

_NETWORK: Needs = {
    "data": (),
    "train": ("data",),
    # Before a training, see `flows/__main__.py`; nothing is made of it.
    "check": ("data",),
    # On demand; after the training, so that its figures are known to be of the same recipe.
    "baselines": ("data", "train"),
    "export": ("data", "train"),
    "streamline": ("export",),
}
# Somebody else's file stands in the place of all these.
_FOREIGN: Needs = {"load": ()}

_FLOWS: Mapping[str, Needs] = {
    # From an integer network to a bitstream and a board package, with open tools only.
    "fpga_open": {
        "fold": ("streamline",),
        "generate": ("export", "streamline", "fold"),
        "simulate": ("export", "streamline", "generate"),
        "synthesise": ("generate",),
        "implement": ("synthesise",),
        "bitstream": ("implement",),
        # On demand: the chip as it really is, run through its pins.
        "verify": ("streamline", "export", "generate", "package"),
    },
    # From an integer network through our own RTL with an AXI shell to a hand-off, or a bitstream where Vivado is.
    "dataflow": {
        "fold": ("streamline",),
        "generate": ("export", "streamline", "fold"),
        "simulate": ("export", "streamline", "generate"),
        "synthesise": ("generate",),
        # On demand: the cores that were not asked for.
        "compare": ("export", "streamline", "fold", "generate", "simulate"),
        "project": ("generate",),
        "implement": ("project",),
    },
    # From QONNX through FINN to a hand-off, or a bitstream where Vivado is.
    "finn": {
        "map": ("export",),
        "generate": ("streamline", "map"),
        "simulate": ("export", "streamline", "map", "generate"),
        "synthesise": ("generate",),
        # On demand: our own cores.
        "compare": ("export", "streamline", "map", "simulate", "synthesise"),
        "project": ("map",),
        "implement": ("project", "simulate"),
    },
    # From a network to graphs for ONNX Runtime, each proved, timed and packed.
    "ort": {
        "prove": ("graphs",),
        "time": ("prove",),
        # On demand: the package run as the board would run it.
        "verify": ("package",),
    },
}


def needs(request: Request) -> dict[str, tuple[str, ...]]:
    """The stages that each stage of a build waits for, those on demand too."""
    known = {**(_FOREIGN if request.onnx else _NETWORK), **_FLOWS[request.flow]}
    known.setdefault("graphs", request.network_stages)
    known["package"] = [stage for stage in request.stages if stage != "package"]
    return {stage: tuple(known[stage]) for stage in request.known_stages}
