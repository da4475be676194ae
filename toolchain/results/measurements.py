"""Results of measurements: `build/<model>/<board>/measurements/<name>.json`, with the raw samples beside them."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from contextlib import suppress
from pathlib import Path

from toolchain.errors import BuildError
from toolchain.files import unwritten
from toolchain.results.measurement import Measurement, RawSamples
from toolchain.results.model import parse, write_file
from toolchain.results.whole import is_whole

FOLDER = "measurements"


def save_result(board_dir: Path, result: Measurement, raw: Path | None) -> Path:
    """Keep a result and its raw file; older ones stay.

    Args:
        board_dir: `build/<model>/<board>`.
        raw: the samples as fetched, or None where there are none.

    Raises:
        BuildError: they cannot be written.
    """
    name = _name(result)
    folder = board_dir / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if raw is not None:
            kept = _keep_raw(raw, folder / f"{name}.raw.jsonl", result.raw or RawSamples())
            result = result.model_copy(update={"raw": kept})
    except OSError as error:
        raise unwritten(folder, error) from error
    write_file(folder / f"{name}.json", result)
    return folder / f"{name}.json"


def read_results(board_dir: Path) -> list[Measurement]:
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
            with suppress(BuildError):
                results.append(parse(value, Measurement, str(path), "make measure"))
    return results


def latest_result(board_dir: Path) -> Measurement | None:
    """The newest result, or None."""
    results = read_results(board_dir)
    return results[-1] if results else None


def _keep_raw(raw: Path, target: Path, said: RawSamples) -> RawSamples:
    """The raw file with the lines that its own disk did not take."""
    shutil.copyfile(raw, target)
    if said.unsaved_lines:
        # The first of them may be the rest of a line that was cut.
        with target.open("a") as stream:
            stream.write("\n".join(said.unsaved_lines) + "\n")
    return said.model_copy(update={"file": target.name, "unsaved_lines": ()})


def _name(result: Measurement) -> str:
    digest = hashlib.sha256(json.dumps(result.to_json(), sort_keys=True).encode()).hexdigest()[:8]
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(result.started_unix))}-{digest}"
