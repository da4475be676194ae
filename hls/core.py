"""What a generated core is: its files, its ports and the stream between each pair of layers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from toolchain.device.link.protocol import AnswerLayout
from toolchain.errors import BuildError
from toolchain.graph.tap import Tap


@dataclass(frozen=True)
class CoreOutput:
    """What a core answers an inference with: a class, or a vector of integers, beat by beat on ``out_data``.

    Attributes:
        elements: integers of one answer; 1 where it is a class.
        bits: bits of an element on the wire; the first element of a beat lies in the lowest ones.
        signed: whether an element is two's complement.
        elements_per_beat: elements transferred at a time; divides `elements`.
        classes: of how many classes the answer is one; None for a vector of integers.
        shape: of the answer, without the batch, channels last; () where it is flat, or has over three dimensions.
    """

    elements: int
    bits: int
    signed: bool
    elements_per_beat: int
    classes: int | None
    shape: tuple[int, ...] = ()

    @classmethod
    def label(cls, classes: int) -> CoreOutput:
        """A class of so many."""
        return cls(1, AnswerLayout.of_class(classes).bits, False, 1, classes)

    @property
    def width(self) -> int:
        """Width of ``out_data``."""
        return self.bits * self.elements_per_beat

    @property
    def beats(self) -> int:
        """Beats of one answer."""
        return self.elements // self.elements_per_beat

    @property
    def layout(self) -> AnswerLayout:
        """How an answer lies in bytes, wherever answers are sent or kept."""
        return AnswerLayout(self.elements, self.bits, self.signed, self.classes or 0)


@dataclass(frozen=True)
class CoreDescription:
    """One generated core, kept as ``generate/core.json``.

    Attributes:
        strategy: ``"folded"``, ``"unrolled"`` or ``"units"``.
        sources: Verilog files of the core, by name in the RTL folder.
        roms: files that the sources read by ``$readmemh``, by name in the RTL folder.
        input_type: qonnx type of an input's elements, as `pack.encode` lays them on the wire.
        vector_bits: bits of one input vector without the padding to bytes.
        in_width: width of ``in_data``; beat k carries bits ``k*in_width`` and up of the packed vector.
        in_beats: beats of one input vector.
        output: what it answers with, on ``out_data``.
        initiation_interval: predicted clock cycles between inferences.
        layers: the output stream of each layer in order, ``s0``, ``s1``, ... inside it; the last one carries the
            logits. None of a core of units.
        top: the Verilog module.
        multipliers: whether each ``*`` of its Verilog counts on a multiplier of the device.
        input_shape: of a vector, as `output.shape`.
    """

    strategy: str
    sources: tuple[str, ...]
    roms: tuple[str, ...]
    input_type: str
    vector_bits: int
    in_width: int
    in_beats: int
    output: CoreOutput
    initiation_interval: int
    layers: tuple[Tap, ...]
    top: str = "gateweave_core"
    multipliers: bool = False
    input_shape: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON value of the description."""
        return {
            **asdict(self),
            "sources": list(self.sources),
            "roms": list(self.roms),
            "layers": [asdict(layer) for layer in self.layers],
            "output": asdict(self.output),
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> CoreDescription:
        """Read what `to_json` made.

        Raises:
            BuildError: a key is missing or unknown.
        """
        try:
            fields = dict(raw)
            layers = tuple(Tap(**layer) for layer in fields.pop("layers"))
            sources, roms = tuple(fields.pop("sources")), tuple(fields.pop("roms"))
            output, shape = fields.pop("output"), tuple(fields.pop("input_shape", ()))
            answer = CoreOutput(**{**output, "shape": tuple(output.get("shape", ()))})
            return cls(sources=sources, roms=roms, layers=layers, output=answer, input_shape=shape, **fields)
        except (KeyError, TypeError) as error:
            raise BuildError(
                f"core.json: not a core description ({error}); build again from the generate stage"
            ) from error
