from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolchain.errors import BuildError
from toolchain.results.folding import FoldedUse, Folding, LayerFolding, read_folding, write_folding

CHOSEN = Folding("folded", (LayerFolding("fc0", 2, 3, 8),), 8, 1e5, 25_000_000, None, FoldedUse(lut=9, ff=8, bram=0))


def test_a_folding_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_folding(tmp_path, CHOSEN)
    assert read_folding(tmp_path) == CHOSEN


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"strategy": "spread"}, r"folding: .*'spread'.* 'folded', 'unrolled', 'units'"),
        ({"strategy": "units"}, r"folding\.units\.stages: is missing"),
        ({"strategy": "unrolled", "layers": 5}, r"folding\.unrolled\.layers: 5"),
    ],
)
def test_what_is_no_folding_names_its_key(tmp_path: Path, said: dict[str, object], words: str) -> None:
    (tmp_path / "folding.json").write_text(json.dumps({"version": 1, "folding": said}))
    with pytest.raises(BuildError, match=rf"folding\.json: not a folding: {words}.*; run `make build` again"):
        read_folding(tmp_path)
