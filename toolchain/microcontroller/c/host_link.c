/* The host link, protocol version 2: a host asks over the UART, this answers. The protocol is described in the
   project's docs/host-link.md; driver.py speaks the other side.

   A vector is received where it is used. All memory is static; `main` never returns. */
#include "board.h"
#include "config.h"
#include "model.h"
#include "string.h"

#define PARTS ((VECTOR_BYTES - 1) / PART_BYTES)
#define REST_BYTES (VECTOR_BYTES - PARTS * PART_BYTES)
#define ANSWER_BYTES (ANSWER_ELEMENTS * ANSWER_ELEMENT_BYTES)
#define TIMEOUT_CYCLES ((uint64_t)TIMEOUT_US * (CLOCK_HZ / 1000000u))

enum { IDENTIFY = 1, INFER = 2, BENCH = 3, COUNTERS = 4, LOAD = 5, SETTING = 8, REPLY = 0x80, FAILED = 0xff };
enum { BAD_CRC = 1, BAD_COMMAND = 2, BAD_LENGTH = 3 };
enum { FIRST_SYNC = 0x47, SECOND_SYNC = 0x57, CRC_BYTES = 4, RING = 64 };
enum { GIVEN_UP = -1, RESET = -2 }; /* in the place of a byte */

typedef struct {
    uint8_t command, sequence;
    uint32_t length;
    uint32_t last; /* the last four bytes of the payload, low byte first */
    uint8_t first; /* its first byte */
} header_t;

/* What the report of memory names. */
uint8_t host_vector[VECTOR_BYTES] __attribute__((aligned(8)));
uint8_t host_answer[ANSWER_BYTES];
uint8_t host_work[MODEL_WORK_BYTES] __attribute__((aligned(8)));
output_t host_output[ANSWER_ELEMENTS];
#if !INPUT_IS_PACKED
input_t host_input[INPUT_ELEMENTS];
#endif

static uint8_t ring[RING]; /* bytes that came while a reply went */
static unsigned ring_first, ring_count;
static uint32_t inferences, good_frames, crc_errors, line_errors, resyncs;
static int is_searching; /* bytes were thrown away since the last good frame */
static unsigned held;    /* parts of the vector, in order; PARTS at most */
static int is_inferred;  /* the next part begins a new vector */
static int is_whole;     /* a bench may run the vector */
static int is_reset;     /* by a break */

