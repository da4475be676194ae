"""Whole convolutions by vector instructions: windows are read where they lie, and sums become codes in registers.

It takes `toolchain.kernels.variants` and `registers`. A window's lines are read through one pointer a position, so
nothing is gathered. AVX-512 VNNI has tiles of its own; AVX2 and NEON share theirs.
"""

from __future__ import annotations

POSITIONS = 8
"""Positions that share the weights in registers, or are taken apart into fewer."""

BORDERED = """\
#ifdef MODEL_DOTS
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
#ifdef MODEL_DOTS
/* Windows of so many fours of bytes, each at its place, and weights of each 16 outputs as `dots` takes them; how many
   fours surely lie side by side, 1 to 4, and whether 16 bits hold two products of bytes with a sign. All of it is known
   when a layer is compiled. */
typedef struct {
    int words, side, narrow;
    const int32_t *places;
    uint32_t flip;
    int outputs;
    const MODEL_WEIGHT *weights;
    const int32_t *start;
    const Scale *scale;
} Layer;

/* What is made of sums: themselves, or their codes. */
MODEL_INLINE void left_over(Ready sums, const Layer *layer, int row, int c, void *y)
{
    const size_t place = (size_t)row * (size_t)layer->outputs + (size_t)c;
    const int left = layer->outputs - c;
    if (layer->scale)
        coded(sums, layer->scale, c, left, (int8_t *)y + place);
    else
        kept(sums, left, (int32_t *)y + place);
}

#ifdef MODEL_VNNI
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
#else
/* Some windows from the `first` on by 16 outputs; few, and known when this is compiled. */
MODEL_INLINE void layer_tile(
    const Layer *layer, const uint8_t *const *at, int c, void *y, const int first, const int rows)
{
    const MODEL_WEIGHT *weights = layer->weights + (size_t)(c / 16) * (size_t)layer->words * 64;
    Sums sums[MODEL_TILE];
    int i = 0;
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
        sums[r] = BEGUN(layer->start + c);
    /* gcc would take a short loop apart, and put off sums until no register is left. */
#ifdef MODEL_NEON
    const int fours = layer->side == 3 && MODEL_SIDE == 4 ? 3 : MODEL_SIDE;
    const int whole = layer->side % fours ? 0 : layer->words;
#pragma GCC unroll 1
    for (; i < whole; i += fours, weights += 64 * fours)
        side_by_side(sums, at + first, layer->places[i], layer->flip, weights, rows, layer->narrow, fours);
#endif
#ifdef MODEL_TWICE
    const int pairs = layer->narrow ? layer->words / 2 * 2 : 0;
#pragma GCC unroll 1
    for (; i < pairs; i += 2, weights += 128) {
        const int32_t one = layer->places[i], other = layer->places[i + 1];
        int8x16_t x[MODEL_TILE], z[MODEL_TILE];
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) {
            x[r] = all_alike(four_bytes(at[first + r] + one, 4), layer->flip);
            z[r] = all_alike(four_bytes(at[first + r] + other, 4), layer->flip);
        }
        twice(sums, x, z, weights, rows);
    }
#endif
#pragma GCC unroll 1
    for (; i < layer->words; i++, weights += 64)
        shared(sums, at + first, layer->places[i], layer->flip, weights, rows);
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
        left_over(ENDED(sums[r], layer->start + c), layer, first + r, c, y);
}

/* Some windows: sums, or codes where the layer has a scale. */
MODEL_INLINE void layer_rows(const Layer *layer, const uint8_t *const *at, void *y, const int rows)
{
    for (int c = 0; c < layer->outputs; c += 16) {
#pragma GCC unroll 8
        for (int r = 0; r + MODEL_TILE <= rows; r += MODEL_TILE)
            layer_tile(layer, at, c, y, r, MODEL_TILE);
        if (rows % MODEL_TILE)
            layer_tile(layer, at, c, y, rows - rows % MODEL_TILE, rows % MODEL_TILE);
    }
}
#endif
#endif
"""

