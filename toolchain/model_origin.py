"""Whose builds lie below a model's name: two folders of the same name do not share them."""

from __future__ import annotations

import json
from pathlib import Path

from toolchain.errors import ConfigError
from toolchain.files import write_json
from toolchain.layout import Layout, build_root
from toolchain.model_folder import HOME, ModelFolder

_FOLDER = "folder"


def must_have_its_name(model: ModelFolder) -> None:
    """Refuse a model whose name is that of another: its builds would take the other's place.

    A folder that is gone has no claim: it may have been moved.

    Raises:
        ConfigError: names both folders, and what can be done.
    """
    if not model.is_outside:
        return
    place = build_root() / model.name
    other = HOME / model.name if (HOME / model.name / "model.py").is_file() else origin_of(model.name)
    if other is not None and other != model.path and (other / "model.py").is_file():
        raise ConfigError(
            f"MODEL: {model.path}: its builds would lie in {place}, which are those of {other}; rename one of the two "
            "folders, or build elsewhere: GATEWEAVE_BUILD_DIR=<folder>"
        )


def keep_origin(layout: Layout) -> None:
    """Note whose builds these are, where the model is none of `models/`."""
    if layout.request.folder:
        write_json(layout.origin, {_FOLDER: layout.request.folder})


def origin_of(name: str) -> Path | None:
    """The folder whose builds go by a name, where it is none of `models/` and they say it."""
    try:
        return Path(json.loads((build_root() / name / "origin.json").read_text())[_FOLDER])
    except (OSError, ValueError, KeyError, TypeError):
        return None