static uint32_t crc_byte(uint32_t crc, uint8_t byte)
{
    /* Four bits at a time: a table of 256 words would be the largest thing here. */
    static const uint32_t nibbles[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    crc ^= byte;
    crc = nibbles[crc & 15] ^ (crc >> 4);
    return nibbles[crc & 15] ^ (crc >> 4);
}

static void put(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

/* Receiving ------------------------------------------------------------------------------------------------------ */

static int polled(void)
{
    const int byte = board_read();
    if (byte == BOARD_BREAK || byte == BOARD_ERROR)
        line_errors++;
    if (byte == BOARD_BREAK)
        is_reset = 1;
    return byte;
}

static int next_byte(void)
{
    if (!ring_count)
        return polled();
    const uint8_t byte = ring[ring_first];
    ring_first = (ring_first + 1) % RING;
    ring_count--;
    return byte;
}

static void keep(int byte)
{
    if (byte < 0)
        return;
    if (ring_count == RING) {
        line_errors++;
        return;
    }
    ring[(ring_first + ring_count++) % RING] = (uint8_t)byte;
}

static void thrown_away(void)
{
    resyncs += !is_searching;
    is_searching = 1;
}

/* A byte inside a frame, or why there is none. */
static int byte_in_frame(void)
{
    const uint64_t begun = board_cycles();
    for (;;) {
        const int byte = next_byte();
        if (is_reset)
            return RESET;
        if (byte >= 0)
            return byte;
        if (byte == BOARD_ERROR || board_cycles() - begun > TIMEOUT_CYCLES) {
            thrown_away();
            return GIVEN_UP;
        }
    }
}

/* Waits for the two bytes that begin a frame; 0 after a break. */
static int is_found(void)
{
    for (int first = 0;;) {
        const int byte = first ? byte_in_frame() : next_byte();
        if (is_reset)
            return 0;
        if (first && byte == SECOND_SYNC)
            return 1;
        if (byte >= 0 && byte != FIRST_SYNC)
            thrown_away();
        first = byte == FIRST_SYNC;
    }
}

/* Where a payload goes, and how much of it; the rest of one that is too long is only counted. */
static uint8_t *place_of(const header_t *head, uint32_t *room)
{
    if (head->command == LOAD && PARTS) {
        held = is_inferred ? 0 : held;
        is_inferred = is_whole = 0;
        *room = held == PARTS ? 0 : PART_BYTES;
        return host_vector + held * PART_BYTES;
    }
    if (head->command == INFER) {
        is_whole = 0;
        *room = REST_BYTES;
        return host_vector + PARTS * PART_BYTES;
    }
    *room = 0;
    return host_vector;
}

/* Receives what follows the header; 1 where the CRC is right, 0 where it is wrong, below 0 where there is none. */
static int payload_of(header_t *head, const uint8_t *head_bytes)
{
    uint32_t crc = 0xffffffff, room, told = 0;
    uint8_t *const to = place_of(head, &room);
    for (int i = 0; i < 4; i++)
        crc = crc_byte(crc, head_bytes[i]);
    for (uint32_t i = 0; i < head->length; i++) {
        const int byte = byte_in_frame();
        if (byte < 0)
            return byte;
        crc = crc_byte(crc, (uint8_t)byte);
        if (i == 0)
            head->first = (uint8_t)byte;
        head->last = head->last >> 8 | (uint32_t)byte << 24;
        if (i < room)
            to[i] = (uint8_t)byte;
    }
    for (int i = 0; i < CRC_BYTES; i++) {
        const int byte = byte_in_frame();
        if (byte < 0)
            return byte;
        told |= (uint32_t)byte << 8 * i;
    }
    return told == ~crc;
}

/* Sending -------------------------------------------------------------------------------------------------------- */

static void send_byte(uint8_t byte)
{
    while (!board_can_write() && !is_reset)
        keep(polled());
    keep(polled());
    if (!is_reset)
        board_write(byte);
}

static uint32_t send_counted(uint32_t crc, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        send_byte(bytes[i]);
        crc = crc_byte(crc, bytes[i]);
    }
    return crc;
}

/* A reply of two pieces. */
static void reply(uint8_t command, uint8_t sequence, const uint8_t *a, uint32_t a_bytes, const uint8_t *b, uint32_t b_bytes)
{
    const uint32_t length = a_bytes + b_bytes;
    uint8_t head[4] = {command, sequence, (uint8_t)length, (uint8_t)(length >> 8)}, tail[CRC_BYTES];
    send_byte(FIRST_SYNC);
    send_byte(SECOND_SYNC);
    uint32_t crc = send_counted(0xffffffff, head, sizeof head);
    crc = send_counted(crc, a, a_bytes);
    crc = send_counted(crc, b, b_bytes);
    put(tail, ~crc, CRC_BYTES);
    send_counted(0, tail, CRC_BYTES);
}

static void refuse(const header_t *head, uint8_t why)
{
    const uint8_t told[2] = {why, head->command};
    reply(FAILED, head->sequence, told, sizeof told, 0, 0);
}

/* Commands ------------------------------------------------------------------------------------------------------- */

static void identify(const header_t *head)
{
    static const uint8_t said[] = IDENTITY;
    reply(REPLY | IDENTIFY, head->sequence, said, sizeof said, 0, 0);
}

/* The packed vector as the network takes it. */
static const input_t *unpacked(void)
{
#if INPUT_IS_PACKED
    return (const input_t *)(const void *)host_vector;
#else
    uint64_t bits = 0;
    unsigned filled = 0, at = 0;
    for (unsigned i = 0; i < INPUT_ELEMENTS; i++) {
        while (filled < INPUT_BITS) {
            bits |= (uint64_t)host_vector[at++] << filled;
            filled += 8;
        }
        const uint32_t code = (uint32_t)(bits & (((uint64_t)1 << INPUT_BITS) - 1));
        bits >>= INPUT_BITS;
        filled -= INPUT_BITS;
        host_input[i] = INPUT_OF(code);
    }
    return host_input;
#endif
}

static int run(const input_t *x)
{
    inferences++;
    return model_run(x, INPUT_ELEMENTS, host_output, ANSWER_ELEMENTS, host_work, sizeof host_work);
}

static void lay_answer(void)
{
    for (unsigned i = 0; i < ANSWER_ELEMENTS; i++)
        put(host_answer + i * ANSWER_ELEMENT_BYTES, (uint64_t)(int64_t)host_output[i], ANSWER_ELEMENT_BYTES);
}

static void infer(const header_t *head)
{
    if (head->length != REST_BYTES || held != PARTS) {
        refuse(head, BAD_LENGTH);
        return;
    }
    const input_t *const x = unpacked();
    const uint64_t begun = board_cycles();
    const int code = run(x);
    const uint64_t cycles = board_cycles() - begun;
    if (code != MODEL_OK) {
        refuse(head, BAD_LENGTH);
        return;
    }
    uint8_t told[4];
    is_inferred = is_whole = 1;
    lay_answer();
    put(told, cycles, sizeof told);
    reply(REPLY | INFER, head->sequence, host_answer, ANSWER_BYTES, told, sizeof told);
}

static uint32_t add_answer(uint32_t crc)
{
    lay_answer();
    for (unsigned i = 0; i < ANSWER_BYTES; i++)
        crc = crc_byte(crc, host_answer[i]);
    return crc;
}

static void bench(const header_t *head)
{
    if (head->length != 4 || !is_whole) {
        refuse(head, BAD_LENGTH);
        return;
    }
    const uint32_t count = head->last;
    const input_t *const x = unpacked();
    uint32_t crc = 0xffffffff;
    uint64_t cycles = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t begun = board_cycles();
        run(x);
        cycles += board_cycles() - begun;
        crc = add_answer(crc);
        keep(polled());
        if (is_reset)
            return;
    }
    uint8_t told[10];
    put(told, cycles, 6);
    put(told + 6, ~crc, 4);
    reply(REPLY | BENCH, head->sequence, host_answer, ANSWER_BYTES, told, sizeof told);
}