DEPTHWISE = """\
#ifdef MODEL_DOTS
/* Each channel for itself, some outputs of a line at once, by `groups` of taps that lie side by side in registers: of
   4, 2 or 1. `taps`: bytes from a window's first to each tap; `pieces`: bytes to each 16 outputs, where they do not lie
   side by side. Weights, starts and scales lie as the taps of a group come to stand beside each other. */
typedef struct {
    int outputs, period, groups, narrow;
    uint32_t flip;
    const int32_t *taps, *pieces;
    const MODEL_WEIGHT *weights;
    const int32_t *start;
    Scale scale;
} Depthwise;

#ifdef MODEL_VNNI
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
        const int8_t *weights = layer->weights + k * layer->groups * 4;
        const int32_t *pieces = contiguous ? 0 : layer->pieces + e / 16;
        const uint8_t *from = contiguous ? x + e : x;
        __m512i s[4];
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++)
            s[q] = _mm512_loadu_si512(layer->start + k + 16 * q);
        for (int four = 0; four < layer->groups; four++, weights += 256) {
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

#elif defined(MODEL_AVX2)
MODEL_INLINE __m256i one_tap(const uint8_t *x, uint32_t flip)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)x);
    return flip ? _mm256_cvtepi8_epi16(bytes) : _mm256_cvtepu8_epi16(bytes);
}

MODEL_INLINE void depthwise_line(const Depthwise *layer, const uint8_t *x, int8_t *y, const int contiguous)
{
    for (int e = 0, k = 0; e < layer->outputs; e += 16, k = k + 16 < layer->period ? k + 16 : 0) {
        const int16_t *weights = layer->weights + k * layer->groups * 2;
        const uint8_t *from = x + (contiguous ? e : layer->pieces[e / 16]);
        __m256i low = eight_bytes_each(layer->start + k), high = eight_bytes_each(layer->start + k + 8);
        for (int pair = 0; pair < layer->groups; pair++, weights += 32) {
            const __m256i a = one_tap(from + layer->taps[2 * pair], layer->flip);
            const __m256i b = one_tap(from + layer->taps[2 * pair + 1], layer->flip);
            low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), eight_bytes_each(weights)));
            const __m256i more = eight_bytes_each(weights + 16);
            high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), more));
        }
        low = scaled_half(low, &layer->scale, k, 0), high = scaled_half(high, &layer->scale, k, 1);
        limited(_mm256_packs_epi32(low, high), &layer->scale, layer->outputs - e, y + e);
    }
}
#else
MODEL_INLINE Ready wider(Ready sums, int16x8_t low, int16x8_t high)
{
    sums.val[0] = vaddw_s16(sums.val[0], vget_low_s16(low)), sums.val[1] = vaddw_high_s16(sums.val[1], low);
    sums.val[2] = vaddw_s16(sums.val[2], vget_low_s16(high)), sums.val[3] = vaddw_high_s16(sums.val[3], high);
    return sums;
}

MODEL_INLINE void depthwise_line(const Depthwise *layer, const uint8_t *x, int8_t *y, const int contiguous)
{
    for (int e = 0, k = 0; e < layer->outputs; e += 16, k = k + 16 < layer->period ? k + 16 : 0) {
        const int8_t *weights = layer->weights + k * layer->groups;
        const int8_t *from = (const int8_t *)x + (contiguous ? e : layer->pieces[e / 16]);
        const int pairs = layer->narrow ? layer->groups / 2 * 2 : 0;
        Ready sums = sums_at(layer->start + k, 16);
        int tap = 0;
        for (; tap < pairs; tap += 2, weights += 32) {
            const int8x16_t a = vld1q_s8(from + layer->taps[tap]), w = vld1q_s8(weights);
            const int8x16_t b = vld1q_s8(from + layer->taps[tap + 1]), v = vld1q_s8(weights + 16);
            const int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(w)), high = vmull_high_s8(a, w);
            sums = wider(sums, vmlal_s8(low, vget_low_s8(b), vget_low_s8(v)), vmlal_high_s8(high, b, v));
        }
        for (; tap < layer->groups; tap++, weights += 16) {
            const int8x16_t a = vld1q_s8(from + layer->taps[tap]), w = vld1q_s8(weights);
            sums = wider(sums, vmull_s8(vget_low_s8(a), vget_low_s8(w)), vmull_high_s8(a, w));
        }
        coded(sums, &layer->scale, k, layer->outputs - e, y + e);
    }
}
#endif

/* All outputs of one line, of the windows that begin at `x`. */
MODEL_INLINE void depthwise(const Depthwise *layer, const uint8_t *x, int8_t *y)
{
    if (layer->pieces)
        depthwise_line(layer, x, y, 0);
    else
        depthwise_line(layer, x, y, 1);
}
#endif
"""
