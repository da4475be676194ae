"""Where models are looked for: `models/`, the folders of GATEWEAVE_MODELS, and installed packages."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from toolchain.errors import ConfigError
from toolchain.files import why_absent
from toolchain.layout import INSTALLED, ROOT, plain_name
from toolchain.model_folder import ModelFolder
from toolchain.yaml_file import near_matches

SEARCHED = "GATEWEAVE_MODELS"
"""Names the variable with further folders that hold models, separated like those of PATH."""

GROUP = "gateweave.models"
"""The group of entry points by which an installed package offers models: a name, and the package that is its folder."""

_CODE = "model.py"


def find_models(root: Path = ROOT) -> list[ModelFolder]:
    """All models that go by a name, by name and then in the order of the search; a folder found twice is one.

    Raises:
        ConfigError: a folder of GATEWEAVE_MODELS, or what an installed package offers, is no folder.
    """
    own = [ModelFolder(path.parent.name, path.parent) for path in root.glob(f"models/*/{_CODE}")]
    found: dict[Path, ModelFolder] = {}
    for folder in (*own, *_searched(), *_offered()):
        found.setdefault(folder.path, folder)
    return sorted(found.values(), key=lambda folder: folder.name)


def find_model(said: str, root: Path = ROOT) -> ModelFolder:
    """The model that a person names: by its name, or by its folder anywhere.

    Args:
        said: a folder where it holds a slash, or begins with a dot or a tilde.

    Raises:
        ConfigError: there is none, or there are several of this name.
    """
    if is_folder(said):
        return _at(said, root)
    known = find_models(root)
    named = [folder for folder in known if folder.name == said]
    if len(named) > 1:
        places = " and in ".join(str(folder.path) for folder in named)
        raise ConfigError(f"MODEL: {said!r} is in {places}; name its folder: MODEL={shlex.quote(str(named[-1].path))}")
    if not named:
        raise ConfigError(f"unknown model '{said}'{_nearest(said, known)}")
    return named[0]


def is_folder(said: str) -> bool:
    """Whether a person names a model by its folder."""
    return os.sep in said or said.startswith((".", "~"))


def _nearest(said: str, known: list[ModelFolder]) -> str:
    names = sorted({folder.name for folder in known})
    if Path(said, _CODE).is_file():
        return f"; for the folder beside you say MODEL=./{said}"
    place = (
        "; a new one is a folder anywhere: `gateweave new`"
        if INSTALLED
        else ("; a new one is a file models/<model>/model.py, or a folder anywhere: `gateweave new`")
    )
    return f"{near_matches(said, names)} (known: {', '.join(names) or 'none yet'}{place})"


def _at(said: str, root: Path) -> ModelFolder:
    path = Path(os.path.realpath(os.path.expanduser(said)))
    if not path.is_dir():
        why = "is a file; name the folder that holds it" if path.exists() else why_absent(path, "folder")
        raise ConfigError(f"MODEL: {said}: {why}{'' if path.exists() else '; `gateweave new` makes one'}")
    if not (path / _CODE).is_file():
        inner = sorted(file.parent.name for file in path.glob(f"*/{_CODE}"))
        also = f"; it holds {', '.join(inner)}: name one of them" if inner else ""
        raise ConfigError(f"MODEL: {said}: no {_CODE} in this folder{also}; see docs/adding-a-model.md")
    if path.parent == (root / "models").resolve():
        return ModelFolder(path.name, root / "models" / path.name)
    return _outside(path, f"MODEL: {said}")


def _outside(path: Path, told: str, name: str | None = None) -> ModelFolder:
    plain = plain_name(name or path.name)
    if not plain:
        raise ConfigError(f"{told}: its name has no letter or digit of ASCII; rename the folder")
    return ModelFolder(plain, path)


def _searched() -> Iterator[ModelFolder]:
    for said in filter(None, os.environ.get(SEARCHED, "").split(os.pathsep)):
        folder = Path(os.path.realpath(os.path.expanduser(said)))
        if not folder.is_dir():
            why = "is no folder" if folder.exists() else why_absent(folder, "folder")
            raise ConfigError(f"{SEARCHED}: {said}: {why}; mend the variable, or unset it")
        if (folder / _CODE).is_file():
            raise ConfigError(f"{SEARCHED}: {said}: is a model itself; give the folder that holds it: {folder.parent}")
        yield from (_outside(file.parent, f"{SEARCHED}: {file.parent}") for file in sorted(folder.glob(f"*/{_CODE}")))


def _offered() -> Iterator[ModelFolder]:
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        yield _outside(_folder_of(point), f"entry point {point.name} of {GROUP}", point.name)


def _folder_of(point: EntryPoint) -> Path:
    """The folder of the package that an entry point names; a package above it is imported, it itself is not."""
    told = f"entry point {point.name} = {point.value} of {GROUP}"
    try:
        spec = find_spec(point.value)
    except (ImportError, ValueError) as error:
        raise ConfigError(f"{told}: {error}; mend or uninstall the package that offers it") from error
    places = [] if spec is None else [Path(place).resolve() for place in spec.submodule_search_locations or ()]
    folder = next((place for place in places if (place / _CODE).is_file()), None)
    if folder is None:
        raise ConfigError(f"{told}: is no package with a {_CODE}; mend or uninstall what offers it")
    return folder
