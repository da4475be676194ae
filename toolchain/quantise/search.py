"""Which of Brevitas' ways to quantise after training serves a network best, at given bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from brevitas.backport import fx

from toolchain.progress import Progress
from toolchain.quantise.calibrate import answers, calibrated
from toolchain.quantise.network import Entry, prepared, quantised
from toolchain.quantise.setting import Setting
from toolchain.quantise.settle import settled

# Vectors that ways are tried on; more would take longer and tell little more.
_MOST = 512


@dataclass(frozen=True)
class Way:
    """How weights are treated before and while they are rounded."""

    gpfq: bool
    equalise: bool

    def __str__(self) -> str:
        words = (["GPFQ"] if self.gpfq else []) + (["equalised"] if self.equalise else [])
        return ", ".join(words) or "rounded"


WAYS = (Way(gpfq=True, equalise=False), Way(gpfq=True, equalise=True), Way(gpfq=False, equalise=False))


@dataclass(frozen=True)
class Found:
    """A quantised network.

    Attributes:
        divergence: of its answers from those of the float network, in nats a vector; the less, the better.
    """

    network: fx.GraphModule
    setting: Setting
    way: Way
    divergence: float


class Search:
    """Quantises one float network on one set of vectors.

    Args:
        module: the float network.
        x: inputs, (N, ...).
    """

    def __init__(self, module: fx.GraphModule, entry: Entry, x: torch.Tensor) -> None:
        self._entry, self._x = entry, x[:_MOST]
        self._wanted = torch.log_softmax(answers(module, self._x), 1)
        self.prepared = {equalise: prepared(module, equalise=equalise) for equalise in (False, True)}

    def best(self, setting: Setting, progress: Progress) -> Found:
        """The way whose answers are nearest to those of the float network."""
        return min(self._tried(setting, progress), key=lambda found: found.divergence)

    def _tried(self, setting: Setting, progress: Progress) -> Iterator[Found]:
        for way in WAYS:
            progress(f"{setting.bits}, scales {setting.scales}: {way}")
            yield self.one(setting, way)

    def one(self, setting: Setting, way: Way) -> Found:
        """The network quantised in one way."""
        network = quantised(self.prepared[way.equalise], setting, self._entry)
        settled(calibrated(network, self._x, gpfq=way.gpfq), self._x[:1])
        return Found(network, setting, way, self.divergence(network))

    def divergence(self, network: fx.GraphModule) -> float:
        """Kullback-Leibler divergence of its softmax from that of the float network, in nats a vector."""
        got = torch.log_softmax(answers(network, self._x), 1)
        return float((self._wanted.exp() * (self._wanted - got)).sum(1).mean())
