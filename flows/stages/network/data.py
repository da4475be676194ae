"""data: files that were given, or the model's own data, become rows with labels and splits."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.network.files import DATASET
from toolchain.model_data import data_of
from toolchain.results.facts import DataFacts
from toolchain.training.dataset import Dataset, save


def run(context: Context) -> Outcome:
    """Write `dataset.npz`.

    Raises:
        DataError: the files cannot be used, or what the model makes of them is not sound.
    """
    request = context.request
    dataset, described = data_of(context.model, request.recipe, context.recipe, request.data)
    save(context.out / DATASET, dataset)
    return Outcome(f"{len(dataset):,} {described} ({dataset.kind})", facts=_facts(dataset))


def _facts(dataset: Dataset) -> DataFacts:
    # A vector's shape is its number of inputs.
    shape = {"shape": dataset.shape} if len(dataset.shape) > 1 else {}
    return DataFacts.model_validate(
        {
            **dataset.provenance,
            "kind": dataset.kind,
            "inputs": dataset.inputs,
            **shape,
            "input_type": dataset.input_type,
            "classes": dataset.classes,
            "windows": {split: dataset.counts(split) for split in dataset.splits},
            "notices": dataset.notices,
        }
    )
