"""What is left of a column after sharing, added up: narrow terms carry-save, wide ones in a balanced tree."""

from __future__ import annotations

from hls.unrolled.compress import compress
from hls.unrolled.ir import Operand, width_of
from hls.unrolled.linear import LinearGraph

# Terms of at most this many bits are compressed; wider ones pay for a carry chain each.
NARROW_BITS = 6
# How many of the narrowest other terms are tried as the partner of the narrowest one.
_PARTNERS = 6


def add_up(linear: LinearGraph, terms: list[Operand]) -> Operand:
    """The sum of at least one term; added and subtracted narrow terms are compressed apart."""
    graph = linear.graph
    narrow = [t for t in terms if graph.width(t.node) <= NARROW_BITS and not graph.signed(t.node)]
    if len(narrow) > 2:
        terms = [term for term in terms if term not in narrow]
        for sign in (1, -1):
            if same := [term for term in narrow if term.sign == sign]:
                total = compress(linear, same)
                terms.append(Operand(total.node, sign, total.shift))
    return _tree(linear, terms)


def _tree(linear: LinearGraph, terms: list[Operand]) -> Operand:
    """Narrow and early terms first."""
    terms = sorted(terms, key=lambda term: _key(linear, term))
    while len(terms) > 1:
        first = terms.pop(0)
        partner = min(range(min(_PARTNERS, len(terms))), key=lambda i: (_sum_width(linear, first, terms[i]), i))
        total = linear.combine(first, terms.pop(partner))
        key = _key(linear, total)
        place = next((i for i, t in enumerate(terms) if _key(linear, t) > key), len(terms))
        terms.insert(place, total)
    return terms[0]


def _key(linear: LinearGraph, term: Operand) -> tuple[int, int, int, int]:
    width = linear.graph.width(term.node) + term.shift
    return width, linear.depth[term.node], term.node, term.shift


def _sum_width(linear: LinearGraph, a: Operand, b: Operand) -> int:
    low, high = linear.bounds(a, b)
    return width_of(low, high)
