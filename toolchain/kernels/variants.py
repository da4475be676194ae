"""Dot products by instructions that some processors have, chosen when the program runs.

`MODEL_PORTABLE` leaves all of them out of a compilation.
"""

from __future__ import annotations

DOTS = """\
#if defined(__x86_64__) && defined(__GNUC__) && !defined(MODEL_PORTABLE)
#define MODEL_VNNI
#include <immintrin.h>

/* Sums of each of 16 registers, in order. */
__attribute__((target("avx512f,avx512bw,avx512vnni")))
static __m512i added_up(const __m512i *s)
{
    __m512i pairs[8], fours[4], halves[2];
    for (int i = 0; i < 8; i++)
        pairs[i] = _mm512_add_epi32(
            _mm512_unpacklo_epi32(s[2 * i], s[2 * i + 1]), _mm512_unpackhi_epi32(s[2 * i], s[2 * i + 1]));
    for (int i = 0; i < 4; i++)
        fours[i] = _mm512_add_epi32(
            _mm512_unpacklo_epi64(pairs[2 * i], pairs[2 * i + 1]),
            _mm512_unpackhi_epi64(pairs[2 * i], pairs[2 * i + 1]));
    for (int i = 0; i < 2; i++)
        halves[i] = _mm512_add_epi32(
            _mm512_shuffle_i32x4(fours[2 * i], fours[2 * i + 1], 0x88),
            _mm512_shuffle_i32x4(fours[2 * i], fours[2 * i + 1], 0xdd));
    return _mm512_add_epi32(
        _mm512_shuffle_i32x4(halves[0], halves[1], 0x88), _mm512_shuffle_i32x4(halves[0], halves[1], 0xdd));
}

/* y[c] = start[c] + sum of x[i] * weights[c * inputs + i], 16 outputs at a time. */
__attribute__((target("avx512f,avx512bw,avx512vnni")))
static void dots_vnni(
    const uint8_t *x, const int8_t *weights, const int32_t *start, int inputs, int outputs, int32_t *y)
{
    const int whole = inputs / 64 * 64;
    const __mmask64 rest = ((__mmask64)1 << (inputs - whole)) - 1;
    for (int c = 0; c < outputs; c += 16) {
        __m512i sums[16];
        const int left = outputs - c < 16 ? outputs - c : 16;
        for (int j = 0; j < 16; j++) {
            const int8_t *row = weights + (size_t)(c + (j < left ? j : 0)) * (size_t)inputs;
            __m512i sum = _mm512_setzero_si512();
            for (int i = 0; i < whole; i += 64)
                sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(x + i), _mm512_loadu_si512(row + i));
            sums[j] = _mm512_dpbusd_epi32(
                sum, _mm512_maskz_loadu_epi8(rest, x + whole), _mm512_maskz_loadu_epi8(rest, row + whole));
        }
        const __mmask16 kept = (__mmask16)((1u << left) - 1);
        const __m512i begun = _mm512_maskz_loadu_epi32(kept, start + c);
        _mm512_mask_storeu_epi32(y + c, kept, _mm512_add_epi32(begun, added_up(sums)));
    }
}
#endif
"""
"""`dots_vnni`: AVX-512 VNNI multiplies unsigned bytes with signed ones, and adds in 32 bits."""
