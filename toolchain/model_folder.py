"""The folder that a model lies in, of `models/` or anywhere else, and the name by which Python knows its code."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any

from toolchain.layout import ROOT, Request

HOME = ROOT / "models"
"""The folder of the models that come along."""

_OUTSIDE: dict[str, Path] = {}


@dataclass(frozen=True)
class ModelFolder:
    """Where a model lies.

    Attributes:
        name: what its builds are called.
        path: absolute, without links.
    """

    name: str
    path: Path

    @property
    def is_outside(self) -> bool:
        """Whether it is none of `models/`."""
        return self.path.parent != HOME

    @property
    def shown(self) -> str:
        """How messages name the folder."""
        return str(self.path) if self.is_outside else f"models/{self.path.name}"

    @property
    def package(self) -> str:
        """The package that its files are modules of; another folder of the same name is another package."""
        if not self.is_outside:
            return f"models.{self.path.name}"
        digest = hashlib.sha256(str(self.path).encode()).hexdigest()[:8]
        return f"models.{re.sub(r'[^A-Za-z0-9]', '_', self.name)}_{digest}"

    def has(self, name: str) -> bool:
        """Whether it holds a module."""
        return (self.path / f"{name}.py").is_file()

    def data_path(self, section: Any) -> Path | None:
        """What a recipe names as its data: a file or folder, from this one; None where it names nothing.

        Args:
            section: the recipe's section `data`, checked or as it stands in the file.
        """
        path = section.get("path") if isinstance(section, dict) else getattr(section, "path", None)
        return (self.path / os.path.expanduser(path)).resolve() if isinstance(path, str) and path else None

    def shown_file(self, filename: str) -> str | None:
        """How messages name a file of this folder; None for any other."""
        path = Path(filename)
        return f"{self.shown}/{path.relative_to(self.path)}" if path.is_relative_to(self.path) else None

    def mount(self) -> str:
        """Let Python find the package; returns its name."""
        name = self.package
        if self.is_outside and name not in _OUTSIDE:
            _OUTSIDE[name] = self.path
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [str(self.path)]
            sys.modules[name] = module_from_spec(spec)
        return name


def folder_of(request: Request) -> ModelFolder:
    """The folder of the model asked for; there is none of somebody else's network."""
    return ModelFolder(request.model, Path(request.folder) if request.folder else HOME / request.model)


def place_of(module: str) -> Path:
    """Where a module of a room or of a mounted model would lie, without its suffix."""
    parts = module.split(".")
    outside = _OUTSIDE.get(".".join(parts[:2]))
    return outside.joinpath(*(parts[2:] or ["__init__"])) if outside else ROOT.joinpath(*parts)


def name_in_rooms(path: Path) -> tuple[str, ...]:
    """The parts of a file's name from the folder of all rooms, or from a mounted model's package."""
    for package, folder in _OUTSIDE.items():
        if path.is_relative_to(folder):
            return (*package.split("."), *path.relative_to(folder).parts)
    return path.relative_to(ROOT).parts


def is_outside(path: Path) -> bool:
    """Whether a file is one of a mounted model's folder."""
    return any(path.is_relative_to(folder) for folder in _OUTSIDE.values())
