/* Sends a package's vectors to a board and compares every answer. See README.md beside this file. */
#define _DEFAULT_SOURCE

#include "gateweave_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { USAGE = 2, FAILED = 1 };

static const struct {
    long baud;
    speed_t code;
} SPEEDS[] = {{115200, B115200},   {230400, B230400},   {460800, B460800},
              {921600, B921600},   {1000000, B1000000}, {1500000, B1500000},
              {2000000, B2000000}, {3000000, B3000000}, {4000000, B4000000}};

typedef struct {
    uint8_t *data;
    size_t count;
} bytes;

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "error: %s: %s\n", what, why);
    exit(FAILED);
}

static int write_port(void *port, const uint8_t *data, size_t count)
{
    while (count > 0) {
        ssize_t done = write(*(int *)port, data, count);
        if (done < 0 && errno != EINTR && errno != EAGAIN)
            return -1;
        data += done > 0 ? done : 0;
        count -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

static int read_port(void *port, uint8_t *byte, uint32_t milliseconds)
{
    struct pollfd wait = {*(int *)port, POLLIN, 0};
    int ready = poll(&wait, 1, (int)milliseconds);
    if (ready <= 0)
        return ready;
    return read(*(int *)port, byte, 1) == 1 ? 1 : -1;
}

static int line_break(void *port)
{
    int line = *(int *)port;
    if (tcdrain(line) || tcsendbreak(line, 0))
        return -1;
    usleep(10000);
    return tcflush(line, TCIFLUSH);
}

static int opened(const char *path, const char *baud)
{
    speed_t code = 0;
    for (size_t i = 0; i < sizeof SPEEDS / sizeof *SPEEDS; i++)
        if (SPEEDS[i].baud == strtol(baud, NULL, 10))
            code = SPEEDS[i].code;
    if (!code)
        fail(baud, "is no baud of this program; add it to SPEEDS");
    int line = open(path, O_RDWR | O_NOCTTY);
    struct termios how;
    if (line < 0 || tcgetattr(line, &how))
        fail(path, strerror(errno));
    cfmakeraw(&how);
    how.c_cflag |= CLOCAL | CREAD;
    if (cfsetspeed(&how, code) || tcsetattr(line, TCSANOW, &how))
        fail(path, strerror(errno));
    return line;
}

static bytes contents(const char *path)
{
    bytes file = {NULL, 0};
    FILE *in = fopen(path, "rb");
    long size = in && !fseek(in, 0, SEEK_END) ? ftell(in) : -1;
    if (size > 0)
        file.data = malloc((size_t)size);
    if (!file.data || fseek(in, 0, SEEK_SET) || fread(file.data, 1, (size_t)size, in) != (size_t)size)
        fail(path, size == 0 ? "is empty" : strerror(errno));
    file.count = (size_t)size;
    fclose(in);
    return file;
}

static void must(int state, const char *what)
{
    static const char *const WORDS[] = {"", "no reply", "the port failed", "the board refuses",
                                        "the board speaks another version of the protocol"};
    if (state)
        fail(what, WORDS[-state]);
}

static void tell_identity(const gw_identity *board)
{
    printf("model ");
    for (int i = 0; i < 8; i++)
        printf("%02x", board->model_hash[i]);
    printf(", %g MHz; %u elements of %u bits in, %u of %u bits out", board->clock_hz / 1e6, gw_elements(&board->input),
           board->input.bits, gw_elements(&board->output), board->output.bits);
    printf(board->classes ? ", one of %u classes\n" : "\n", board->classes);
}

/* Whether all answers are those expected. */
static int compare(gw_link *link, const gw_identity *board, bytes vectors, bytes expected)
{
    size_t size = gw_vector_bytes(board), answer_size = gw_answer_bytes(board), count = vectors.count / size, equal = 0;
    uint8_t *answer = malloc(answer_size);
    uint32_t cycles = 0;
    if (!answer)
        fail("answer", strerror(errno));
    for (size_t i = 0; i < count; i++) {
        must(gw_infer(link, board, vectors.data + i * size, answer, &cycles), "infer");
        int same = !memcmp(answer, expected.data + i * answer_size, answer_size);
        equal += (size_t)same;
        if (!same)
            fprintf(stderr, "vector %zu: another answer than expected\n", i);
    }
    printf("%zu of %zu answers equal; the last took %u cycles\n", equal, count, cycles);
    free(answer);
    return equal == count;
}

int main(int count, char **words)
{
    if (count != 5) {
        fprintf(stderr, "usage: ask_board PORT BAUD vectors.bin answers.bin\n");
        return USAGE;
    }
    bytes vectors = contents(words[3]), expected = contents(words[4]);
    int line = opened(words[1], words[2]);
    gw_link link = {&line, write_port, read_port, line_break, 250, 0, 0};
    gw_identity board;
    must(gw_identify(&link, &board), "identify");
    tell_identity(&board);
    size_t vectors_in = vectors.count / gw_vector_bytes(&board);
    if (vectors.count % gw_vector_bytes(&board) || expected.count != vectors_in * gw_answer_bytes(&board))
        fail(words[3], "these vectors and answers are another network's");
    int good = compare(&link, &board, vectors, expected);
    close(line);
    free(vectors.data);
    free(expected.data);
    return good ? 0 : FAILED;
}
