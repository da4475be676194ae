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

    A stage without its token counts as not run, which Snakemake sees for itself.
    """
    request = layout.request
    known = request.table
    finished = [stage for stage in known if layout.token(stage).exists()]
    faults = {stage: damage_of(layout, stage) for stage in finished}
    return {stage: fault for stage, fault in faults.items() if fault}


def is_current(layout: Layout, record: StageRecord) -> bool:
    """Whether the stages that a record was made from are still as they were then; of stages on demand."""
    return all(read_token(layout.token(stage)) == token for stage, token in record.inputs.items())


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
