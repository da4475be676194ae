"""Dot products of bytes by the DSP instructions of Cortex-M4, M7 and M33: two products and two sums in one.

`MODEL_PORTABLE` leaves them out of a compilation.
"""

from __future__ import annotations

DOT = """\
#if defined(__ARM_FEATURE_DSP) && !defined(__ARM_NEON) && defined(__GNUC__) && !defined(MODEL_PORTABLE)
#define MODEL_ARM_DSP

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
    return ("#ifdef MODEL_ARM_DSP", quick, "#else", *otherwise, "#endif")
