"""Dot products of bytes on small processors, a row at a time: by Arm's DSP instructions, by Helium, by RISC-V's V.

Cortex-M4, M7 and M33 take two products and two sums in one instruction, Cortex-M55 sixteen, V as many as its
registers are long. `MODEL_PORTABLE` leaves them out of a compilation.
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
#elif defined(MODEL_ARM_DSP)
#define MODEL_SMALL_DOT
/* Four bytes a turn: the even and the odd ones become pairs of 16 bits. */
#define MODEL_DOT(name, type, widened)                                                                       \\
    static inline int32_t name(const type *x, const int8_t *weights, int count, int32_t sum)                \\
    {                                                                                                       \\
        for (; count >= 4; count -= 4, x += 4, weights += 4) {                                              \\
            uint32_t a, b, a_even, a_odd, b_even, b_odd;                                                    \\
            __builtin_memcpy(&a, x, 4);                                                                     \\
            __builtin_memcpy(&b, weights, 4);                                                               \\
            __asm__(widened " %0, %1" : "=r"(a_even) : "r"(a));                                             \\
            __asm__(widened " %0, %1, ror #8" : "=r"(a_odd) : "r"(a));                                      \\
            __asm__("sxtb16 %0, %1" : "=r"(b_even) : "r"(b));                                               \\
            __asm__("sxtb16 %0, %1, ror #8" : "=r"(b_odd) : "r"(b));                                        \\
            __asm__("smlad %0, %1, %2, %3" : "=r"(sum) : "r"(a_even), "r"(b_even), "r"(sum));               \\
            __asm__("smlad %0, %1, %2, %3" : "=r"(sum) : "r"(a_odd), "r"(b_odd), "r"(sum));                 \\
        }                                                                                                   \\
        for (int i = 0; i < count; i++)                                                                     \\
            sum += x[i] * weights[i];                                                                       \\
        return sum;                                                                                         \\
    }
MODEL_DOT(dot_int8_t, int8_t, "sxtb16")
MODEL_DOT(dot_uint8_t, uint8_t, "uxtb16")
#endif
"""
"""`dot_int8_t` and `dot_uint8_t`, by the type of the inputs; weights have a sign."""


def chosen(x: str, inputs: int, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """Adds a dot product of bytes to `sum`, by these instructions in builds that have them.

    Args:
        x: type of the inputs in C, ``int8_t`` or ``uint8_t``.
        otherwise: what does the same.
    """
    quick = f"    sum = dot_{x}(x0, weights, {inputs}, sum);"
    return ("#ifdef MODEL_SMALL_DOT", quick, "#else", *otherwise, "#endif")
