"""A chosen folding as plain data: what `fold` writes and `generate` reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from toolchain.errors import BuildError


@dataclass(frozen=True)
class LayerFolding:
    """Parallelism of one layer: `pe` divides its outputs, `simd` its inputs; `cycles` an inference.

    `weight_rom` and `threshold_rom` say where each ROM lies: ``"block"``, ``"logic"`` or ``"auto"`` (up to synthesis).
    """

    name: str
    pe: int
    simd: int
    cycles: int
    weight_rom: str = "auto"
    threshold_rom: str = "auto"


@dataclass(frozen=True)
class Folding:
    """A chosen folding.

    Attributes:
        strategy: ``"folded"`` or ``"unrolled"``.
        initiation_interval: clock cycles between inferences.
        fps: inferences per second at `clock_hz`.
        target_fps: what was asked for; None: the fastest that fits.
        estimate: estimated ``lut``, ``ff`` and ``bram`` (blocks) of the core.
    """

    strategy: str
    layers: tuple[LayerFolding, ...]
    initiation_interval: int
    fps: float
    clock_hz: int
    target_fps: float | None
    estimate: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON value of the folding."""
        return {**asdict(self), "layers": [asdict(layer) for layer in self.layers]}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Folding:
        """Read what `to_json` made.

        Raises:
            BuildError: a key is missing or unknown.
        """
        try:
            fields = dict(raw)
            layers = tuple(LayerFolding(**layer) for layer in fields.pop("layers"))
            return cls(layers=layers, **fields)
        except (KeyError, TypeError) as error:
            raise BuildError(f"folding.json: not a folding ({error}); build again from the fold stage") from error
