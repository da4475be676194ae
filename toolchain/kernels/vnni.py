"""Whole convolutions by AVX-512 VNNI: windows are read where they lie, and sums become codes in registers.

It takes `MODEL_VNNI` of `toolchain.kernels.variants`. A window's lines are read through one pointer a position, so
nothing is gathered. How sums are scaled, and that it is exact: `toolchain.kernels.scaling`.
"""

from __future__ import annotations

POSITIONS = 8
"""Positions that share the weights in registers."""
WIDE = 64
"""Bytes that one register holds: channels of a depthwise convolution that go at once."""

SCALED = """\
#ifdef MODEL_VNNI
/* Four products into each sum. The instruction itself, since of the intrinsic gcc 12 makes copies of all sums. */
MODEL_INLINE void products(__m512i *sums, __m512i x, __m512i weights)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*sums) : "v"(x), "v"(weights));
}

/* How sums become codes, from `low` to `high`: (sum * multiplier + offset) >> (32 + shift), or >> whole. Of what takes
   64 bits, each 16 outputs have those of the even ones first. `negative` holds the offsets of negative sums. What is
   absent is not needed. */
typedef struct {
    const int32_t *multiplier, *shift;
    const int64_t *whole, *offset, *negative;
    int low, high;
} Scale;

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

/* Codes of rows of sums; the parameters of all channels are alike where `alike`. */
MODEL_INLINE void scaled_rows(const int32_t *x, int rows, int size, const Scale *scale, const int alike, int8_t *y)
{
    const int lines = alike ? 1 : rows, wide = alike ? rows * size : size;
    for (int row = 0; row < lines; row++, x += wide, y += wide)
        for (int c = 0; c < wide; c += 16) {
            const int left = wide - c;
            const __mmask16 kept = (__mmask16)(left >= 16 ? 0xffff : (1 << left) - 1);
            const __m512i codes = scaled(_mm512_maskz_loadu_epi32(kept, x + c), scale, alike ? 0 : c);
            if (left >= 16)
                _mm_storeu_si128((__m128i *)(void *)(y + c), _mm512_cvtepi32_epi8(codes));
            else
                _mm512_mask_cvtepi32_storeu_epi8(y + c, kept, codes);
        }
}
#endif
"""

BORDERED = """\
#ifdef MODEL_VNNI
/* Lines of bytes with a border of `fill` around them, all flipped, and `more` zeros behind. */
static void bordered(
    const uint8_t *x, int lines, int bytes, const int *border, uint8_t fill, uint8_t flip, int more, uint8_t *y)
{
    const int wide = border[2] + bytes + border[3];
    memset(y, fill ^ flip, (size_t)(border[0] + lines + border[1]) * (size_t)wide);
    y += border[0] * wide + border[2];
    for (int line = 0; line < lines; line++, x += bytes, y += wide)
        for (int i = 0; i < bytes; i++)
            y[i] = x[i] ^ flip;
    memset(y - border[2] + border[1] * wide, 0, (size_t)more);
}
#endif
"""

LAYER = """\
#ifdef MODEL_VNNI
/* Windows of so many fours of bytes, each at its place, and weights of each 16 outputs as
   `dots` takes them. All of it is known when a layer is compiled. */
typedef struct {
    int words;
    const int32_t *places;
    uint32_t flip;
    int outputs;
    const int8_t *weights;
    const int32_t *start;
    const Scale *scale;
} Layer;

/* What is made of sums: themselves, or their codes. */
MODEL_INLINE void left_over(__m512i sums, const Layer *layer, int row, int c, void *y)
{
    const size_t place = (size_t)row * (size_t)layer->outputs + (size_t)c;
    const int left = layer->outputs - c;
    const __mmask16 kept = (__mmask16)(left >= 16 ? 0xffff : (1 << left) - 1);
    if (!layer->scale) {
        _mm512_mask_storeu_epi32((int32_t *)y + place, kept, sums);
        return;
    }
    const __m512i codes = scaled(sums, layer->scale, c);
    if (left >= 16)
        _mm_storeu_si128((__m128i *)(void *)((int8_t *)y + place), _mm512_cvtepi32_epi8(codes));
    else
        _mm512_mask_cvtepi32_storeu_epi8((int8_t *)y + place, kept, codes);
}

/* Some windows by some blocks of outputs, both few and known when this is compiled. */
MODEL_INLINE void layer_tile(
    const Layer *layer, const uint8_t *const *at, int c, void *y, const int rows, const int blocks)
{
    const __m512i flip = _mm512_set1_epi32((int)layer->flip);
    const size_t block = (size_t)layer->words * 64;
    const int8_t *weights = layer->weights + (size_t)(c / 16) * block;
    __m512i sums[16];
#pragma GCC unroll 16
    for (int i = 0; i < rows * blocks; i++)
        sums[i] = _mm512_loadu_si512(layer->start + c + i % blocks * 16);
    for (int i = 0; i < layer->words; i++, weights += 64) {
        const int32_t place = layer->places[i];
        __m512i w[2];
#pragma GCC unroll 2
        for (int b = 0; b < blocks; b++)
            w[b] = _mm512_loadu_si512(weights + (size_t)b * block);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            int32_t word;
            memcpy(&word, at[r] + place, 4);
            const __m512i x = _mm512_xor_si512(_mm512_set1_epi32(word), flip);
#pragma GCC unroll 2
            for (int b = 0; b < blocks; b++)
                products(&sums[r * blocks + b], x, w[b]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int b = 0; b < blocks; b++)
            left_over(sums[r * blocks + b], layer, r, c + 16 * b, y);
}

/* Some windows: sums, or codes where the layer has a scale. */
MODEL_INLINE void layer_rows(const Layer *layer, const uint8_t *const *at, void *y, const int rows)
{
    int c = 0;
    for (; layer->outputs - c > 16; c += 32)
        layer_tile(layer, at, c, y, rows, 2);
    if (c < layer->outputs)
        layer_tile(layer, at, c, y, rows, 1);
}
#endif
"""