static void counters(const header_t *head)
{
    const uint32_t counts[5] = {inferences, good_frames, crc_errors, line_errors, resyncs};
    uint8_t told[20];
    for (int i = 0; i < 5; i++)
        put(told + 4 * i, counts[i], 4);
    reply(REPLY | COUNTERS, head->sequence, told, sizeof told, 0, 0);
}

static void load(const header_t *head)
{
    if (head->length != PART_BYTES + 2) {
        refuse(head, BAD_LENGTH);
        return;
    }
    const uint32_t number = head->last >> 16;
    if (number == held && held != PARTS)
        held++;
    else if (number == 0)
        held = 0;
    uint8_t told[2];
    put(told, held, sizeof told);
    reply(REPLY | LOAD, head->sequence, told, sizeof told, 0, 0);
}

/* A threshold of a network of several stages. Its number comes last, behind a new value where there is one. */
#if SETTINGS
static void reset_settings(void)
{
    static const int64_t values[SETTINGS] = SETTING_RESETS;
    for (int i = 0; i < SETTINGS; i++)
        model_thresholds[i] = values[i];
}

static void setting(const header_t *head)
{
    const uint32_t number = head->last >> 24;
    if ((head->length != 1 && head->length != 5) || number >= SETTINGS) {
        refuse(head, BAD_LENGTH);
        return;
    }
    if (head->length == 5)
        model_thresholds[number] = (int64_t)(head->first | (head->last & 0xffffff) << 8);
    uint8_t told[4];
    put(told, (uint64_t)model_thresholds[number], sizeof told);
    reply(REPLY | SETTING, head->sequence, told, sizeof told, 0, 0);
}
#endif

static void act(const header_t *head)
{
    const int is_empty = head->length == 0;
    if (head->command == INFER)
        infer(head);
    else if (head->command == BENCH)
        bench(head);
    else if (head->command == LOAD && PARTS)
        load(head);
#if SETTINGS
    else if (head->command == SETTING)
        setting(head);
#endif
    else if (head->command != IDENTIFY && head->command != COUNTERS)
        refuse(head, BAD_COMMAND);
    else if (!is_empty)
        refuse(head, BAD_LENGTH);
    else if (head->command == IDENTIFY)
        identify(head);
    else
        counters(head);
}

static void serve(void)
{
    uint8_t bytes[4];
    if (!is_found())
        return;
    for (int i = 0; i < 4; i++) {
        const int byte = byte_in_frame();
        if (byte < 0)
            return;
        bytes[i] = (uint8_t)byte;
    }
    header_t head = {bytes[0], bytes[1], (uint32_t)bytes[2] | (uint32_t)bytes[3] << 8, 0, 0};
    if (head.length > MAX_PAYLOAD) {
        thrown_away();
        refuse(&head, BAD_LENGTH);
        return;
    }
    const int is_right = payload_of(&head, bytes);
    if (is_right < 0)
        return;
    if (!is_right) {
        crc_errors++;
        refuse(&head, BAD_CRC);
        return;
    }
    good_frames++;
    is_searching = 0;
    act(&head);
}

int main(void)
{
    board_init();
    for (;;) {
        serve();
        if (is_reset) {
            /* The counters stay. */
            is_reset = is_inferred = is_whole = 0;
            held = ring_count = 0;
#if SETTINGS
            reset_settings();
#endif
        }
    }
}
