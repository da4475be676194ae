"""Depths of FIFOs where branches meet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hls.fifo_depths import must_run, with_depths
from hls.token_simulator import TokenSimulator
from tests.fast.hls.token_cores import chain, residual, slow
from toolchain.errors import ModelError


@pytest.mark.parametrize("ahead", [20, 47, 90])
def test_one_place_less_would_slow_the_core(ahead: int) -> None:
    core, run = with_depths(residual(beats=100, ahead=ahead, capacity=128), blocks=False)
    deep = max(range(len(core.fifos)), key=lambda i: core.fifos[i].depth)
    fewer = TokenSimulator(core).run(core.with_depths({deep: (core.fifos[deep].depth - 1, False)}))

    assert run.interval == 100
    assert ahead <= core.fifos[deep].depth <= ahead + 8
    assert fewer.vectors == 0 or fewer.interval > 100


def test_a_chain_needs_no_deep_fifo() -> None:
    core, _ = with_depths(chain(slow("a", 50, 2), slow("b", 50, 1)), blocks=True)

    assert {fifo.depth for fifo in core.fifos} == {core.shallow}


def test_a_deep_fifo_lies_in_block_ram_where_there_is_some() -> None:
    core, _ = with_depths(residual(beats=2000, ahead=1000, capacity=1024), blocks=True)

    assert [fifo.block for fifo in core.fifos if fifo.depth > core.shallow] == [True]


def test_a_chain_of_slow_units_needs_one_register_between_them_where_luts_hold_no_memory() -> None:
    chained = chain(slow("a", 50, 2), slow("b", 50, 1)).made_of("registers")
    core, run = with_depths(chained, blocks=True)

    assert run.interval == with_depths(chain(slow("a", 50, 2), slow("b", 50, 1)), blocks=True)[1].interval
    assert max(fifo.depth for fifo in core.fifos) < 4


def test_progress_is_told_while_one_depth_is_looked_for_and_ends_with_all() -> None:
    seen: list[float] = []
    with_depths(residual(beats=1000, ahead=400, capacity=512), False, seen.append)

    assert seen == sorted(seen)
    assert seen[0] == 0 and seen[-1] == 1
    assert len({share for share in seen if 0 < share < 1}) > 2


def test_a_core_that_would_stop_is_refused_by_the_fifo_that_fills() -> None:
    core = residual(beats=100, ahead=80, capacity=128)

    with pytest.raises(ModelError, match="shallow is FIFO fork to add;"):
        must_run(core)


def test_without_lut_memories_a_core_may_be_a_little_slower_but_not_than_what_was_asked_for() -> None:
    core = residual(beats=100, ahead=47, capacity=128).made_of("registers")
    free, fastest = with_depths(core, blocks=False, interval=100)
    few, slower = with_depths(core, blocks=False)

    assert fastest.interval == 100 < slower.interval <= 100 * 9 / 8
    assert sum(fifo.depth for fifo in few.fifos) < sum(fifo.depth for fifo in free.fifos)


def test_a_wide_fifo_of_few_places_lies_in_no_block_ram_for_it_would_take_several() -> None:
    core = residual(beats=400, ahead=90, capacity=128).made_of("registers")
    wide = replace(core, fifos=tuple(replace(f, stream=replace(f.stream, lanes=100)) for f in core.fifos))
    (narrow, _), (broad, _) = with_depths(core, blocks=True), with_depths(wide, blocks=True)

    deep = [fifo.depth > 40 for fifo in narrow.fifos]
    assert [fifo.block for fifo in narrow.fifos] == deep == [fifo.block for fifo in broad.fifos]
    assert min(fifo.stream.width for fifo in broad.fifos) > 128
