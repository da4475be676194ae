from __future__ import annotations

from pathlib import Path

import pytest

from hls.arithmetic import analyse
from hls.folded import weight_words
from hls.generate import generate_core
from hls.plan import output_lanes, plan_layers
from tests.fast.hls.networks import Shape, folding, random_network
from toolchain.errors import ModelError
from toolchain.results.core import CoreOutput

NETWORK = random_network(Shape("BINARY", 12, (8, 6, 5)), seed=5)


def test_description_matches_the_files(tmp_path: Path) -> None:
    core = generate_core(NETWORK, folding(NETWORK, [(4, 6), (2, 2), (1, 3)]), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((*core.sources, *core.roms))
    assert (core.vector_bits, core.in_width, core.in_beats) == (12, 6, 2)
    assert core.output == CoreOutput(1, 3, False, 1, classes=5)
    assert [(s.elements, s.bits, s.signed) for s in core.layers[:2]] == [(8, 2, False), (6, 2, False)]
    assert core.layers[2].signed
    assert core.initiation_interval == 12


def test_same_network_gives_same_bytes(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        generate_core(NETWORK, folding(NETWORK, [(2, 3), (1, 2), (5, 1)]), tmp_path / name)
        texts.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert texts[0] == texts[1]


def test_weight_words_are_fold_major_with_pe_0_lowest() -> None:
    plan = plan_layers(analyse(NETWORK), [(4, 6), (2, 2), (1, 3)])[0]
    word = weight_words(plan)[1 * plan.beats + 1]  # neurons 4 to 7, inputs 6 to 11
    for pe in range(4):
        row = word >> (pe * 12)
        for simd in range(6):
            weight = NETWORK.layers[0].weights[6 + simd, 4 + pe]
            assert (row >> simd & 1, row >> (6 + simd) & 1) == (weight != 0, weight < 0)


def test_pe_that_does_not_divide_its_layer_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="fc0: PE 3 must divide 8 outputs"):
        generate_core(NETWORK, folding(NETWORK, [(3, 6), (2, 2), (1, 3)]), tmp_path)


@pytest.mark.parametrize(
    ("pe", "beats", "next_simd", "lanes"), [(4, 4, 2, 1), (4, 2, 2, 2), (4, 1, 2, 4), (6, 1, 4, None), (5, 1, None, 1)]
)
def test_lanes_keep_up_with_the_unit(pe: int, beats: int, next_simd: int | None, lanes: int | None) -> None:
    assert output_lanes(pe, beats, next_simd) == lanes
