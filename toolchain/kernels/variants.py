"""Dot products of bytes by instructions that some processors have; each build of the C takes those that it may use.

Weights lie in blocks of 16 outputs: of each block four inputs after four, and of those the four bytes of each output.
So one register holds sums of several outputs, and no sum is ever added up across a register.
`MODEL_PORTABLE` leaves all of it out of a compilation.
"""

from __future__ import annotations

BLOCK = 16
"""Outputs whose weights lie together."""
CHOSEN = """\
#if !defined(MODEL_PORTABLE) && defined(__GNUC__)
#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
#define MODEL_VNNI
#elif defined(__AVX2__)
#define MODEL_AVX2
#elif defined(__ARM_NEON) && defined(__aarch64__)
#define MODEL_NEON
#endif
#endif

#if defined(MODEL_VNNI) || defined(MODEL_AVX2)
#include <immintrin.h>
#elif defined(MODEL_NEON)
#include <arm_neon.h>
#endif

#if defined(MODEL_VNNI) || defined(MODEL_AVX2) || defined(MODEL_NEON)
#define MODEL_DOTS
/* How bytes become what a product takes. */
#ifdef MODEL_NEON
#define MODEL_UNSIGNED 0x80808080
#define MODEL_SIGNED 0
#else
#define MODEL_UNSIGNED 0
#define MODEL_SIGNED 0x80808080
#endif
#define MODEL_INLINE static inline __attribute__((always_inline))
#endif

/* What a copy's bytes are moved by, and what products are still told of them: AVX2 takes bytes of either kind. */
#ifdef MODEL_AVX2
#define MODEL_MOVED(flip) 0
#define MODEL_STILL(flip) (flip)
#else
#define MODEL_MOVED(flip) ((flip) & 0xff)
#define MODEL_STILL(flip) 0
#endif

/* A weight that many positions share: AVX2 multiplies 16 bits. */
#ifdef MODEL_AVX2
#define MODEL_WEIGHT int16_t
#else
#define MODEL_WEIGHT int8_t
#endif
"""
"""What instructions a build may use: `MODEL_DOTS`, and one of `MODEL_VNNI`, `MODEL_AVX2` and `MODEL_NEON`."""
PRODUCTS = """\
#ifdef MODEL_DOTS
/* Four bytes of a row, or what is left of it. */
MODEL_INLINE uint32_t four_bytes(const uint8_t *x, int left)
{
    uint32_t word = 0;
    if (left >= 4)
        memcpy(&word, x, 4);
    else
        for (int i = 0; i < left; i++)
            word |= (uint32_t)x[i] << 8 * i;
    return word;
}

/* Sums of one block of outputs, how four inputs are multiplied into them, and what they come to. */
#if defined(MODEL_VNNI)
typedef __m512i Sums;
typedef __m512i Ready;
enum { MODEL_ROWS = 4, MODEL_BLOCKS = 4, MODEL_ALONE = 8 };
#define START _mm512_setzero_si512()

/* Unsigned bytes by signed ones: `flip` makes signed bytes unsigned, 128 more, which the start takes off. */
MODEL_INLINE Sums multiplied(Sums sums, uint32_t word, uint32_t flip, const int8_t *weights)
{
    return _mm512_dpbusd_epi32(sums, _mm512_set1_epi32((int)(word ^ flip)), _mm512_loadu_si512(weights));
}

/* Four products into each sum. The instruction itself, since of the intrinsic gcc 12 makes copies of all sums. */
MODEL_INLINE void products(__m512i *sums, __m512i x, __m512i weights)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*sums) : "v"(x), "v"(weights));
}

MODEL_INLINE Sums both(Sums one, Sums other) { return _mm512_add_epi32(one, other); }

MODEL_INLINE Ready ready(Sums sums, const int32_t *start) { return _mm512_add_epi32(sums, _mm512_loadu_si512(start)); }

MODEL_INLINE void kept(Ready sums, int left, int32_t *y)
{
    _mm512_mask_storeu_epi32(y, (__mmask16)(left >= 16 ? 0xffff : (1 << left) - 1), sums);
}
#elif defined(MODEL_AVX2)
/* Two sums of each output; four outputs a register. */
typedef struct {
    __m256i of[4];
} Sums;
typedef struct {
    __m256i of[2];
} Ready;
enum { MODEL_ROWS = 2, MODEL_TILE = 2, MODEL_BLOCKS = 1, MODEL_ALONE = 1 };
#define START (Sums){{{0}}}

/* Bytes as 16 bits, so that no product of pairs is beyond its type. `flip` 0: unsigned bytes. */
MODEL_INLINE Sums multiplied(Sums sums, uint32_t word, uint32_t flip, const int8_t *weights)
{
    const __m128i bytes = _mm_set1_epi32((int)word);
    const __m256i x = flip ? _mm256_cvtepi8_epi16(bytes) : _mm256_cvtepu8_epi16(bytes);
    for (int i = 0; i < 4; i++) {
        const __m256i w = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(weights + 16 * i)));
        sums.of[i] = _mm256_add_epi32(sums.of[i], _mm256_madd_epi16(x, w));
    }
    return sums;
}

/* Four inputs of some rows. Some instructions themselves, and weights in registers: gcc takes two others for
   `vpbroadcastd`, makes copies of all sums, and reads the weights anew for each row. */
MODEL_INLINE void four_each(__m256i *x, const uint8_t *const *at, int32_t place, uint32_t flip, const int rows)
{
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) {
        __m128i bytes;
        __asm__("vpbroadcastd %1, %0" : "=x"(bytes) : "m"(*(const uint8_t(*)[4])(at[r] + place)));
        x[r] = flip ? _mm256_cvtepi8_epi16(bytes) : _mm256_cvtepu8_epi16(bytes);
    }
}

#define BY_WEIGHTS(read) \\
    for (int i = 0; i < 4; i++) { \\
        __m256i w = read; \\
        __asm__("" : "+x"(w)); \\
        for (int r = 0; r < rows; r++) \\
            __asm__("vpaddd %1, %0, %0" : "+x"(sums[r].of[i]) : "x"(_mm256_madd_epi16(x[r], w))); \\
    }

/* The same of some rows, by weights of 16 bits. */
MODEL_INLINE void shared(
    Sums *sums, const uint8_t *const *at, int32_t place, uint32_t flip, const int16_t *weights, const int rows)
{
    __m256i x[MODEL_TILE];
    four_each(x, at, place, flip, rows);
    BY_WEIGHTS(_mm256_loadu_si256((const __m256i *)(const void *)(weights + 16 * i)))
}

enum { MODEL_SIDE = 2 };

/* Eight inputs of some rows. */
MODEL_INLINE void side_by_side(
    Sums *sums, const uint8_t *const *at, int32_t place, uint32_t flip, const int8_t *weights, const int rows,
    const int narrow, const int fours)
{
    __m256i x[MODEL_TILE];
    (void)narrow;
#pragma GCC unroll 2
    for (int four = 0; four < fours; four++, weights += 64) {
        four_each(x, at, place + 4 * four, flip, rows);
        BY_WEIGHTS(_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(weights + 16 * i))))
    }
}

MODEL_INLINE Sums both(Sums one, Sums other)
{
    for (int i = 0; i < 4; i++)
        one.of[i] = _mm256_add_epi32(one.of[i], other.of[i]);
    return one;
}

MODEL_INLINE Ready ready(Sums sums, const int32_t *start)
{
    Ready made;
    for (int i = 0; i < 2; i++) {
        const __m256i pairs = _mm256_hadd_epi32(sums.of[2 * i], sums.of[2 * i + 1]);
        const __m256i begun = _mm256_loadu_si256((const __m256i *)(const void *)(start + 8 * i));
        made.of[i] = _mm256_add_epi32(_mm256_permute4x64_epi64(pairs, 0xd8), begun);
    }
    return made;
}

MODEL_INLINE void kept(Ready sums, int left, int32_t *y)
{
    int32_t all[16];
    for (int i = 0; i < 2; i++)
        _mm256_storeu_si256((__m256i *)(void *)(all + 8 * i), sums.of[i]);
    memcpy(y, all, (size_t)(left < 16 ? left : 16) * sizeof(*y));
}
#else
typedef int32x4x4_t Ready;

/* Signed bytes: `flip` makes unsigned bytes signed, 128 less, which the start adds. */
MODEL_INLINE int8x16_t all_alike(uint32_t word, uint32_t flip)
{
    return vreinterpretq_s8_u32(vdupq_n_u32(word ^ flip));
}

MODEL_INLINE void kept(Ready sums, int left, int32_t *y)
{
    int32_t all[16], *const to = left < 16 ? all : y;
    for (int i = 0; i < 4; i++)
        vst1q_s32(to + 4 * i, sums.val[i]);
    if (left < 16)
        memcpy(y, all, (size_t)left * sizeof(*y));
}

#ifndef __ARM_FEATURE_DOTPROD
/* Two sums of each output; two outputs a register. */
typedef struct {
    int32x4_t of[8];
} Sums;
enum { MODEL_ROWS = 2, MODEL_TILE = 2, MODEL_BLOCKS = 1, MODEL_ALONE = 1 };
#define START (Sums){{vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), \\
                     vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)}}

/* 16 bits hold a product. */
MODEL_INLINE Sums once(Sums sums, int8x16_t x, const int8_t *weights)
{
    for (int i = 0; i < 4; i++) {
        const int8x16_t w = vld1q_s8(weights + 16 * i);
        sums.of[2 * i] = vpadalq_s16(sums.of[2 * i], vmull_s8(vget_low_s8(x), vget_low_s8(w)));
        sums.of[2 * i + 1] = vpadalq_s16(sums.of[2 * i + 1], vmull_high_s8(x, w));
    }
    return sums;
}

MODEL_INLINE Sums multiplied(Sums sums, uint32_t word, uint32_t flip, const int8_t *weights)
{
    return once(sums, all_alike(word, flip), weights);
}

#define MODEL_TWICE
/* Four inputs `x` and four `z` of some rows, of whose products 16 bits hold the sum of two. Between halves nothing is
   moved: gcc would begin all products, and put off sums until no register is left. */
MODEL_INLINE void twice(Sums *sums, const int8x16_t *x, const int8x16_t *z, const int8_t *weights, const int rows)
{
#pragma GCC unroll 2
    for (int half = 0; half < 4; half += 2) {
#pragma GCC unroll 2
        for (int i = half; i < half + 2; i++) {
            const int8x16_t w = vld1q_s8(weights + 16 * i), v = vld1q_s8(weights + 64 + 16 * i);
#pragma GCC unroll 2
            for (int r = 0; r < rows; r++) {
                const int16x8_t low = vmull_s8(vget_low_s8(x[r]), vget_low_s8(w)), high = vmull_high_s8(x[r], w);
                int32x4_t *of = sums[r].of + 2 * i;
                of[0] = vpadalq_s16(of[0], vmlal_s8(low, vget_low_s8(z[r]), vget_low_s8(v)));
                of[1] = vpadalq_s16(of[1], vmlal_high_s8(high, z[r], v));
            }
        }
        __asm__ volatile("");
    }
}

MODEL_INLINE Sums both(Sums one, Sums other)
{
    for (int i = 0; i < 8; i++)
        one.of[i] = vaddq_s32(one.of[i], other.of[i]);
    return one;
}

MODEL_INLINE Ready ready(Sums sums, const int32_t *start)
{
    Ready made;
    for (int i = 0; i < 4; i++)
        made.val[i] = vaddq_s32(vpaddq_s32(sums.of[2 * i], sums.of[2 * i + 1]), vld1q_s32(start + 4 * i));
    return made;
}

enum { MODEL_SIDE = 2 };

/* Eight inputs of some rows. */
MODEL_INLINE void side_by_side(
    Sums *sums, const uint8_t *const *at, int32_t place, uint32_t flip, const int8_t *weights, const int rows,
    const int narrow, const int fours)
{
    int8x16_t x[MODEL_TILE], z[MODEL_TILE];
    (void)fours;
#pragma GCC unroll 2
    for (int r = 0; r < rows; r++) {
        uint32x2_t words = vreinterpret_u32_u8(vld1_u8(at[r] + place));
        __asm__("" : "+w"(words)); /* gcc would read it word by word */
        words = veor_u32(words, vdup_n_u32(flip));
        x[r] = vreinterpretq_s8_u32(vdupq_lane_u32(words, 0)), z[r] = vreinterpretq_s8_u32(vdupq_lane_u32(words, 1));
    }
    if (narrow)
        twice(sums, x, z, weights, rows);
    else
        for (int r = 0; r < rows; r++)
            sums[r] = once(once(sums[r], x[r], weights), z[r], weights + 64);
}
#else
typedef int32x4x4_t Sums;
enum { MODEL_ROWS = 4, MODEL_TILE = 4, MODEL_BLOCKS = 1, MODEL_ALONE = 1 };
#define START (Sums){{vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)}}

MODEL_INLINE Sums multiplied(Sums sums, uint32_t word, uint32_t flip, const int8_t *weights)
{
    const int8x16_t x = all_alike(word, flip);
    for (int i = 0; i < 4; i++)
        sums.val[i] = vdotq_s32(sums.val[i], x, vld1q_s8(weights + 16 * i));
    return sums;
}

MODEL_INLINE Sums both(Sums one, Sums other)
{
    for (int i = 0; i < 4; i++)
        one.val[i] = vaddq_s32(one.val[i], other.val[i]);
    return one;
}

MODEL_INLINE Ready ready(Sums sums, const int32_t *start)
{
    for (int i = 0; i < 4; i++)
        sums.val[i] = vaddq_s32(sums.val[i], vld1q_s32(start + 4 * i));
    return sums;
}

enum { MODEL_SIDE = 4 };

/* Sums are what they come to, so that they can begin with their start. */
#define BEGUN(start) sums_at(start, 16)
#define ENDED(sums, start) (sums)

/* Sixteen inputs of some rows, or the first twelve of them. The instruction itself, in this order: gcc would take row
   after row, and put off sums until no register is left. */
MODEL_INLINE void side_by_side(
    Sums *sums, const uint8_t *const *at, int32_t place, uint32_t flip, const int8_t *weights, const int rows,
    const int narrow, const int fours)
{
    uint8x16_t x[MODEL_TILE];
    int8x16_t w[4];
    (void)narrow;
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
        x[r] = veorq_u8(vld1q_u8(at[r] + place), vreinterpretq_u8_u32(vdupq_n_u32(flip)));
#define LANE(lane) \\
    for (int i = 0; i < 4; i++) \\
        w[i] = vld1q_s8(weights + 64 * lane + 16 * i); \\
    for (int i = 0; i < 4; i++) \\
        for (int r = 0; r < rows; r++) \\
            __asm__ volatile("sdot %0.4s, %1.16b, %2.4b[" #lane "]" : "+w"(sums[r].val[i]) : "w"(w[i]), "w"(x[r]));
    LANE(0)
    LANE(1)
    LANE(2)
    if (fours > 3) {
        LANE(3)
    }
}
#endif

MODEL_INLINE void shared(
    Sums *sums, const uint8_t *const *at, int32_t place, uint32_t flip, const int8_t *weights, const int rows)
{
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
        sums[r] = multiplied(sums[r], four_bytes(at[r] + place, 4), flip, weights);
}
#endif

#ifndef BEGUN
#define BEGUN(start) START
#define ENDED(sums, start) ready(sums, start)
#endif
#endif
"""
"""Four inputs by the weights of 16 outputs into `Sums`, which become `Ready`, where `MODEL_DOTS` is defined."""
DOTS = """\
#ifdef MODEL_DOTS
/* Four inputs of some rows, or what is left of them, into all sums. */
MODEL_INLINE void dots_four(
    Sums *sums, const uint8_t *x, size_t step, int left, const int8_t *weights, size_t block, uint32_t flip,
    const int rows, const int blocks)
{
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++) {
        const uint32_t word = four_bytes(x + (size_t)r * step, left);
#pragma GCC unroll 16
        for (int b = 0; b < blocks; b++)
            sums[r * blocks + b] = multiplied(sums[r * blocks + b], word, flip, weights + (size_t)b * block);
    }
}

/* Some rows by some blocks of outputs, both few and known when this is compiled. */
MODEL_INLINE void dots_tile(
    const uint8_t *x, size_t step, const int8_t *weights, const int32_t *start, int inputs, uint32_t flip,
    const int narrow, int32_t *y, int outputs, int left, const int rows, const int blocks)
{
    /* Few sums would each wait for the one before, so there are two of each. */
    const int sets = MODEL_ALONE > 1 && rows * blocks <= 4 ? 2 : 1;
    const int whole = inputs / 4, rest = inputs % 4;
    const size_t block = 64 * (size_t)(whole + (rest > 0));
    Sums sums[16];
#pragma GCC unroll 16
    for (int i = 0; i < sets * rows * blocks; i++)
        sums[i] = START;
    int i = 0;
#ifndef MODEL_VNNI
    const uint8_t *at[MODEL_ROWS];
    for (int r = 0; r < rows; r++)
        at[r] = x + (size_t)r * step;
    for (; i + MODEL_SIDE <= whole; i += MODEL_SIDE)
        side_by_side(sums, at, 4 * i, flip, weights + 64 * i, rows, narrow, MODEL_SIDE);
#else
    (void)narrow;
#endif
    for (; sets == 2 && i + 1 < whole; i += 2) {
        dots_four(sums, x + 4 * i, step, 4, weights + 64 * i, block, flip, rows, blocks);
        dots_four(sums + rows * blocks, x + 4 * i + 4, step, 4, weights + 64 * i + 64, block, flip, rows, blocks);
    }
    for (; i < whole; i++)
        dots_four(sums, x + 4 * (size_t)i, step, 4, weights + 64 * (size_t)i, block, flip, rows, blocks);
    if (rest)
        dots_four(sums, x + 4 * whole, step, rest, weights + 64 * whole, block, flip, rows, blocks);
    if (sets == 2)
#pragma GCC unroll 16
        for (int k = 0; k < rows * blocks; k++)
            sums[k] = both(sums[k], sums[rows * blocks + k]);
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
        for (int b = 0; b < blocks; b++)
            kept(ready(sums[r * blocks + b], start + 16 * b), left - 16 * b, y + (size_t)r * (size_t)outputs + 16 * b);
}

/* y[r][c] = start[c] + sum of x[r][i] * weight of c and i, for all rows, which lie `step` bytes apart. `narrow`: 16
   bits hold two products of bytes with a sign. */
static void dots(
    const uint8_t *x, size_t step, int rows, const int8_t *weights, const int32_t *start, int inputs, uint32_t flip,
    int narrow, int outputs, int32_t *y)
{
    const size_t block = (size_t)(inputs + 3) / 4 * 64;
    const int together = rows / MODEL_ROWS * MODEL_ROWS;
#define TILE(r, b) \\
    dots_tile(x + (size_t)row * step, step, weights + (size_t)(c / 16) * block, start + c, inputs, flip, \\
              narrow, y + (size_t)row * (size_t)outputs + c, outputs, outputs - c, r, b)
    for (int c = 0; c < outputs; c += 16 * MODEL_BLOCKS)
        for (int row = 0; row < together; row += MODEL_ROWS)
#ifdef MODEL_VNNI
            switch ((outputs - c + 15) / 16) {
            case 1: TILE(MODEL_ROWS, 1); break;
            case 2: TILE(MODEL_ROWS, 2); break;
            case 3: TILE(MODEL_ROWS, 3); break;
            default: TILE(MODEL_ROWS, 4);
            }
#else
            TILE(MODEL_ROWS, 1);
#endif
    for (int c = 0; c < outputs; c += 16 * MODEL_ALONE)
        for (int row = together; row < rows; row++)
#ifdef MODEL_VNNI
            switch ((outputs - c + 15) / 16) {
            case 1: TILE(1, 1); break;
            case 2: TILE(1, 2); break;
            case 3: TILE(1, 3); break;
            case 4: TILE(1, 4); break;
            case 5: TILE(1, 5); break;
            case 6: TILE(1, 6); break;
            case 7: TILE(1, 7); break;
            default: TILE(1, 8);
            }
#else
            TILE(1, 1);
#endif
}
#endif
"""
"""`dots`, where `MODEL_DOTS` is defined: bytes by bytes, added up in 32 bits."""