DEPTHWISE = """\
#ifdef MODEL_VNNI
/* Each channel for itself, 64 outputs of a line at once, by fours of taps.
   `taps`: bytes from a window's first to each tap; `pieces`: bytes to each 16 outputs, where they do not lie side by
   side. Weights, starts and scales lie as the bytes of four taps come to stand beside each other. */
typedef struct {
    int outputs, period, fours;
    const int32_t *taps, *pieces;
    const int8_t *weights;
    const int32_t *start;
    Scale scale;
} Depthwise;

MODEL_INLINE __m512i one_tap(const uint8_t *x, const int32_t *pieces)
{
    if (!pieces)
        return _mm512_loadu_si512(x);
#define PIECE(i) _mm_loadu_si128((const __m128i *)(const void *)(x + pieces[i]))
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(PIECE(0)), PIECE(1), 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(PIECE(2)), PIECE(3), 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

MODEL_INLINE void depthwise_line(const Depthwise *layer, const uint8_t *x, int8_t *y, const int contiguous)
{
    const Scale *scale = &layer->scale;
    for (int e = 0, k = 0; e < layer->outputs; e += 64, k = k + 64 < layer->period ? k + 64 : 0) {
        const int8_t *weights = layer->weights + k * layer->fours * 4;
        const int32_t *pieces = contiguous ? 0 : layer->pieces + e / 16;
        const uint8_t *from = contiguous ? x + e : x;
        __m512i s[4];
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++)
            s[q] = _mm512_loadu_si512(layer->start + k + 16 * q);
        for (int four = 0; four < layer->fours; four++, weights += 256) {
            const int32_t *taps = layer->taps + 4 * four;
            const __m512i a = one_tap(from + taps[0], pieces), b = one_tap(from + taps[1], pieces);
            const __m512i c = one_tap(from + taps[2], pieces), d = one_tap(from + taps[3], pieces);
            const __m512i ab = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
            const __m512i cd = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
            products(&s[0], _mm512_unpacklo_epi16(ab, cd), _mm512_loadu_si512(weights));
            products(&s[1], _mm512_unpackhi_epi16(ab, cd), _mm512_loadu_si512(weights + 64));
            products(&s[2], _mm512_unpacklo_epi16(ab_high, cd_high), _mm512_loadu_si512(weights + 128));
            products(&s[3], _mm512_unpackhi_epi16(ab_high, cd_high), _mm512_loadu_si512(weights + 192));
        }
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++)
            s[q] = scaled(s[q], scale, k + 16 * q);
        const __m512i low = _mm512_packs_epi32(s[0], s[1]), high = _mm512_packs_epi32(s[2], s[3]);
        const __m512i codes = scale->low < 0 ? _mm512_packs_epi16(low, high) : _mm512_packus_epi16(low, high);
        const int left = layer->outputs - e;
        _mm512_mask_storeu_epi8(y + e, left >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << left) - 1, codes);
    }
}

/* All outputs of one line, of the windows that begin at `x`. */
static void depthwise(const Depthwise *layer, const uint8_t *x, int8_t *y)
{
    if (layer->pieces)
        depthwise_line(layer, x, y, 0);
    else
        depthwise_line(layer, x, y, 1);
}
#endif
"""
