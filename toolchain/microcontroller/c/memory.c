/* In the place of a C library. The compiler must not take these loops for what they are. */
#include "string.h"

#include <stdint.h>

#undef memcpy
#undef memset

/* Four bytes at once, where the processor takes them from any address, or both addresses are whole ones. */
typedef uint32_t __attribute__((may_alias)) word_t;

static int in_words(const void *one, const void *other)
{
#if defined(__ARM_FEATURE_UNALIGNED) && !defined(TRAPS_UNALIGNED)
    (void)one, (void)other;
    return 1;
#else
    return (((uintptr_t)one | (uintptr_t)other) & 3) == 0;
#endif
}

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    if (in_words(to, from))
        for (; count >= 4; count -= 4, out += 4, in += 4)
            *(word_t *)(void *)out = *(const word_t *)(const void *)in;
    while (count--)
        *out++ = *in++;
    return to;
}

void *memset(void *to, int byte, size_t count)
{
    unsigned char *out = to;
    const uint32_t word = (unsigned char)byte * 0x01010101u;
    if (in_words(to, to))
        for (; count >= 4; count -= 4, out += 4)
            *(word_t *)(void *)out = word;
    while (count--)
        *out++ = (unsigned char)byte;
    return to;
}
