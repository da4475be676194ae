"""Dot products of bytes on small processors, a row at a time: by Arm's DSP instructions, by Helium, by RISC-V's V.

Cortex-M4, M7 and M33 take two products and two sums in one instruction, Cortex-M55 sixteen, V as many as its
registers are long; others share what they read among some outputs. `MODEL_PORTABLE` leaves all of it out.
"""

from __future__ import annotations

DOT = """\
#if defined(__GNUC__) && !defined(MODEL_PORTABLE)
#if defined(__ARM_FEATURE_MVE)
#define MODEL_HELIUM
#include <arm_mve.h>
#elif defined(__ARM_FEATURE_DSP) && !defined(__ARM_NEON)
#define MODEL_ARM_DSP
#elif defined(__riscv_vector)
#define MODEL_RISCV_V
#elif !defined(__SSE2__) && !defined(__ARM_NEON)
#define MODEL_SCALAR
#endif
#endif

#if defined(MODEL_HELIUM)
#define MODEL_SMALL_DOT
/* Lanes behind the last byte are read as zeros. */
static inline int32_t dot_int8_t(const int8_t *x, const int8_t *weights, int count, int32_t sum)
{
    for (; count > 0; count -= 16, x += 16, weights += 16) {
        const mve_pred16_t inside = vctp8q((uint32_t)count);
        sum = vmladavaq_s8(sum, vldrbq_z_s8(x, inside), vldrbq_z_s8(weights, inside));
    }
    return sum;
}

/* Both sides as 16 bits: there is no product of bytes with a sign and without. */
static inline int32_t dot_uint8_t(const uint8_t *x, const int8_t *weights, int count, int32_t sum)
{
    for (; count > 0; count -= 8, x += 8, weights += 8) {
        const mve_pred16_t inside = vctp16q((uint32_t)count);
        const int16x8_t wide = vreinterpretq_s16_u16(vldrbq_z_u16(x, inside));
        sum = vmladavaq_s16(sum, wide, vldrbq_z_s16(weights, inside));
    }
    return sum;
}
#elif defined(MODEL_RISCV_V)
#define MODEL_SMALL_DOT
/* A compiler that uses the vector registers itself must be told of those that are taken; older ones know no names. */
#if defined(__clang__) || __GNUC__ > 13
#define MODEL_TAKEN "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8"
#else
#define MODEL_TAKEN "memory"
#endif

/* Products of 16 bits, added up to 32 bits in the first element of v8. */
#define MODEL_DOT(name, type, multiplied)                                                                   \\
    static inline int32_t name(const type *x, const int8_t *weights, int count, int32_t sum)                \\
    {                                                                                                       \\
        long left = count, some;                                                                            \\
        __asm__ volatile("vsetivli zero, 1, e32, m1, ta, ma\\n\\tvmv.s.x v8, %0" : : "r"(sum) : MODEL_TAKEN);  \\
        for (; left > 0; left -= some, x += some, weights += some)                                          \\
            __asm__ volatile(                                                                               \\
                "vsetvli %0, %1, e8, m2, ta, ma\\n\\t"                                                        \\
                "vle8.v v0, (%2)\\n\\t"                                                                       \\
                "vle8.v v2, (%3)\\n\\t"                                                                       \\
                multiplied " v4, v2, v0\\n\\t"                                                                \\
                "vsetvli zero, zero, e16, m4, ta, ma\\n\\t"                                                   \\
                "vwredsum.vs v8, v4, v8"                                                                    \\
                : "=&r"(some)                                                                               \\
                : "r"(left), "r"(x), "r"(weights)                                                           \\
                : MODEL_TAKEN);                                                                             \\
        __asm__ volatile("vsetivli zero, 1, e32, m1, ta, ma\\n\\tvmv.x.s %0, v8" : "=r"(some) : : MODEL_TAKEN); \\
        return (int32_t)some;                                                                               \\
    }
MODEL_DOT(dot_int8_t, int8_t, "vwmul.vv")
MODEL_DOT(dot_uint8_t, uint8_t, "vwmulsu.vv")
#elif defined(MODEL_ARM_DSP) || defined(MODEL_SCALAR)
#define MODEL_SMALL_DOT
#ifdef MODEL_ARM_DSP
/* Four bytes as two pairs of 16 bits: the even and the odd ones. */
#define MODEL_PAIRS(widened, even, odd, bytes)                                                              \\
    __asm__(widened " %0, %1" : "=r"(even) : "r"(bytes));                                                   \\
    __asm__(widened " %0, %1, ror #8" : "=r"(odd) : "r"(bytes))

static inline __attribute__((always_inline)) int32_t four_products(
    int32_t sum, const int8_t *weights, uint32_t x_even, uint32_t x_odd)
{
    uint32_t bytes, even, odd;
    __builtin_memcpy(&bytes, weights, 4);
    MODEL_PAIRS("sxtb16", even, odd, bytes);
    __asm__("smlad %0, %1, %2, %3" : "=r"(sum) : "r"(x_even), "r"(even), "r"(sum));
    __asm__("smlad %0, %1, %2, %3" : "=r"(sum) : "r"(x_odd), "r"(odd), "r"(sum));
    return sum;
}

#define MODEL_FOURS(widened)                                                                                \\
    for (; i + 4 <= inputs; i += 4, weights += 4) {                                                         \\
        uint32_t bytes, even, odd;                                                                          \\
        __builtin_memcpy(&bytes, x + i, 4);                                                                 \\
        MODEL_PAIRS(widened, even, odd, bytes);                                                             \\
        _Pragma("GCC unroll 4")                                                                             \\
        for (int c = 0; c < outputs; c++)                                                                   \\
            sums[c] = four_products(sums[c], weights + c * inputs, even, odd);                              \\
    }
#else
#define MODEL_FOURS(widened)
#endif

/* Some outputs, few and known when this is compiled, which share the inputs that were read. */
#define MODEL_ROW(name, type, widened)                                                                      \\
    static inline __attribute__((always_inline)) void name##_some(                                          \\
        const type *x, const int8_t *weights, const int inputs, const int outputs, int32_t *y)              \\
    {                                                                                                       \\
        int32_t sums[4];                                                                                    \\
        int i = 0;                                                                                          \\
        _Pragma("GCC unroll 4")                                                                             \\
        for (int c = 0; c < outputs; c++)                                                                   \\
            sums[c] = y[c];                                                                                 \\
        MODEL_FOURS(widened)                                                                                \\
        for (; i < inputs; i++, weights++)                                                                  \\
            _Pragma("GCC unroll 4")                                                                         \\
            for (int c = 0; c < outputs; c++)                                                               \\
                sums[c] += x[i] * weights[c * inputs];                                                      \\
        _Pragma("GCC unroll 4")                                                                             \\
        for (int c = 0; c < outputs; c++)                                                                   \\
            y[c] = sums[c];                                                                                 \\
    }                                                                                                       \\
                                                                                                            \\
    static inline __attribute__((always_inline)) void name(                                                 \\
        const type *x, const int8_t *weights, const int inputs, int outputs, int32_t *y)                    \\
    {                                                                                                       \\
        for (; outputs >= 4; outputs -= 4, weights += 4 * inputs, y += 4)                                    \\
            name##_some(x, weights, inputs, 4, y);                                                          \\
        for (; outputs > 0; outputs--, weights += inputs, y++)                                              \\
            name##_some(x, weights, inputs, 1, y);                                                          \\
    }
MODEL_ROW(row_int8_t, int8_t, "sxtb16")
MODEL_ROW(row_uint8_t, uint8_t, "uxtb16")
#endif

#if defined(MODEL_HELIUM) || defined(MODEL_RISCV_V)
#define MODEL_ROW(name, type, dot)                                                                           \\
    static inline void name(const type *x, const int8_t *weights, int inputs, int outputs, int32_t *y)      \\
    {                                                                                                       \\
        for (int c = 0; c < outputs; c++, weights += inputs)                                                \\
            y[c] = dot(x, weights, inputs, y[c]);                                                           \\
    }
MODEL_ROW(row_int8_t, int8_t, dot_int8_t)
MODEL_ROW(row_uint8_t, uint8_t, dot_uint8_t)
#endif
"""
"""`row_int8_t` and `row_uint8_t`, by the type of the inputs, add to sums; weights have a sign."""


def chosen(x: str, inputs: int, outputs: int, weights: str, bias: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """All sums of a row, by these instructions in builds that have them.

    Args:
        x: type of the inputs in C, ``int8_t`` or ``uint8_t``.
        weights, bias: in C; the bias of channel `c`.
        otherwise: what does the same.
    """
    quick = (
        f"for (int c = 0; c < {outputs}; c++)",
        f"    y[c] = {bias};",
        f"row_{x}(x0, {weights}, {inputs}, {outputs}, y);",
    )
    return ("#ifdef MODEL_SMALL_DOT", *quick, "#else", *otherwise, "#endif")
