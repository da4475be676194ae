"""What a shell offers where a value of an option is typed: `gateweave --install-completion` asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import typer

from toolchain.catalog import list_boards, list_models, load_model
from toolchain.errors import GateweaveError

Complete = Callable[[str], list[str]]


def one_of(*values: str) -> Complete:
    """Offers values that are known."""
    return lambda incomplete: _beginning(values, incomplete)


def boards(incomplete: str) -> list[str]:
    """Boards by name."""
    return _beginning(list_boards(), incomplete)


def models(incomplete: str) -> list[str]:
    """Models by name; the shell itself knows folders."""
    return _beginning(list_models(), incomplete)


def recipes(ctx: typer.Context, incomplete: str) -> list[str]:
    """Recipes of the model that was typed before, or of the one that is built without that."""
    try:
        known = load_model(ctx.params.get("model") or "cqmlp").recipes
    except GateweaveError:
        # Nothing to offer: the command itself says what is wrong with the model.
        return []
    return _beginning(known, incomplete)


def _beginning(values: Iterable[str], incomplete: str) -> list[str]:
    return [value for value in values if value.startswith(incomplete)]
