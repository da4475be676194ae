"""What the fuzzer of captures begins with: damage to what nobody could read would try nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.fuzz import captures
from toolchain.can.live.capture import CaptureSource


def test_what_the_fuzzer_damages_is_sound(tmp_path: Path) -> None:
    (tmp_path / "columns.yaml").write_bytes(captures.COLUMNS)
    for name, content in captures.FORMS:
        (tmp_path / name).write_bytes(content(np.random.default_rng(0)))
        source = CaptureSource(tmp_path / name)
        assert sum(len(batch.frames) for batch in source.batches(99)) >= captures.FRAMES
