"""A chain of small weights, 512 inputs at once: each bit of a value is a plane, and sums are counted by full adders.

A term of a sum is a bit of an input times a power of two; one that is taken off is added the other way round, and
what that adds is known. So a sum is a count of bits, and a threshold compares its bits with those of a number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Linear, Threshold
from toolchain.kernels.c_text import c_type, literal, stored

LANES = 512
"""Inputs at once."""

RUN = "planes_run"
"""The function that runs so many."""

# Full adders that a compiler takes in seconds, bits of a value, and thresholds of a channel.
_MOST_TERMS, _MOST_BITS, _MOST_LEVELS = 12_000, 4, 15

# Bits of a sum, and planes in all, which lie on the stack: 64 kB.
_MOST_SUM, _MOST_PLACES = 31, 1024


@dataclass(frozen=True)
class _Planes:
    """Values ``scale * count + offset``, each count of so many bits, which lie one behind the other from `first` on."""

    first: int
    bits: int
    scale: int
    offset: int


def planes(graph: Graph, nodes: Sequence[Node]) -> str | None:
    """C of ``planes_run``, which runs `LANES` inputs; None where the chain is no such one, or not worth it."""
    writer = _Writer(graph, nodes)
    if not writer.fits():
        return None
    text = writer.text()
    return text if writer.places <= _MOST_PLACES and writer.widest <= _MOST_SUM else None


class _Writer:
    def __init__(self, graph: Graph, nodes: Sequence[Node]) -> None:
        self._graph, self._nodes = graph, nodes
        self._count, self._functions = 0, list[str]()
        self.places, self.widest = 0, 0

    def _call(self, lines: list[str]) -> str:
        """A function of its own for each sum: a compiler takes longer for a long one than for many short ones."""
        name = f"planes_{len(self._functions)}"
        body = "\n".join(f"    {line}" for line in lines)
        head = f"STRAIGHT void {name}(Lanes *planes)"
        self._functions.append(f"{head}\n{{\n    (void)planes;\n{body}\n}}")
        return f"{name}(planes);"

    def fits(self) -> bool:
        """Whether all is of few bits, and sums are no more than a compiler takes."""
        kind = self._graph.types[self._nodes[0].inputs[0]]
        few = kind.low.min() == 0 and kind.high.max() < 2**_MOST_BITS and kind.element.step == 1
        kinds = [type(node.op) for node in self._nodes]
        paired = [Linear, Threshold] * (len(kinds) // 2) + [Linear]
        if not few or kinds != paired[: len(kinds)] or kinds[-1] is not Linear:
            return False
        return all(map(self._takes, self._nodes)) and self._terms() <= _MOST_TERMS

    def _takes(self, node: Node) -> bool:
        op = node.op
        if isinstance(op, Threshold):
            return 0 < op.levels <= _MOST_LEVELS
        assert isinstance(op, Linear)
        return op.groups == 1

    def _terms(self) -> int:
        bits, terms = int(self._graph.types[self._nodes[0].inputs[0]].high.max()).bit_length(), 0
        for node in self._nodes:
            if isinstance(node.op, Threshold):
                bits = node.op.levels.bit_length()
            elif isinstance(node.op, Linear):
                terms += bits * sum(int(abs(w)).bit_count() for w in node.op.weights.reshape(-1))
        return terms

    def text(self) -> str:
        kind = self._graph.types[self._nodes[0].inputs[0]]
        bits = max(1, int(kind.high.max()).bit_length())
        x, self.places = _Planes(0, bits, 1, 0), kind.size * bits
        body: list[str] = []
        for place in range(0, len(self._nodes) - 1, 2):
            lines, x = self._layer(self._nodes[place], self._nodes[place + 1], x)
            body += lines
        last = self._nodes[-1]
        body += self._ending(last, x)
        y = self._graph.types[last.name]
        return _TEXT.format(
            inputs=kind.size,
            bits=bits,
            planes=self.places,
            x=c_type(stored(kind)),
            y=c_type(stored(y)),
            outputs=y.size,
            functions="\n".join(self._functions),
            layers="\n".join(f"    {line}" for line in body),
        )

    def _layer(self, product: Node, compared: Node, x: _Planes) -> tuple[list[str], _Planes]:
        assert isinstance(product.op, Linear) and isinstance(compared.op, Threshold)
        op, bits = compared.op, compared.op.levels.bit_length()
        made = _Planes(self.places, bits, op.step, op.least)
        lines: list[str] = []
        table = np.broadcast_to(op.table, (product.op.outputs, op.levels))
        for c in range(product.op.outputs):
            sums, constant, most, adders = self._sum(product.op.weights[:, c], int(product.op.bias[c]), x)
            for level in range(op.levels):
                least = int(table[c, level]) - constant
                adders.append(f"const Lanes r{level + 1} = {_reaches(sums, least, most)};")
            for bit in range(bits):
                steps = [f"r{k}" for k in range(2**bit, op.levels + 1, 2**bit)]
                adders.append(f"planes[{made.first + c * bits + bit}] = {' ^ '.join(steps)};")
            lines.append(self._call(adders))
        self.places += product.op.outputs * bits
        return lines, made

    def _ending(self, node: Node, x: _Planes) -> list[str]:
        assert isinstance(node.op, Linear)
        lines: list[str] = []
        for c in range(node.op.outputs):
            sums, constant, _, adders = self._sum(node.op.weights[:, c], int(node.op.bias[c]), x)
            at = self.places + c * _MOST_SUM
            lines.append(self._call([*adders, *(f"planes[{at + k}] = {bit};" for k, bit in enumerate(sums))]))
            lines.append(f"planes_out(planes + {at}, {len(sums)}, {literal(constant)}, y + {c});")
        self.places += node.op.outputs * _MOST_SUM
        return lines

    def _sum(self, weights: NDArray[np.int64], bias: int, x: _Planes) -> tuple[list[str], int, int, list[str]]:
        """Bits of a sum less a constant, that constant, the greatest such sum, and what makes it."""
        columns: dict[int, list[str]] = defaultdict(list)
        constant, most = bias + int(weights.sum()) * x.offset, 0
        for i in np.flatnonzero(weights).tolist():
            weight = int(weights[i]) * x.scale
            for shift in range(abs(weight).bit_length()):
                if not abs(weight) >> shift & 1:
                    continue
                for bit in range(x.bits):
                    plane, worth = f"planes[{x.first + i * x.bits + bit}]", 1 << (shift + bit)
                    columns[shift + bit].append(plane if weight > 0 else f"~{plane}")
                    constant -= worth if weight < 0 else 0
                    most += worth
        bits, lines = self._added(columns)
        self.widest = max(self.widest, len(bits))
        return bits, constant, most, lines

    def _added(self, columns: dict[int, list[str]]) -> tuple[list[str], list[str]]:
        lines: list[str] = []
        bits: list[str] = []
        column = 0
        while column <= max((k for k, some in columns.items() if some), default=-1):
            left = columns[column]
            while len(left) > 1:
                taken = left[: min(3, len(left))]
                del left[: len(taken)]
                a, s, c = self._fresh(), self._fresh(), self._fresh()
                if len(taken) == 3:
                    p, q, r = taken
                    lines.append(f"const Lanes {a} = {p} ^ {q}, {s} = {a} ^ {r}, {c} = ({p} & {q}) | ({a} & {r});")
                else:
                    p, q = taken
                    lines.append(f"const Lanes {s} = {p} ^ {q}, {c} = {p} & {q};")
                left.append(s)
                columns[column + 1].append(c)
            bits.append(left[0] if left else "NONE")
            column += 1
        return bits, lines

    def _fresh(self) -> str:
        self._count += 1
        return f"v{self._count}"


def _reaches(bits: Sequence[str], least: int, most: int) -> str:
    """Lanes whose number is `least` or more."""
    if least <= 0:
        return "ALL"
    if least > most:
        return "NONE"
    found = "ALL"
    for place, bit in enumerate(bits):
        found = f"({bit} {'&' if least >> place & 1 else '|'} {found})"
        if found.endswith("| ALL)"):
            found = "ALL"
        elif found.endswith("& ALL)"):
            found = bit
    return found


_TEXT = """\
#if defined(__GNUC__) && !defined(MODEL_PORTABLE)
#define MODEL_PLANES
#ifdef __AVX512BW__
#include <immintrin.h>
#endif
enum {{ LANES = 512, WORDS = 8 }};
/* A sum takes hundreds of words. gcc for Arm would load most of them first, and then have to store them again. */
#ifdef __clang__
#define STRAIGHT static __attribute__((noinline))
#else
#define STRAIGHT static __attribute__((noinline, optimize("no-schedule-insns")))
#endif
/* What a sum makes and nothing needs is left out by the compiler, without a word. */
typedef uint64_t Lanes __attribute__((vector_size(64), unused));
#define NONE ((Lanes){{0}})
#define ALL (~NONE)

