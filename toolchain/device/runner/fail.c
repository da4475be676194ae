/* Ends the program with one line. */
#include <stdarg.h>
#include <stdlib.h>

#include "runner.h"

_Noreturn void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "error: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(1);
}

void *allocate(size_t bytes) {
    void *memory = NULL;
    /* A cache line's alignment suits every provider. */
    if (posix_memalign(&memory, 64, bytes ? bytes : 1) != 0) fail("out of memory (%zu bytes)", bytes);
    return memory;
}
