"""What `gateweave quantise` made of a float network; `--json` prints it."""

from __future__ import annotations

from typing import ClassVar

from toolchain.results.checked import LayerUse, Reckoned
from toolchain.results.model import Number, Record, RecordFile


class QuantisedSetting(Record):
    """One way to quantise the network, whether it was written or not.

    Attributes:
        bits: such as "W4A4".
        scale_bits: significant bits of scales; 1: powers of two.
        way: how weights were rounded.
        epochs: of fine-tuning.
        share: of test vectors that are answered right, or as the float network does, 0 to 1.
        divergence: from the float network's answers on the calibration vectors, in nats.
        weight_bits: of all weights together.
        estimate: on the board; None where there is none, for `why`.
        written: whether it is in the file.
    """

    bits: str
    scale_bits: int
    way: str
    epochs: int
    share: Number
    divergence: Number
    weight_bits: int
    estimate: Reckoned | None
    why: str
    written: bool


class QuantisedLayer(Record):
    """A layer of the network that was written.

    Attributes:
        weights: how many there are; weight_bits, activation_bits: of one weight, and of one value of its activation.
        operations: multiplications for one input.
        cost: points, hundredths of `share`, that its few bits alone cost, all other layers at 8 bits; None where it
            has 8 bits itself, or was not looked for.
        divergence: what they alone add to the divergence, in nats.
        estimate: what it takes of the board; None where that is not known.
    """

    name: str
    weights: int
    weight_bits: int
    activation_bits: int
    operations: int
    cost: Number | None = None
    divergence: Number | None = None
    estimate: LayerUse | None = None


class Quantised(RecordFile):
    """A float network quantised.

    Attributes:
        file: what was written; source: the float network.
        measure: what a share is of: "accuracy", or "agreement with float" where no classes are known.
        float_share: the float network's; of test vectors, `vectors` in number, which came from `tested`.
        board: estimates are for; None without any.
        compared: vectors whose outputs, `outputs` in number, are equal in PyTorch and in the file's integer graph.
        inputs: the type of the integers that the file takes; FLOAT32 where it scales floats itself.
        notices: what else a person should know.
        costliest: the layer whose few bits cost most; None where none stands out.
    """

    VERSION: ClassVar[int] = 1
    TITLE: ClassVar[str] = "quantised network"

    file: str
    source: str
    measure: str
    float_share: Number
    vectors: int
    tested: str
    board: str | None
    settings: tuple[QuantisedSetting, ...]
    layers: tuple[QuantisedLayer, ...]
    costliest: str | None
    compared: int
    outputs: int
    inputs: str
    notices: tuple[str, ...] = ()
