"""data: files that were given, or the model's own data, become rows with labels and splits."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from flows.stages.context import Context, Outcome
from flows.stages.network.files import DATASET, model_code, words
from toolchain.results.facts import DataFacts
from toolchain.training.author import authors_code
from toolchain.training.dataset import Dataset, save
from toolchain.training.sound import must_be_sound


def run(context: Context) -> Outcome:
    """Write `dataset.npz`.

    Raises:
        DataError: the files cannot be used, or what the model makes of them is not sound.
    """
    data = context.request.data
    code = model_code(context, "data")
    with authors_code(context.model):
        built = code.build_dataset(Path(data) if data else None, context.recipe.data)
    dataset = must_be_sound(built, f"{context.model.shown}/data.py")
    save(context.out / DATASET, dataset)
    summary = f"{len(dataset):,} {_described(context, code, dataset)} ({dataset.kind})"
    return Outcome(summary, facts=_facts(dataset))


def _described(context: Context, code: ModuleType, dataset: Dataset) -> str:
    """What the rows are: in the model's words, or their shape, type and classes."""
    describe = getattr(code, "describe", None)
    if describe is not None:
        with authors_code(context.model):
            return str(describe(dataset))
    shape = " x ".join(map(str, dataset.shape))
    return f"{words(context).rows} of {shape} {dataset.input_type}, classes: {', '.join(dataset.classes)}"


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
