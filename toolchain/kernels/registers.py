"""Sums become codes in registers: by AVX-512, AVX2 and NEON, 16 at once, exactly as `scaling` says."""

from __future__ import annotations

_SCALE = """\
#ifdef MODEL_DOTS
/* How sums become codes, from `low` to `high`: (sum * multiplier + offset) >> (32 + shift), or >> whole. `negative`
   holds the offsets of negative sums, on Arm what those are more. What is absent is not needed. On x86 what takes 64
   bits has, of each 16 outputs, those of the even ones first; on Arm shifts are to the left. */
#ifdef MODEL_NEON
typedef int32_t Negative;
#else
typedef int64_t Negative;
#endif
typedef struct {
    const int32_t *multiplier, *shift;
    const int64_t *whole, *offset;
    const Negative *negative;
    int low, high;
} Scale;
#endif
"""

_AVX512 = """\
#ifdef MODEL_VNNI
MODEL_INLINE __m512i moved(__m512i product, const Scale *scale, int at)
{
    const __m512i offset = _mm512_loadu_si512(scale->offset + at);
    if (!scale->negative)
        return _mm512_add_epi64(product, offset);
    const __mmask8 below = _mm512_cmplt_epi64_mask(product, _mm512_setzero_si512());
    return _mm512_add_epi64(product, _mm512_mask_loadu_epi64(offset, below, scale->negative + at));
}

/* Codes of 16 sums, whose parameters stand at `at`. */
MODEL_INLINE __m512i scaled(__m512i sums, const Scale *scale, int at)
{
    const __m512i multiplier = _mm512_loadu_si512(scale->multiplier + at);
    const __m512i even = moved(_mm512_mul_epi32(sums, multiplier), scale, at);
    const __m512i above = _mm512_srli_epi64(multiplier, 32);
    const __m512i odd = moved(_mm512_mul_epi32(_mm512_srli_epi64(sums, 32), above), scale, at + 8);
    __m512i codes;
    if (scale->whole) {
        const __m512i first = _mm512_srav_epi64(even, _mm512_loadu_si512(scale->whole + at));
        const __m512i second = _mm512_srav_epi64(odd, _mm512_loadu_si512(scale->whole + at + 8));
        codes = _mm512_mask_shuffle_epi32(first, 0xaaaa, second, _MM_PERM_CCAA);
    } else {
        codes = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
        if (scale->shift)
            codes = _mm512_srav_epi32(codes, _mm512_loadu_si512(scale->shift + at));
    }
    return _mm512_max_epi32(_mm512_min_epi32(codes, _mm512_set1_epi32(scale->high)), _mm512_set1_epi32(scale->low));
}

/* Codes of the first `left` of 16 sums. */
MODEL_INLINE void coded(__m512i sums, const Scale *scale, int at, int left, int8_t *y)
{
    const __m512i codes = scaled(sums, scale, at);
    if (left >= 16)
        _mm_storeu_si128((__m128i *)(void *)y, _mm512_cvtepi32_epi8(codes));
    else
        _mm512_mask_cvtepi32_storeu_epi8(y, (__mmask16)((1 << left) - 1), codes);
}

MODEL_INLINE __m512i sums_at(const int32_t *x, int left)
{
    return _mm512_maskz_loadu_epi32((__mmask16)(left >= 16 ? 0xffff : (1 << left) - 1), x);
}
#endif
"""

_AVX2 = """\
#ifdef MODEL_AVX2
MODEL_INLINE __m256i eight_bytes_each(const void *x) { return _mm256_loadu_si256((const __m256i *)x); }

MODEL_INLINE __m256i moved(__m256i product, const Scale *scale, int at)
{
    const __m256i offset = eight_bytes_each(scale->offset + at);
    if (!scale->negative)
        return _mm256_add_epi64(product, offset);
    const __m256i below = _mm256_cmpgt_epi64(_mm256_setzero_si256(), product);
    return _mm256_add_epi64(product, _mm256_blendv_epi8(offset, eight_bytes_each(scale->negative + at), below));
}

/* There is no shift of 64 bits that keeps a sign: as of numbers without one, 2**63 more. */
MODEL_INLINE __m256i shifted(__m256i x, const int64_t *shift)
{
    const __m256i by = eight_bytes_each(shift), more = _mm256_set1_epi64x(INT64_MIN);
    return _mm256_sub_epi64(_mm256_srlv_epi64(_mm256_xor_si256(x, more), by), _mm256_srlv_epi64(more, by));
}

/* Codes before they are limited, of the first or the second 8 of 16 sums. */
MODEL_INLINE __m256i scaled_half(__m256i sums, const Scale *scale, int at, const int half)
{
    const __m256i multiplier = eight_bytes_each(scale->multiplier + at + 8 * half);
    const int wide = at + 4 * half;
    const __m256i even = moved(_mm256_mul_epi32(sums, multiplier), scale, wide);
    const __m256i above = _mm256_srli_epi64(multiplier, 32);
    const __m256i odd = moved(_mm256_mul_epi32(_mm256_srli_epi64(sums, 32), above), scale, wide + 8);
    if (scale->whole) {
        const __m256i second = _mm256_slli_epi64(shifted(odd, scale->whole + wide + 8), 32);
        return _mm256_blend_epi32(shifted(even, scale->whole + wide), second, 0xaa);
    }
    const __m256i codes = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    return scale->shift ? _mm256_srav_epi32(codes, eight_bytes_each(scale->shift + at + 8 * half)) : codes;
}

/* The first `left` of 16 codes of 16 bits, which become bytes within their limits. */
MODEL_INLINE void limited(__m256i codes, const Scale *scale, int left, int8_t *y)
{
    codes = _mm256_min_epi16(codes, _mm256_set1_epi16((short)scale->high));
    codes = _mm256_max_epi16(codes, _mm256_set1_epi16((short)scale->low));
    const __m128i low = _mm256_castsi256_si128(codes), high = _mm256_extracti128_si256(codes, 1);
    const __m128i bytes = scale->low < 0 ? _mm_packs_epi16(low, high) : _mm_packus_epi16(low, high);
    if (left >= 16) {
        _mm_storeu_si128((__m128i *)(void *)y, bytes);
    } else {
        int8_t all[16];
        _mm_storeu_si128((__m128i *)(void *)all, bytes);
        memcpy(y, all, (size_t)left);
    }
}

/* Codes of the first `left` of 16 sums. */
MODEL_INLINE void coded(Ready sums, const Scale *scale, int at, int left, int8_t *y)
{
    const __m256i low = scaled_half(sums.of[0], scale, at, 0), high = scaled_half(sums.of[1], scale, at, 1);
    limited(_mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8), scale, left, y);
}

MODEL_INLINE Ready sums_at(const int32_t *x, int left)
{
    int32_t all[16] = {0};
    if (left < 16)
        x = memcpy(all, x, (size_t)left * sizeof(*x));
    return (Ready){{eight_bytes_each(x), eight_bytes_each(x + 8)}};
}
#endif
"""

