"""data: files that were given, or the model's own data, become rows with labels and splits."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from flows.stages.context import Context, Outcome
from flows.stages.network.files import DATASET, model_code, words
from toolchain.catalog import data_path
from toolchain.errors import DataError
from toolchain.results.facts import DataFacts
from toolchain.training.author import authors_code
from toolchain.training.dataset import Dataset, save
from toolchain.training.datasets.build import build_dataset, describe
from toolchain.training.sound import must_be_sound


def run(context: Context) -> Outcome:
    """Write `dataset.npz`.

    Raises:
        DataError: the files cannot be used, or what the model makes of them is not sound.
    """
    dataset, described = _by_its_code(context) if context.model.has("data") else _by_its_recipe(context)
    save(context.out / DATASET, dataset)
    return Outcome(f"{len(dataset):,} {described} ({dataset.kind})", facts=_facts(dataset))


def _by_its_recipe(context: Context) -> tuple[Dataset, str]:
    """The data set of a model without code for its data, and what it is."""
    given, settings = context.request.data, context.recipe.data
    path = Path(given) if given else data_path(context.model, settings)
    shown = f"{context.model.shown}/recipes/{context.request.recipe}.yaml"
    if path is None:
        raise DataError(f"{shown}: data.path: missing; name the file or folder there, or give DATA=<path>")
    dataset = must_be_sound(build_dataset(path, settings), shown)
    return dataset, describe(dataset, words(context).rows)


def _by_its_code(context: Context) -> tuple[Dataset, str]:
    """The data set that the model's own code makes, and what it is."""
    data, code = context.request.data, model_code(context, "data")
    with authors_code(context.model):
        built = code.build_dataset(Path(data) if data else None, context.recipe.data)
    dataset = must_be_sound(built, f"{context.model.shown}/data.py")
    return dataset, _described(context, code, dataset)


def _described(context: Context, code: ModuleType, dataset: Dataset) -> str:
    """What the rows are: in the model's words, or their shape, type and classes."""
    own = getattr(code, "describe", None)
    if own is not None:
        with authors_code(context.model):
            return str(own(dataset))
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
