"""Results of measurements: `build/<model>/<board>/measurements/<name>.json`, with the raw samples beside them."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from toolchain.errors import BuildError
from toolchain.files import write_json

FOLDER = "measurements"
SCHEMA = 1
_MOST = 1e20


def save_result(board_dir: Path, result: Mapping[str, Any], raw: Path | None) -> Path:
    """Keep a result and its raw file; older ones stay.

    Args:
        board_dir: `build/<model>/<board>`.
        raw: the samples as fetched, or None where there are none.

    Raises:
        BuildError: they cannot be written.
    """
    whole = dict(result)
    name = _name(whole)
    folder = board_dir / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if raw is not None:
            whole["raw"] = _keep_raw(raw, folder / f"{name}.raw.jsonl", whole.get("raw", {}))
    except OSError as error:
        raise BuildError(f"{folder}: cannot write: {error.strerror}; free some disk space") from error
    write_json(folder / f"{name}.json", whole)
    return folder / f"{name}.json"


def read_results(board_dir: Path) -> list[dict[str, Any]]:
    """All results of a model on a board, the oldest first; files that are none are passed over."""
    results = []
    for path in sorted((board_dir / FOLDER).glob("*.json")):
        if not path.is_file():
            continue
        try:
            value = json.loads(path.read_text())
        except (OSError, ValueError, RecursionError):
            continue
        if is_result(value):
            results.append(value)
    return results


def is_result(value: Any) -> bool:
    """Whether this is a whole result: its figures are numbers where they stand, its words words."""
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        return False
    words = isinstance(value.get("status"), str) and isinstance(value.get("provenance"), dict)
    try:
        return words and _reasons_are_texts(value) and all(map(_is_spread, _spreads(value)))
    except (KeyError, TypeError, AttributeError):
        return False


def _reasons_are_texts(value: Mapping[str, Any]) -> bool:
    lost = value.get("unreadable") or []
    return all(isinstance(one, str) for one in value["reasons"]) and all(
        {"name", "why", "needed"} <= set(o) for o in lost
    )


def _spreads(value: Mapping[str, Any]) -> Iterator[Any]:
    latency, energy = value["latency"], value["energy"]
    if latency is not None:
        yield latency["seconds_per_inference"]
        cycles = latency["cycles_per_inference"]
        yield {"median": cycles or 0, "low": 0, "high": 0, "kind": latency["kind"]}
    if energy is not None:
        yield from (energy["per_inference_j"][key] for key in ("net", "gross"))
        yield from (energy["power_w"][key] for key in ("idle", "active", "net"))


def _is_spread(value: Any) -> bool:
    return all(isinstance(value[side], int | float) and abs(value[side]) < _MOST for side in ("median", "low", "high"))


def latest_result(board_dir: Path) -> dict[str, Any] | None:
    """The newest result, or None."""
    results = read_results(board_dir)
    return results[-1] if results else None


def _keep_raw(raw: Path, target: Path, said: Mapping[str, Any]) -> dict[str, Any]:
    """The raw file with the lines that its own disk did not take."""
    shutil.copyfile(raw, target)
    unsaved = said.get("unsaved_lines") or []
    if unsaved:
        # The first of them may be the rest of a line that was cut.
        with target.open("a") as stream:
            stream.write("\n".join(unsaved) + "\n")
    return {**said, "file": target.name, "unsaved_lines": []}


def _name(result: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(result, sort_keys=True).encode()).hexdigest()[:8]
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(result.get('started_unix', 0)))}-{digest}"