_NEON = """\
#ifdef MODEL_NEON
/* Codes before they are limited, of 4 sums. */
MODEL_INLINE int32x4_t scaled_quarter(int32x4_t sums, const Scale *scale, int at)
{
    const int32x4_t multiplier = vld1q_s32(scale->multiplier + at);
    int64x2_t low = vld1q_s64(scale->offset + at), high = vld1q_s64(scale->offset + at + 2);
    low = vmlal_s32(low, vget_low_s32(sums), vget_low_s32(multiplier));
    high = vmlal_high_s32(high, sums, multiplier);
    if (scale->negative) {
        const int32x4_t more = vandq_s32(vshrq_n_s32(sums, 31), vld1q_s32(scale->negative + at));
        low = vaddw_s32(low, vget_low_s32(more)), high = vaddw_high_s32(high, more);
    }
    if (scale->whole) {
        low = vshlq_s64(low, vld1q_s64(scale->whole + at));
        high = vshlq_s64(high, vld1q_s64(scale->whole + at + 2));
        return vuzp1q_s32(vreinterpretq_s32_s64(low), vreinterpretq_s32_s64(high));
    }
    const int32x4_t codes = vuzp2q_s32(vreinterpretq_s32_s64(low), vreinterpretq_s32_s64(high));
    return scale->shift ? vshlq_s32(codes, vld1q_s32(scale->shift + at)) : codes;
}

/* Codes of the first `left` of 16 sums. */
MODEL_INLINE void coded(Ready sums, const Scale *scale, int at, int left, int8_t *y)
{
    int16x8_t half[2];
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
        const int16x4_t low = vqmovn_s32(scaled_quarter(sums.val[2 * i], scale, at + 8 * i));
        half[i] = vqmovn_high_s32(low, scaled_quarter(sums.val[2 * i + 1], scale, at + 8 * i + 4));
    }
    int8x16_t codes;
    if (scale->low < 0) {
        codes = vqmovn_high_s16(vqmovn_s16(half[0]), half[1]);
        if (scale->low > -128)
            codes = vmaxq_s8(codes, vdupq_n_s8((int8_t)scale->low));
        if (scale->high < 127)
            codes = vminq_s8(codes, vdupq_n_s8((int8_t)scale->high));
    } else {
        uint8x16_t bytes = vqmovun_high_s16(vqmovun_s16(half[0]), half[1]);
        if (scale->low > 0)
            bytes = vmaxq_u8(bytes, vdupq_n_u8((uint8_t)scale->low));
        if (scale->high < 255)
            bytes = vminq_u8(bytes, vdupq_n_u8((uint8_t)scale->high));
        codes = vreinterpretq_s8_u8(bytes);
    }
    if (left >= 16) {
        vst1q_s8(y, codes);
    } else {
        int8_t all[16];
        vst1q_s8(all, codes);
        memcpy(y, all, (size_t)left);
    }
}

MODEL_INLINE Ready sums_at(const int32_t *x, int left)
{
    int32_t all[16] = {0};
    if (left < 16)
        x = memcpy(all, x, (size_t)left * sizeof(*x));
    return (Ready){{vld1q_s32(x), vld1q_s32(x + 4), vld1q_s32(x + 8), vld1q_s32(x + 12)}};
}
#endif
"""

_ROWS = """\
#ifdef MODEL_DOTS
/* Codes of rows of sums; the parameters of all channels are alike where `alike`. */
MODEL_INLINE void scaled_rows(const int32_t *x, int rows, int size, const Scale *scale, const int alike, int8_t *y)
{
    const int lines = alike ? 1 : rows, wide = alike ? rows * size : size;
    for (int row = 0; row < lines; row++, x += wide, y += wide)
        for (int c = 0; c < wide; c += 16)
            coded(sums_at(x + c, wide - c), scale, alike ? 0 : c, wide - c, y + c);
}
#endif
"""

SCALED = _SCALE + _AVX512 + _AVX2 + _NEON + _ROWS
"""`coded`, of 16 sums in registers, and `scaled_rows`, where `MODEL_DOTS` is defined."""
