"""Products of bits by -1, 0 and 1, counted: a population count takes 64 of them at once in each of eight outputs.

Weights take a quarter of the memory that bytes take, which is what a small dense layer waits for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Linear
from toolchain.kernels.c_text import typed_constant, wide_constant
from toolchain.kernels.row import Row, RowKernel

# Fewer inputs leave most of a word empty; more than that are rarely bits.
_LEAST_INPUTS, _MOST_INPUTS = 48, 1024

# Outputs of a register, and bits of a word.
_OUTPUTS, _BITS = 8, 64

COUNTED = """\
#if !defined(MODEL_PORTABLE) && defined(__GNUC__) && defined(__AVX512VPOPCNTDQ__) && defined(__AVX512BW__)
#define MODEL_BITS
#include <immintrin.h>

/* Of each 8 outputs and 64 inputs: where weights are 1, then where they are -1. Rows lie `inputs` bytes apart. */
static inline void counted(
    const int8_t *x, int rows, const int inputs, const int64_t *weights, const int32_t *start, const int outputs,
    int32_t *y)
{
    const int words = (inputs + 63) / 64;
    for (int row = 0; row < rows; row++, x += inputs, y += outputs) {
        const int64_t *from = weights;
        __m512i bits[16];
        for (int word = 0; word < words; word++) {
            const int left = inputs - 64 * word;
            const __mmask64 inside = left >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << left) - 1;
            const __m512i bytes = _mm512_maskz_loadu_epi8(inside, x + 64 * word);
            bits[word] = _mm512_set1_epi64((long long)_mm512_test_epi8_mask(bytes, bytes));
        }
        for (int c = 0; c < outputs; c += 8) {
            __m512i sums = _mm512_setzero_si512();
            for (int word = 0; word < words; word++, from += 16) {
                const __m512i more = _mm512_popcnt_epi64(_mm512_and_si512(bits[word], _mm512_loadu_si512(from)));
                const __m512i less = _mm512_popcnt_epi64(_mm512_and_si512(bits[word], _mm512_loadu_si512(from + 8)));
                sums = _mm512_add_epi64(sums, _mm512_sub_epi64(more, less));
            }
            const int left = outputs - c;
            const __mmask16 kept = (__mmask16)(left >= 8 ? 0xff : (1 << left) - 1);
            const __m512i whole = _mm512_zextsi256_si512(_mm512_cvtepi64_epi32(sums));
            const __m512i begun = _mm512_maskz_loadu_epi32(kept, start + c);
            _mm512_mask_storeu_epi32(y + c, kept, _mm512_add_epi32(whole, begun));
        }
    }
}
#endif
"""
"""`counted`, where `MODEL_BITS` is defined."""


def by_bits(op: Linear, name: str, x: Row, y: Row) -> RowKernel | None:
    """A product of bits in builds that count them quickly; None where it is none."""
    weights = op.weights
    ternary = np.abs(weights).max() <= 1
    of_bits = x.type.low.min() >= 0 and x.type.high.max() <= 1 and x.c == "int8_t"
    if (
        op.groups > 1
        or not ternary
        or not of_bits
        or y.dtype != np.int32
        or not _LEAST_INPUTS <= len(weights) <= _MOST_INPUTS
    ):
        return None
    constants = (
        "#ifdef MODEL_BITS\n",
        typed_constant("int64_t", f"{name}_planes", planes_of(weights)),
        wide_constant(f"{name}_counts", op.bias),
        "#endif\n",
    )
    at_once = (
        "#ifdef MODEL_BITS",
        f"counted(x0, rows, {len(weights)}, {name}_planes, {name}_counts, {op.outputs}, y);",
        "return;",
        "#endif",
    )
    return RowKernel((), constants, (COUNTED,), at_once)


def planes_of(weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Words of weights of shape (inputs, outputs) as `COUNTED` takes them, as 64 bits with a sign."""
    inputs, outputs = weights.shape
    whole = np.pad(weights, ((0, -inputs % _BITS), (0, -outputs % _OUTPUTS)))
    signs = np.stack([whole == 1, whole == -1])
    bits = signs.reshape(2, -1, _BITS, whole.shape[1] // _OUTPUTS, _OUTPUTS).transpose(3, 1, 0, 4, 2)
    packed: NDArray[np.int64] = np.packbits(bits, axis=-1, bitorder="little").view(np.int64)
    return packed
