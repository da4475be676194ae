"""Facts of the stages that know no board: data, training, integer graph; or a file that somebody else made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import ConfigDict

from toolchain.results.facts.base import Facts
from toolchain.results.facts.decision import Decision
from toolchain.results.facts.runtime import VectorCount
from toolchain.results.formats import FileFormat
from toolchain.results.model import Number, Record


class DataFacts(Facts):
    """What the data stage made.

    Attributes:
        kind: ``"synthetic"``, or what was recorded: ``"captures"``, ``"images"``.
        inputs: elements of one input; `shape` is said where it has more than one axis.
        input_type: a qonnx DataType.
        windows: how many rows, by split, part and class.
        notices: what a person should know about the data.
        split: how training and test were told apart; the model's own blocked split where it is not said.
    """

    # Beside these stands what the model says of its data: how the rows were made, and of what.
    model_config = ConfigDict(extra="allow")

    form: Literal["data"] = "data"
    kind: str
    inputs: int
    shape: tuple[int, ...] = ()
    input_type: str
    classes: tuple[str, ...]
    windows: Mapping[str, Mapping[str, Mapping[str, int]]]
    notices: tuple[str, ...]
    split: str = "blocked split"

    @property
    def provenance(self) -> dict[str, Any]:
        """What the model says of its data beside the rest."""
        return self.model_extra or {}


class ClassScores(Record):
    """Figures of one class, 0 to 1; None where no row is of it."""

    precision: Number | None
    recall: Number | None
    f1: Number | None
    false_negative_rate: Number | None
    support: int


class Confusion(Record):
    """Counts by true class (rows) and predicted class (columns)."""

    classes: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]


class Scores(Record):
    """How well a network classifies a part of a split; see `toolchain.training.metrics.evaluate`."""

    split: str
    windows: int
    accuracy: Number
    macro_f1: Number | None
    per_class: Mapping[str, ClassScores]
    confusion: Confusion


class FrontPoint(Record):
    """A network that a training with a budget came by; none of the others has fewer LUTs and a better F1.

    Attributes:
        lut: LUT positions of its unrolled core, estimated.
        macro_f1: on the validation part.
        kept: whether it is the one that was built.
    """

    lut: int
    macro_f1: Number
    kept: bool = False


class TrainFacts(Facts):
    """The trained network's figures on the test part of the blocked split.

    Attributes:
        front: accuracy against LUTs, smallest first, where the recipe has a budget.
    """

    form: Literal["train"] = "train"
    accuracy: Scores
    seed: int
    front: tuple[FrontPoint, ...] = ()


class BaselinesFacts(Facts):
    """Figures of what the network is held against, by name: `float_reference`, `random_split`, ..."""

    form: Literal["baselines"] = "baselines"
    networks: Mapping[str, Scores]


class Layer(Record):
    """A layer of the integer network; types are qonnx DataTypes."""

    name: str
    inputs: int
    outputs: int
    input_type: str
    weight_type: str
    output_type: str


class ExportFacts(Facts):
    """How a network of several stages decides, and how well on the test part; nothing of another."""

    form: Literal["export"] = "export"
    decision: Decision | None = None
    accuracy: Scores | None = None


class StreamlineFacts(Facts):
    """The integer network: `logit_scale` times its outputs are the logits.

    Attributes:
        operations: multiplications, additions and comparisons of an inference that runs all of it.
    """

    form: Literal["streamline"] = "streamline"
    layers: tuple[Layer, ...]
    logit_scale: Number
    operations: int | None = None


def layers_of(layers: Sequence[Any]) -> tuple[Layer, ...]:
    """What is told of a network's layers, each of which has the attributes of `Layer`."""
    return tuple(Layer(**{name: getattr(layer, name) for name in Layer.model_fields}) for layer in layers)


class IntegersFacts(Facts):
    """What a file's integers were proved equal to, and on what.

    Attributes:
        accuracy: where the vectors have true classes, the share of those whose greatest output that is.
        outputs: number of values that the network answers with.
    """

    form: Literal["integers"] = "integers"
    framework: str
    vectors: VectorCount
    accuracy: Number | None
    inputs: int
    outputs: int
    layers: tuple[Layer, ...]
    notices: tuple[str, ...]


class LoadFacts(Facts):
    """A file that somebody else made; `calibrated`: whether calibration data came with it."""

    form: Literal["load"] = "load"
    file: str
    sha256: str
    format: FileFormat
    calibrated: bool
