"""Settings of a node as JSON, its arrays left to the file's constants, and back again with every type checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from toolchain.errors import ModelError
from toolchain.graph import ops
from toolchain.graph.ops import Op
from toolchain.graph.types import TensorType

Constants = Callable[[str], NDArray[np.int64]]
"""The values of a node's constant, by the name of its part."""

_TABLE: Mapping[str, type[Op]] = {
    name: kind
    for name in ops.__all__
    if isinstance(kind := getattr(ops, name), type) and issubclass(kind, Op) and kind is not Op
}


def write_fields(op: Any) -> dict[str, Any]:
    """The settings of a node, or of a record inside one."""
    return {item.name: _written(getattr(op, item.name)) for item in fields(op)}


def read_op(kind: str, settings: Mapping[str, Any], constants: Constants) -> Op:
    """The node of what `write_fields` wrote.

    Raises:
        ModelError: there is no such kind, or a setting is missing, unknown or of the wrong type.
    """
    if kind not in _TABLE or kind == "Op":
        raise ModelError(
            f"unknown node kind {kind[:40]!r}; this version knows {', '.join(sorted(set(_TABLE) - {'Op'}))}"
        )
    op = _read_record(_TABLE[kind], settings, constants, "")
    assert isinstance(op, Op)
    return op


def _written(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return "constant"
    if isinstance(value, TensorType):
        ends = {end: _short(getattr(value, end)) for end in ("low", "high")}
        return {"shape": list(value.shape), **ends, "step": value.step}
    if is_dataclass(value):
        return write_fields(value)
    return list(value) if isinstance(value, tuple) else value


def _short(bounds: NDArray[np.int64]) -> int | list[int]:
    return int(bounds[0]) if (bounds == bounds[0]).all() else bounds.tolist()


def _read_record(kind: type[Any], settings: Any, constants: Constants, prefix: str) -> Any:
    hints, names = get_type_hints(kind), [item.name for item in fields(kind)]
    if not isinstance(settings, dict) or sorted(settings) != sorted(names):
        said = ", ".join(sorted(settings)) if isinstance(settings, dict) else type(settings).__name__
        raise ModelError(f"{kind.__name__}: settings {said or 'none'}; {', '.join(names) or 'none'} are expected")
    return kind(**{name: _read(hints[name], settings[name], constants, f"{prefix}{name}") for name in names})


def _read(hint: Any, value: Any, constants: Constants, part: str) -> Any:
    if value is None and type(None) in get_args(hint):
        return None
    inner = next((h for h in get_args(hint) if isinstance(h, type) and is_dataclass(h)), None)
    if inner is not None:
        return _read_record(inner, value, constants, f"{part}.")
    if hint is TensorType:
        return _read_type(value)
    if "ndarray" in str(hint):
        return constants(part)
    return _adapted(hint, value, part)


def _read_type(value: Any) -> TensorType:
    bound = int | list[int]
    hints = {"shape": list[int], "low": bound, "high": bound, "step": int}
    if not isinstance(value, dict) or sorted(value) != sorted(hints):
        raise ModelError(f"a type has {', '.join(hints)}")
    return TensorType(**{name: _adapted(hint, value[name], name) for name, hint in hints.items()})


def _adapted(hint: Any, value: Any, part: str) -> Any:
    try:
        # Strict but for tuples, which JSON has as lists.
        return TypeAdapter(hint).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        raise ModelError(f"{part}: {str(value)[:60]!r}: {error.errors()[0]['msg']}") from error