/* Bits of 64 bytes, each 0 or 1 where it counts. */
static inline uint64_t bits_of(const uint8_t *x, int bit)
{{
#ifdef __AVX512BW__
    return _mm512_test_epi8_mask(_mm512_loadu_si512(x), _mm512_set1_epi8((char)(1 << bit)));
#else
    uint64_t found = 0;
    for (int i = 0; i < 8; i++) {{
        uint64_t eight;
        memcpy(&eight, x + 8 * i, 8);
        found |= ((eight >> bit & 0x0101010101010101) * 0x0102040810204080 >> 56) << 8 * i;
    }}
    return found;
#endif
}}

/* Rows become columns, of each of eight squares of 64 by 64 bits, by halves of ever smaller squares. */
static void turned(Lanes *rows)
{{
    uint64_t mask = 0x00000000ffffffff;
    for (int by = 32; by; by >>= 1, mask ^= mask << by)
        for (int first = 0; first < 64; first += 2 * by)
            for (int i = first; i < first + by; i++) {{
                const Lanes swapped = (rows[i] >> by ^ rows[i + by]) & mask;
                rows[i] ^= swapped << by;
                rows[i + by] ^= swapped;
            }}
}}

static void planes_in(const {x} *x, Lanes *planes)
{{
    for (int i = 0; i < {inputs}; i += 64) {{
        const int left = {inputs} - i < 64 ? {inputs} - i : 64;
        for (int bit = 0; bit < {bits}; bit++) {{
            Lanes rows[64];
            for (int v = 0; v < 64; v++)
                for (int word = 0; word < WORDS; word++) {{
                    uint8_t last[64] = {{0}};
                    const {x} *from = x + (size_t)(word * 64 + v) * {inputs} + i;
                    if (left < 64)
                        memcpy(last, from, (size_t)left);
                    rows[v][word] = bits_of(left < 64 ? last : (const uint8_t *)from, bit);
                }}
            turned(rows);
            for (int c = 0; c < left; c++)
                planes[(i + c) * {bits} + bit] = rows[c];
        }}
    }}
}}

static void planes_out(const Lanes *planes, int bits, int64_t constant, {y} *y)
{{
    for (int word = 0; word < WORDS; word++) {{
        {y} sums[64];
        for (int v = 0; v < 64; v++)
            sums[v] = ({y})constant;
        for (int bit = 0; bit < bits; bit++) {{
            const uint64_t plane = planes[bit][word];
            for (int v = 0; v < 64; v++)
                sums[v] = ({y})(sums[v] + ((plane >> v & 1) << bit));
        }}
        for (int v = 0; v < 64; v++)
            y[(size_t)(word * 64 + v) * {outputs}] = sums[v];
    }}
}}

{functions}

static void planes_run(const {x} *x, {y} *y)
{{
    Lanes planes[{planes}];
    planes_in(x, planes);
{layers}
}}
#endif
"""
