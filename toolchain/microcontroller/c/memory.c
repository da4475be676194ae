/* In the place of a C library. The compiler must not take these loops for what they are. */
#include "string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    while (count--)
        *out++ = *in++;
    return to;
}

void *memset(void *to, int byte, size_t count)
{
    unsigned char *out = to;
    while (count--)
        *out++ = (unsigned char)byte;
    return to;
}
