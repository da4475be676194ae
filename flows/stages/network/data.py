"""data: captures, or the model's own synthetic data, become windows with labels and splits."""

from __future__ import annotations

from pathlib import Path

from flows.stages.context import Context, Outcome
from flows.stages.network.files import DATASET, model_code
from toolchain.errors import DataError
from toolchain.results.facts import DataFacts
from toolchain.training.author import authors_code
from toolchain.training.dataset import Dataset, save
from toolchain.training.sound import must_be_sound


def run(context: Context) -> Outcome:
    """Write `dataset.npz`.

    Raises:
        DataError: the captures cannot be used, or leave a part of the default split without windows.
    """
    data = context.request.data
    code = model_code(context, "data")
    with authors_code(context.model.name):
        built = code.build_dataset(Path(data) if data else None, context.recipe.data.model_dump())
    dataset = must_be_sound(built, f"models/{context.model.name}/data.py")
    _must_be_usable(dataset, data)
    save(context.out / DATASET, dataset)
    attacks = ", ".join(dataset.classes[1:])
    summary = f"{len(dataset):,} windows of {dataset.window} frames, attacks: {attacks} ({dataset.kind})"
    return Outcome(summary, facts=_facts(dataset))


def _must_be_usable(dataset: Dataset, data: str | None) -> None:
    for part in ("train", "test"):
        counts = dataset.counts("blocked")[part]
        if not counts[dataset.classes[0]] or not any(counts[name] for name in dataset.classes[1:]):
            raise DataError(
                f"{data}: the {part} part of the blocked split lacks normal windows or attacks; add longer captures"
            )


def _facts(dataset: Dataset) -> DataFacts:
    return DataFacts.model_validate(
        {
            "kind": dataset.kind,
            "encoding": dataset.encoding,
            "window": dataset.window,
            "inputs": dataset.inputs,
            "input_type": dataset.input_type,
            "classes": dataset.classes,
            "seed": dataset.seed,
            "windows": {split: dataset.counts(split) for split in dataset.splits},
            "captures": dataset.captures,
            "notices": dataset.notices,
        }
    )
