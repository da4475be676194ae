"""Places of buffers in one piece of memory."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.kernels.memory import Buffer, planned


def test_what_is_never_needed_together_shares_a_place() -> None:
    plan = planned([Buffer("a", 100, 0, 1), Buffer("b", 50, 1, 2), Buffer("c", 100, 2, 3)])
    assert plan.offsets["a"] == plan.offsets["c"] == 0
    assert plan.offsets["b"] == 112 and plan.size == 112 + 64
    assert [buffer.name for buffer in plan.largest] == ["a", "b"]


_BUFFERS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 8), st.integers(0, 4)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(_BUFFERS)
def test_what_is_needed_together_lies_apart(drawn: list[tuple[int, int, int]]) -> None:
    buffers = [Buffer(str(i), size, first, first + span) for i, (size, first, span) in enumerate(drawn)]
    plan = planned(buffers)
    for i, one in enumerate(buffers):
        start = plan.offsets[one.name]
        assert start % 16 == 0 and start + one.size <= plan.size
        for other in buffers[i + 1 :]:
            if one.last < other.first or other.last < one.first or not (one.size and other.size):
                continue
            begin = plan.offsets[other.name]
            assert start + one.size <= begin or begin + other.size <= start
    busiest = max((sum(b.size for b in buffers if b.first <= step <= b.last) for step in range(13)), default=0)
    assert sum(buffer.size for buffer in plan.largest) == busiest <= plan.size
