/* Instructions that qemu's user mode has run, of the log of `-d in_asm,exec,nochain` on standard input: each block that
   is translated is listed once, and named whenever it runs. */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BITS = 22, PLACES = 1 << BITS };
static uint64_t blocks[PLACES];
static uint32_t sizes[PLACES];

static uint32_t *size_of(uint64_t address)
{
    uint64_t at = address * UINT64_C(0x9e3779b97f4a7c15) >> (64 - BITS);
    while (blocks[at] && blocks[at] != address)
        at = (at + 1) % PLACES;
    blocks[at] = address;
    return &sizes[at];
}

/* Whether a line names an instruction; further bytes of a long one of x86 stand on lines of their own. */
static int is_named(const char *line)
{
    for (line = strchr(line, ':'); line; line = strchr(line, ' ')) {
        line += 1 + strspn(line + 1, " ");
        const size_t digits = strspn(line, "0123456789abcdef");
        if (*line && *line != '\n' && (digits != 2 || !isspace((unsigned char)line[2])))
            return 1;
    }
    return 0;
}

int main(void)
{
    static char line[4096];
    unsigned long long count = 0;
    uint32_t *size = NULL;
    int begins = 0;
    while (fgets(line, sizeof line, stdin)) {
        if (!strncmp(line, "IN:", 3)) {
            begins = 1;
        } else if (!strncmp(line, "0x", 2)) {
            if (begins)
                *(size = size_of(strtoull(line, NULL, 16))) = 0;
            begins = 0;
            if (size && is_named(line))
                ++*size;
        } else if (!strncmp(line, "Trace", 5)) {
            const char *address = strchr(line, '/');
            count += address ? *size_of(strtoull(address + 1, NULL, 16)) : 0;
        }
    }
    printf("%llu\n", count);
    return 0;
}
