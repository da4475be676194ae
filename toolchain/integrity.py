"""Finds stages whose outputs are no longer what their records say."""

from __future__ import annotations

from pathlib import Path

from toolchain.errors import BuildError
from toolchain.files import sha256
from toolchain.layout import Layout
from toolchain.results.model import OtherVersionError
from toolchain.results.record import StageRecord, read_record, read_token, token_of


def damaged_stages(layout: Layout) -> dict[str, str]:
    """What is wrong, by stage, of every finished stage with a missing or altered file.

    A stage without its token counts as not run.
    """
    finished = [stage for stage in layout.request.table if layout.token(stage).exists()]
    faults = {stage: damage_of(layout, stage) for stage in finished}
    return {stage: fault for stage, fault in faults.items() if fault}


def remade_input(layout: Layout, record: StageRecord) -> str | None:
    """The first of the stages that a record was made from which is no longer as it was then, or None."""
    inputs = record.inputs.items()
    return next((name for name, token in inputs if (read_token(layout.token(name)) or "") != token), None)


def damage_of(layout: Layout, stage: str) -> str | None:
    """What is wrong with the files of a finished stage, or None."""
    try:
        record = read_record(layout, stage)
    except OtherVersionError:
        return "another version of Gateweave made it"
    except BuildError:
        return "its record is missing or damaged"
    if layout.token(stage).read_text().strip() != token_of(record):
        return "its record was changed"
    wrong = (name for name, digest in record.outputs.items() if not _is(layout.root / name, digest))
    first = next(wrong, None)
    return f"{Path(first).name} is missing or damaged" if first else None


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and sha256(path) == digest
