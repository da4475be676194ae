"""The border to a model's own code: whatever goes wrong behind it names the model's file, the line and the mend."""

from __future__ import annotations

import errno
import importlib
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from toolchain.errors import GateweaveError, ModelError
from toolchain.model_folder import ModelFolder
from toolchain.training.datasets import settings as datasets
from toolchain.training.recipe import Recipe, Settings, TrainingSettings, recipe_of
from toolchain.training.words import Words

OFFERED = {
    "settings": ("NetworkSettings",),
    "data": ("build_dataset",),
    "model": ("build",),
    "words": ("WORDS",),
}
"""What each file of a model's folder must offer; see docs/adding-a-model.md."""

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


def model_code(model: ModelFolder, name: str) -> ModuleType:
    """A module of a model's folder, one of `OFFERED`, with all that it must offer.

    Raises:
        ModelError: the file is missing, does not load, or lacks something.
    """
    shown, package = f"{model.shown}/{name}.py", model.mount()
    try:
        module = importlib.import_module(f"{package}.{name}")
    except SyntaxError as error:
        place = model.shown_file(error.filename or "") or shown
        raise ModelError(f"{place}:{error.lineno}: Python does not read it: {error.msg}") from error
    except ModuleNotFoundError as error:
        if error.name in {package, f"{package}.{name}"}:
            raise ModelError(f"{shown}: missing; it should offer {_listed(OFFERED[name])}") from error
        raise ModelError(f"{_place(error, model) or shown}: {error}; {_mend_of_import(error, model)}") from error
    except Exception as error:
        raise ModelError(f"{_place(error, model) or shown}: {_words(error)}; it should load on its own") from error
    lacking = [offer for offer in OFFERED[name] if not hasattr(module, offer)]
    if lacking:
        raise ModelError(f"{shown}: no {_listed(lacking)}; see docs/adding-a-model.md")
    return module


def _mend_of_import(error: ModuleNotFoundError, model: ModelFolder) -> str:
    if model.is_outside and (model.has(str(error.name)) or str(error.name).startswith("models.")):
        return "files of one folder import each other with a dot: from .<file> import ..."
    return "is it installed, or its name mistyped?"


def recipe_schema(model: ModelFolder) -> type[Recipe]:
    """The schema of a model's recipes.

    Raises:
        ModelError: `settings.py` of its folder cannot be used.
    """
    data, network, training = _schemas(model)
    for name, schema, base in (
        ("DataSettings", data, Settings),
        ("NetworkSettings", network, Settings),
        ("TrainingSettings", training, TrainingSettings),
    ):
        if not (isinstance(schema, type) and issubclass(schema, base)):
            should = f"a class made from toolchain.training.recipe.{base.__name__}"
            raise ModelError(f"{model.shown}/settings.py: {name}: should be {should}")
    return recipe_of(data, network, training)


def _schemas(model: ModelFolder) -> tuple[Any, Any, Any]:
    """Those of the model's own, and the general ones in the place of those that it lacks."""
    if not model.has("settings") and not model.has("data"):
        return datasets.DataSettings, Settings, TrainingSettings
    code = model_code(model, "settings")
    if model.has("data") and not hasattr(code, "DataSettings"):
        raise ModelError(f"{model.shown}/settings.py: no DataSettings, which data.py needs; see docs/adding-a-model.md")
    own = getattr(code, "DataSettings", datasets.DataSettings)
    return own, code.NetworkSettings, getattr(code, "TrainingSettings", TrainingSettings)


def words_of(model: ModelFolder) -> Words:
    """What a model's rows and data are called; its folder need not say.

    Raises:
        ModelError: `words.py` of its folder cannot be used.
    """
    if not model.has("words"):
        return Words()
    words = model_code(model, "words").WORDS
    if not isinstance(words, Words):
        raise ModelError(f"{model.shown}/words.py: WORDS: should be a toolchain.training.words.Words")
    return words


@contextmanager
def authors_code(model: ModelFolder) -> Iterator[None]:
    """What a model's own code raises in here becomes one line that names its file and line.

    Raises:
        ModelError: the code of the model raised something.
    """
    try:
        yield
    except GateweaveError:
        raise
    except Exception as error:
        place = _place(error, model)
        if place is None or getattr(error, "errno", None) in _DISK_FULL:
            raise
        raise ModelError(f"{place}: {_words(error)}; mend the model's code") from error


def _place(error: BaseException, model: ModelFolder) -> str | None:
    """File and line of the innermost call in the model's folder."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [(model.shown_file(frame.filename), frame.lineno) for frame in frames]
    own = [f"{path}:{line}" for path, line in places if path]
    return own[-1] if own else None


def _words(error: BaseException) -> str:
    said = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _listed(names: Sequence[str]) -> str:
    """Names, functions with brackets."""
    return ", ".join(name if name[0].isupper() else f"{name}()" for name in names)
