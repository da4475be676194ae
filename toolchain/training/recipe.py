"""What every recipe file holds; `models/<model>/settings.py` has the schemas of data and network."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

Bits = Annotated[int, Field(ge=2, le=8)]
Positive = Annotated[int, Field(gt=0, le=10**7)]
Width = Annotated[int, Field(gt=0, le=8192)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


class Settings(BaseModel):
    """A section of a recipe: no key but those of its schema. A `seed` in it is listed among the seeds of a build."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TrainingSettings(Settings):
    """Hyper-parameters.

    Attributes:
        steps: batches with batch normalisation.
        merged_steps: batches after the normalisation is merged into the layers.
        learning_rate, merged_learning_rate: peak rates of the two phases.
        weight_decay: of matrices, decoupled; it is what makes them sparse.
        rare_share: rarer classes are repeated until each makes up this share of the rows.
        seed: of initial weights and of the order of batches.
    """

    steps: Positive
    merged_steps: Positive
    batch: Positive = 512
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 0.003
    merged_learning_rate: Annotated[float, Field(gt=0, lt=1)] = 0.0005
    weight_decay: Annotated[float, Field(ge=0, lt=10)] = 0.1
    rare_share: Annotated[float, Field(ge=0, le=0.1)] = 0.02
    seed: Seed = 1


class LutCostSettings(Settings):
    """A term of the loss: what the network would cost as an unrolled core; see `toolchain.training.lut_cost`.

    Attributes:
        weight: cross-entropy that a LUT position is worth.
        starts: share of the first phase after which the term begins to rise; at the end of the phase it has its weight.
    """

    weight: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    starts: Annotated[float, Field(ge=0, lt=1)] = 0.5


class BudgetSettings(Settings):
    """What a trained network may cost; see `toolchain.training.budget`.

    Attributes:
        lut: LUT positions of the unrolled core, as estimated.
        lut_inputs: of the devices' LUTs: 6 for AMD's, 4 for all others.
        macro_f1: least that the network must reach on the validation part.
        rounds: how often, at most, the network is trained on with a dearer LUT.
        steps: batches of a round, at the rate of the merged phase.
        growth: by what the weight of a LUT position grows from round to round.
    """

    lut: Annotated[int, Field(gt=0, le=10**7)]
    lut_inputs: Literal[4, 6] = 4
    macro_f1: Annotated[float, Field(ge=0, le=1)] = 0.0
    rounds: Annotated[int, Field(gt=0, le=100)] = 12
    steps: Positive = 300
    growth: Annotated[float, Field(gt=1, le=10)] = 1.4


class BesideSettings(Settings):
    """Another network that is shown beside: its model, and its recipe; the one of the same name, unless it is said."""

    model: Annotated[str, Field(min_length=1)]
    recipe: Annotated[str, Field(min_length=1)] | None = None


class MemorySettings(Settings):
    """Earlier answers that are kept, by their whole inputs; the least recently used goes.

    Attributes:
        size: answers at most.
        place: what keeps them of an FPGA board: its driver, or the chip; of a processor it is always the runner.
    """

    size: Annotated[int, Field(gt=0, le=2**20)]
    place: Literal["driver", "chip"] = "driver"


class DecisionSettings(Settings):
    """When a network of several stages stops; see docs/deciding.md.

    Attributes:
        thresholds: for each stage but the last, how far its greatest logit must lead the second, in units of its
            integers; chosen on the validation part where there are none.
        within: points of accuracy that the choice may cost there, against running all stages for every input.
        beside: a single larger network, which has a build of its own.
        memory: of earlier answers; None: none are kept.
    """

    thresholds: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1, max_length=15)] | None = None
    within: Annotated[float, Field(ge=0, le=100)] = 0.1
    beside: BesideSettings | None = None
    memory: MemorySettings | None = None


class WidthSettings(Settings):
    """Of a network that runs at one of several widths, which a person chooses at run time; see docs/deciding.md.

    Attributes:
        start: percent of the channels that it runs at until another width is chosen: one of the network's `widths`.
    """

    start: Annotated[int, Field(ge=1, le=100)] = 100


class Recipe(Settings):
    """Everything that decides a trained network, apart from the files that were given; see `recipe_of`.

    Attributes:
        fps: inferences per second that are enough: a board whose own target is higher aims at this one.
        decision: of a network that gives the logits of several stages side by side, the last stage's last.
        width: of one that gives the logits of several widths so, the narrowest first, and whose `network` has `widths`.
    """

    title: Annotated[str, Field(min_length=1, max_length=120, pattern=r"^\S")]
    fps: Annotated[float, Field(gt=0, le=1e12)] | None = None
    data: Any
    network: Any
    training: Any
    lut_cost: LutCostSettings | None = None
    budget: BudgetSettings | None = None
    decision: DecisionSettings | None = None
    width: WidthSettings | None = None

    @property
    def staged(self) -> bool:
        """Whether the network gives the logits of several stages, or widths, side by side."""
        return self.decision is not None or self.width is not None

    @property
    def widths(self) -> tuple[int, ...]:
        """Percents of the channels, narrowest first, of a network whose width is chosen; none of another."""
        return () if self.width is None else tuple(self.network.widths)

    @model_validator(mode="after")
    def _must_be_a_trained_width(self) -> Self:
        if self.width is None:
            return self
        if self.decision is not None:
            raise ValueError("decision and width: a network stops by confidence or at a chosen width; drop one of them")
        trained = getattr(self.network, "widths", ())
        if self.width.start not in trained:
            known = ", ".join(map(str, trained)) or "none, since its section network has no `widths`"
            raise ValueError(f"width.start {self.width.start}: no width that is trained; those are {known}")
        return self


def recipe_of(
    data: type[Settings], network: type[Settings], training: type[TrainingSettings] = TrainingSettings
) -> type[Recipe]:
    """The schema of a model's recipes, by those of their sections; one whose keys all have defaults may be left out."""
    return create_model("Recipe", __base__=Recipe, data=_of(data), network=_of(network), training=_of(training))


def _of(section: type[Settings]) -> Any:
    needed = any(field.is_required() for field in section.model_fields.values())
    return (section, ... if needed else Field(default_factory=section))
