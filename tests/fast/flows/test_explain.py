"""What can be said of builds whose foldings are not searched: FINN's, and those of processors."""

from __future__ import annotations

from typing import Any

from flows.explain import _finn_limits, _operations
from tests.fast.hls.networks import Shape, random_network
from toolchain.results.facts import MapFacts
from toolchain.results.facts.hardware import Estimate, FinnLayer, FinnUse, Use


def _layer(name: str, cycles: int, lut: int, **more: Any) -> FinnLayer:
    return FinnLayer(
        name=name, op_type="MVAU_rtl", cycles=cycles, finn_estimate=FinnUse(lut=lut, bram=1, dsp=0, uram=0), **more
    )


def test_of_finn_the_layers_that_take_most_are_those_of_its_mapping() -> None:
    own = Use(lut=900, ff=1, bram=4, dsp=2)
    layers = (_layer("quick", 10, 50, pe=2, simd=4, estimate=own), _layer("slow", 30, 100))
    use = FinnUse(lut=150, bram=2, dsp=0, uram=0)
    facts = MapFacts(
        kind="estimated",
        layers=layers,
        estimate=Estimate(of="core", lut=1, ff=1, bram=1),
        finn_estimate=use,
        initiation_interval=31,
        latency_cycles=50,
        fps=1.0,
    )
    found = {limit.what: (limit.layer, limit.option, limit.value, limit.of) for limit in _finn_limits(facts)}
    assert found == {
        "rate": ("slow", "", 30, 31),
        "lut": ("quick", "PE 2, SIMD 4", 900, 1000),
        "bram": ("quick", "PE 2, SIMD 4", 4, 5),
        "dsp": ("quick", "PE 2, SIMD 4", 2, 2),
    }


def test_of_a_processor_operations_are_counted() -> None:
    graph = random_network(Shape("BINARY", 64, (32, 16, 4)), seed=1).graph
    [limit] = _operations(graph)
    assert (limit.what, limit.layer, limit.kind) == ("operations", "fc0", "counted")
    assert limit.value == 64 * 32 < limit.of
