"""Results of measurements: `build/<model>/<board>/measurements/<name>.json`, with the raw samples beside them."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolchain.files import unwritten, write_json
from toolchain.results.whole import is_whole

FOLDER = "measurements"


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
        raise unwritten(folder, error) from error
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
        if is_whole(value):
            results.append(value)
    return results


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
