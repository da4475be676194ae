/* What model.c and the compiler need of the C library. */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int byte, size_t count);

/* Few bytes, as many as the compiler knows, are moved where they stand. */
#define memcpy __builtin_memcpy
#define memset __builtin_memset

#endif
