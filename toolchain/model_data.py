"""The data set of a model: by its own code, or by the section `data` of its recipe alone."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from toolchain.errors import DataError
from toolchain.model_folder import ModelFolder
from toolchain.training.author import authors_code, model_code, words_of
from toolchain.training.dataset import Dataset
from toolchain.training.datasets.build import build_dataset, describe
from toolchain.training.recipe import Recipe
from toolchain.training.sound import must_be_sound


def data_of(model: ModelFolder, name: str, recipe: Recipe, given: str | None = None) -> tuple[Dataset, str]:
    """The data set, and what its rows are in words.

    Args:
        name: the recipe's.
        given: path of the data that a person names in the place of the recipe's, or of the model's own.

    Raises:
        DataError: the data cannot be used; names the file, and the line where there is one.
        ModelError: the model's own code fails.
    """
    if model.has("data"):
        return _by_its_code(model, recipe, given)
    path = Path(given) if given else model.data_path(recipe.data)
    shown = f"{model.shown}/recipes/{name}.yaml"
    if path is None:
        raise DataError(f"{shown}: data.path: missing; name the file or folder there, or give DATA=<path>")
    dataset = must_be_sound(build_dataset(path, recipe.data), shown)
    return dataset, describe(dataset, words_of(model).rows_of(dataset.kind))


def _by_its_code(model: ModelFolder, recipe: Recipe, given: str | None) -> tuple[Dataset, str]:
    code = model_code(model, "data")
    with authors_code(model):
        built = code.build_dataset(Path(given) if given else None, recipe.data)
    dataset = must_be_sound(built, f"{model.shown}/data.py")
    return dataset, _described(model, code, dataset)


def _described(model: ModelFolder, code: ModuleType, dataset: Dataset) -> str:
    """What the rows are: in the model's words, or their shape, type and classes."""
    own = getattr(code, "describe", None)
    if own is not None:
        with authors_code(model):
            return str(own(dataset))
    shape = " x ".join(map(str, dataset.shape))
    rows = words_of(model).rows_of(dataset.kind)
    return f"{rows} of {shape} {dataset.input_type}, classes: {', '.join(dataset.classes)}"
