"""Finds boards and models by folder, and reads their YAML; a wrong name gets one clear line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import BaseModel

from toolchain.board import SCHEMAS, AnyBoard
from toolchain.errors import ConfigError, GateweaveError
from toolchain.found_models import find_model, find_models
from toolchain.layout import INSTALLED, ROOT
from toolchain.model_folder import ModelFolder
from toolchain.yaml_file import load_yaml, near_matches

if TYPE_CHECKING:
    from toolchain.training.recipe import Recipe


Found = TypeVar("Found")
Named = TypeVar("Named")


@dataclass(frozen=True)
class Model(ModelFolder):
    """A model's folder: its code and the recipes it can be trained by."""

    recipes: tuple[str, ...]

    @property
    def title(self) -> str:
        """First heading of the model's README in printable characters, or its name."""
        return _first_heading(self.path / "README.md") or self.name


def list_boards(root: Path = ROOT) -> list[str]:
    """Names of all boards, sorted."""
    return sorted(path.parent.name for path in root.glob("boards/*/board.yaml"))


def list_models(root: Path = ROOT) -> list[str]:
    """Names of all models, sorted, wherever they are found."""
    return sorted({folder.name for folder in find_models(root)})


def board_file(name: str, root: Path = ROOT) -> Path:
    """The `board.yaml` of a board.

    Raises:
        ConfigError: no such board.
    """
    _must_know("board", name, list_boards(root), "boards/<board>/board.yaml")
    return root / "boards" / name / "board.yaml"


class _Kind(BaseModel):
    """The key of board.yaml that picks the schema of the rest."""

    flow: Literal["fpga_open", "fpga_amd", "ort", "mcu"]


def load_board(name: str, root: Path = ROOT) -> AnyBoard:
    """Read a board.

    Raises:
        ConfigError: no such board, or its YAML is malformed.
    """
    path = board_file(name, root)
    shown = str(path.relative_to(root))
    board: AnyBoard = load_yaml(path, SCHEMAS[load_yaml(path, _Kind, shown).flow], shown)
    if board.name != name:
        raise ConfigError(f"{shown}: name: {board.name!r}: should be {name!r}, its folder's")
    return board


def load_model(name: str, root: Path = ROOT) -> Model:
    """Find a model by its name, or by its folder anywhere.

    Raises:
        ConfigError: no such model, or it has no recipe.
    """
    return model_in(find_model(name, root))


def model_in(folder: ModelFolder) -> Model:
    """The model of a folder.

    Raises:
        ConfigError: it has no recipe.
    """
    recipes = tuple(sorted(file.stem for file in folder.path.glob("recipes/*.yaml")))
    if not recipes:
        raise ConfigError(f"{folder.shown}: no recipe; add {folder.shown}/recipes/default.yaml")
    return Model(folder.name, folder.path, recipes)


def recipe_file(model: Model, name: str) -> Path:
    """The YAML file of a recipe.

    Raises:
        ConfigError: the model has no such recipe.
    """
    _must_know(
        f"recipe of {model.name}",
        name,
        list(model.recipes),
        f"{model.shown}/recipes/<recipe>.yaml",
    )
    return model.path / "recipes" / f"{name}.yaml"


def load_recipe(model: Model, name: str) -> Recipe:
    """Read a recipe.

    Raises:
        ConfigError: the model has no such recipe, or its YAML is malformed.
        ModelError: the model's own schemas cannot be used.
    """
    from toolchain.training.author import recipe_schema

    path = recipe_file(model, name)
    return load_yaml(path, recipe_schema(model), f"{model.shown}/recipes/{name}.yaml")


def sound(names: Iterable[Named], load: Callable[[Named], Found]) -> tuple[list[Found], list[GateweaveError]]:
    """What can be read, and what is wrong with the rest: one broken folder does not hide the others."""
    found: list[Found] = []
    broken: list[GateweaveError] = []
    for name in names:
        try:
            found.append(load(name))
        except GateweaveError as error:
            broken.append(error)
    return found, broken


def _must_know(kind: str, name: str, known: list[str], place: str) -> None:
    if name not in known:
        near = near_matches(name, known)
        names = ", ".join(known) or "none yet"
        new = f"a new one is a file {place}{' in a clone of the repository' if INSTALLED else ''}"
        raise ConfigError(f"unknown {kind} '{name}'{near} (known: {names}; {new})")


def _first_heading(path: Path) -> str | None:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    heading = next((line.lstrip("# ").strip() for line in lines if line.startswith("#")), "")
    return "".join(filter(str.isprintable, heading)) or None
