"""The border to a model's own code: whatever goes wrong behind it names the model's file, the line and the mend."""

from __future__ import annotations

import errno
import importlib
import importlib.util
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from toolchain.errors import GateweaveError, ModelError
from toolchain.training.recipe import Recipe, Settings, TrainingSettings, recipe_of
from toolchain.training.words import Words

OFFERED = {
    "settings": ("DataSettings", "NetworkSettings"),
    "data": ("build_dataset",),
    "model": ("build", "merge", "restore", "build_float"),
    "words": ("WORDS",),
}
"""What each file of a model's folder must offer; see docs/adding-a-model.md."""

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


def model_code(model: str, name: str) -> ModuleType:
    """A module of a model's folder, one of `OFFERED`, with all that it must offer.

    Raises:
        ModelError: the file is missing, does not load, or lacks something.
    """
    shown = f"models/{model}/{name}.py"
    try:
        module = importlib.import_module(f"models.{model}.{name}")
    except SyntaxError as error:
        place = _below_models(error.filename or "") or shown
        raise ModelError(f"{place}:{error.lineno}: Python does not read it: {error.msg}") from error
    except ModuleNotFoundError as error:
        if error.name in {f"models.{model}", f"models.{model}.{name}"}:
            raise ModelError(f"{shown}: missing; it should offer {_listed(OFFERED[name])}") from error
        raise ModelError(f"{_place(error, model) or shown}: {error}; is it installed, or its name mistyped?") from error
    except Exception as error:
        raise ModelError(f"{_place(error, model) or shown}: {_words(error)}; it should load on its own") from error
    lacking = [offer for offer in OFFERED[name] if not hasattr(module, offer)]
    if lacking:
        raise ModelError(f"{shown}: no {_listed(lacking)}; see docs/adding-a-model.md")
    return module


def recipe_schema(model: str) -> type[Recipe]:
    """The schema of a model's recipes.

    Raises:
        ModelError: `settings.py` of its folder cannot be used.
    """
    code = model_code(model, "settings")
    training = getattr(code, "TrainingSettings", TrainingSettings)
    for name, schema, base in (
        ("DataSettings", code.DataSettings, Settings),
        ("NetworkSettings", code.NetworkSettings, Settings),
        ("TrainingSettings", training, TrainingSettings),
    ):
        if not (isinstance(schema, type) and issubclass(schema, base)):
            should = f"a class made from toolchain.training.recipe.{base.__name__}"
            raise ModelError(f"models/{model}/settings.py: {name}: should be {should}")
    return recipe_of(code.DataSettings, code.NetworkSettings, training)


def words_of(model: str) -> Words:
    """What a model's rows and data are called; its folder need not say.

    Raises:
        ModelError: `words.py` of its folder cannot be used.
    """
    if not _has(model, "words"):
        return Words()
    words = model_code(model, "words").WORDS
    if not isinstance(words, Words):
        raise ModelError(f"models/{model}/words.py: WORDS: should be a toolchain.training.words.Words")
    return words


def _has(model: str, name: str) -> bool:
    """Whether a file of a model's folder is there; the name of somebody else's network need not even be a module's."""
    try:
        return importlib.util.find_spec(f"models.{model}.{name}") is not None
    except (ImportError, ValueError):
        return False


@contextmanager
def authors_code(model: str) -> Iterator[None]:
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


def _place(error: BaseException, model: str) -> str | None:
    """File and line of the innermost call in the model's folder."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [(_below_models(frame.filename), frame.lineno) for frame in frames]
    own = [f"{path}:{line}" for path, line in places if path and path.startswith(f"models/{model}/")]
    return own[-1] if own else None


def _below_models(filename: str) -> str | None:
    parts = Path(filename).parts
    at = max((i for i, part in enumerate(parts[:-2]) if part == "models"), default=None)
    return None if at is None else "/".join(parts[at:])


def _words(error: BaseException) -> str:
    said = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _listed(names: Sequence[str]) -> str:
    """Names, functions with brackets."""
    return ", ".join(name if name[0].isupper() else f"{name}()" for name in names)
