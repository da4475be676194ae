#include "gateweave_link.h"

enum { IDENTIFY = 0x01, INFER = 0x02, BENCH = 0x03, LOAD = 0x05, REPLY = 0x80, ERROR_REPLY = 0xff };
enum { UNKNOWN_COMMAND = 2 };
enum { VERSION = 2, IDENTITY_BYTES = 57, INFER_TAIL = 4, BENCH_TAIL = 10, TRIES = 5 };

/* Parts of a payload: a request is written, and a reply read, without being copied together. */
typedef struct {
    const uint8_t *data;
    size_t count;
} piece;

typedef struct {
    uint8_t *first;  /* the first bytes of the payload */
    size_t most;     /* of them */
    uint8_t tail[BENCH_TAIL > INFER_TAIL ? BENCH_TAIL : INFER_TAIL];
    size_t tail_bytes;
} space;

uint32_t gw_crc32(uint32_t crc, const uint8_t *data, size_t count)
{
    crc = ~crc;
    for (size_t i = 0; i < count; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

static uint64_t number(const uint8_t *data, size_t count)
{
    uint64_t value = 0;
    for (size_t i = count; i > 0; i--)
        value = value << 8 | data[i - 1];
    return value;
}

static void store(uint8_t *data, uint32_t value, size_t count)
{
    for (size_t i = 0; i < count; i++)
        data[i] = (uint8_t)(value >> (8 * i));
}

static int send(gw_link *link, uint8_t command, piece payload, piece tail)
{
    uint8_t head[6] = {'G', 'W', command, ++link->sequence};
    uint8_t crc[4];
    store(head + 4, (uint32_t)(payload.count + tail.count), 2);
    uint32_t sum = gw_crc32(0, head + 2, 4);
    sum = gw_crc32(sum, payload.data, payload.count);
    store(crc, gw_crc32(sum, tail.data, tail.count), 4);
    const piece parts[] = {{head, sizeof head}, payload, tail, {crc, sizeof crc}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].count && link->write(link->port, parts[i].data, parts[i].count))
            return GW_PORT;
    return GW_OK;
}

/* Takes so many bytes; how many came is told by the result. */
static int take(gw_link *link, uint8_t *data, size_t count, uint32_t patience)
{
    for (size_t i = 0; i < count; i++) {
        int got = link->read(link->port, data + i, patience);
        if (got != 1)
            return got < 0 ? GW_PORT : GW_NO_REPLY;
    }
    return GW_OK;
}

/* Skips to what follows "GW". */
static int find_frame(gw_link *link, uint32_t patience)
{
    uint8_t byte, before = 0;
    for (;;) {
        int state = take(link, &byte, 1, patience);
        if (state)
            return state;
        if (before == 'G' && byte == 'W')
            return GW_OK;
        before = byte;
    }
}

/* The payload of a frame into its space; a damaged one counts as none. */
static int payload_of(gw_link *link, const uint8_t *head, size_t count, space *to)
{
    uint8_t crc[4];
    int state = take(link, to->first, count - to->tail_bytes, link->patience);
    if (!state)
        state = take(link, to->tail, to->tail_bytes, link->patience);
    if (!state)
        state = take(link, crc, sizeof crc, link->patience);
    if (state)
        return state;
    uint32_t sum = gw_crc32(0, head, 4);
    sum = gw_crc32(sum, to->first, count - to->tail_bytes);
    sum = gw_crc32(sum, to->tail, to->tail_bytes);
    return sum == (uint32_t)number(crc, sizeof crc) ? GW_OK : GW_NO_REPLY;
}

/* The reply to the last request: bytes of its payload before the tail, or an error. Whatever else comes is thrown away. */
static int reply(gw_link *link, uint8_t command, uint32_t patience, space *to)
{
    for (;;) {
        uint8_t head[4], told[2];
        int state = find_frame(link, patience);
        if (!state)
            state = take(link, head, sizeof head, link->patience);
        if (state)
            return state;
        size_t count = (size_t)number(head + 2, 2);
        if (head[0] == ERROR_REPLY && count == sizeof told) {
            space error = {told, sizeof told, {0}, 0};
            state = payload_of(link, head, count, &error);
            if (state)
                return state;
            link->last_error = told[0];
            return GW_REFUSED;
        }
        if (head[0] != (REPLY | command) || count < to->tail_bytes || count - to->tail_bytes > to->most)
            continue;
        state = payload_of(link, head, count, to);
        if (state)
            return state;
        if (head[1] == link->sequence)
            return (int)(count - to->tail_bytes);
    }
}

/* Leaves the line idle until nothing has come for the board's time-out, and longer. */
static int rest(gw_link *link, uint32_t milliseconds)
{
    uint8_t byte;
    int got;
    do
        got = link->read(link->port, &byte, milliseconds);
    while (got == 1);
    return got < 0 ? GW_PORT : GW_OK;
}

static uint32_t time_out(const gw_identity *identity)
{
    return identity->timeout_us / 1000 + 2;
}

/* One request, repeated as docs/host-link.md says. */
static int ask(gw_link *link, uint32_t idle, uint8_t command, piece payload, piece tail, uint32_t patience, space *to)
{
    int state = GW_NO_REPLY;
    for (int tried = 0; tried < TRIES; tried++) {
        state = send(link, command, payload, tail);
        if (!state)
            state = reply(link, command, patience, to);
        if (state >= 0 || state == GW_PORT || (state == GW_REFUSED && link->last_error == UNKNOWN_COMMAND))
            return state;
        if (rest(link, idle))
            return GW_PORT;
    }
    return state;
}

static gw_tensor tensor_of(const uint8_t *data)
{
    gw_tensor tensor = {data[0], data[1], {0, 0, 0}};
    tensor.shape[0] = (uint32_t)number(data + 2, 4);
    tensor.shape[1] = (uint32_t)number(data + 6, 2);
    tensor.shape[2] = (uint32_t)number(data + 8, 2);
    return tensor;
}

static void identity_of(const uint8_t *data, gw_identity *identity)
{
    for (int i = 0; i < 8; i++) {
        identity->model_hash[i] = data[1 + i];
        identity->build_id[i] = data[9 + i];
    }
    identity->clock_hz = (uint32_t)number(data + 17, 4);
    identity->bench_vectors = (uint32_t)number(data + 21, 4);
    identity->max_payload = (uint16_t)number(data + 25, 2);
    identity->part_bytes = (uint16_t)number(data + 27, 2);
    identity->buffer_bytes = (uint16_t)number(data + 29, 2);
    identity->timeout_us = (uint32_t)number(data + 31, 4);
    identity->input = tensor_of(data + 35);
    identity->output = tensor_of(data + 45);
    identity->classes = (uint16_t)number(data + 55, 2);
}

int gw_identify(gw_link *link, gw_identity *identity)
{
    uint8_t data[IDENTITY_BYTES];
    space to = {data, sizeof data, {0}, 0};
    const piece none = {0, 0};
    if (link->line_break(link->port))
        return GW_PORT;
    int count = ask(link, 20, IDENTIFY, none, none, link->patience, &to);
    if (count < 0)
        return count;
    identity->version = count ? data[0] : 0;
    if (count != IDENTITY_BYTES || data[0] != VERSION)
        return GW_OTHER_VERSION;
    identity_of(data, identity);
    return GW_OK;
}

uint32_t gw_elements(const gw_tensor *tensor)
{
    uint32_t count = tensor->shape[0] ? 1 : 0;
    for (int i = 0; i < 3 && tensor->shape[i]; i++)
        count *= tensor->shape[i];
    return count;
}

uint32_t gw_vector_bytes(const gw_identity *identity)
{
    return (gw_elements(&identity->input) * identity->input.bits + 7) / 8;
}

static uint32_t element_bytes(const gw_identity *identity)
{
    return (identity->output.bits + 7u) / 8u;
}

uint32_t gw_answer_bytes(const gw_identity *identity)
{
    return gw_elements(&identity->output) * element_bytes(identity);
}

/* The bits of a value; -1 where it is outside the type. */
static int64_t code_of(const gw_tensor *tensor, int32_t value)
{
    if (tensor->kind == GW_BIPOLAR)
        return value == 1 ? 1 : value == -1 ? 0 : -1;
    int64_t half = (int64_t)1 << (tensor->bits - 1);
    int64_t low = tensor->kind == GW_SIGNED ? -half : 0;
    if (value < low || value >= low + 2 * half)
        return -1;
    return (int64_t)value & (2 * half - 1);
}

int gw_pack(const gw_identity *identity, const int32_t *values, uint8_t *vector)
{
    const gw_tensor *input = &identity->input;
    uint32_t elements = gw_elements(input), bytes = gw_vector_bytes(identity);
    for (uint32_t i = 0; i < bytes; i++)
        vector[i] = 0;
    uint32_t at = 0;
    for (uint32_t i = 0; i < elements; i++) {
        int64_t code = code_of(input, values[i]);
        if (code < 0)
            return -1;
        for (int bit = 0; bit < input->bits; bit++, at++)
            vector[at / 8] |= (uint8_t)((code >> bit & 1) << (at % 8));
    }
    return 0;
}

int64_t gw_element(const gw_identity *identity, const uint8_t *answer, uint32_t index)
{
    uint32_t size = element_bytes(identity);
    uint64_t value = number(answer + (size_t)index * size, size);
    uint64_t sign = (uint64_t)1 << (8 * size - 1);
    if (identity->output.kind == GW_SIGNED && value & sign)
        value |= ~(sign - 1);
    return (int64_t)value;
}

/* Sends the parts of a vector from one on that the board does not hold, and tells the first that it does not. */
static int load(gw_link *link, const gw_identity *identity, const uint8_t *vector, uint32_t parts, uint32_t from)
{
    uint32_t losses = 0;
    while (from < parts) {
        uint8_t place[2], told[2];
        space to = {told, sizeof told, {0}, 0};
        store(place, from, 2);
        const piece part = {vector + (size_t)from * identity->part_bytes, identity->part_bytes}, tail = {place, 2};
        int count = ask(link, time_out(identity), LOAD, part, tail, link->patience, &to);
        if (count < 0)
            return count;
        uint32_t held = count == 2 ? (uint32_t)number(told, 2) : 0;
        /* A part that came out of turn is not counted: go on with the first that is missing. */
        if (held != from + 1 && ++losses > TRIES)
            return GW_NO_REPLY;
        from = held;
    }
    return GW_OK;
}

int gw_infer(gw_link *link, const gw_identity *identity, const uint8_t *vector, uint8_t *answer, uint32_t *cycles)
{
    uint32_t bytes = gw_vector_bytes(identity), size = gw_answer_bytes(identity);
    uint32_t parts = identity->part_bytes ? (bytes - 1) / identity->part_bytes : 0;
    const piece rest_of = {vector + (size_t)parts * identity->part_bytes, bytes - parts * identity->part_bytes};
    const piece none = {0, 0};
    space to = {answer, size, {0}, INFER_TAIL};
    int state = GW_NO_REPLY;
    for (int tried = 0; tried < TRIES; tried++) {
        state = load(link, identity, vector, parts, tried && parts ? parts - 1 : 0);
        if (!state)
            state = send(link, INFER, rest_of, none);
        if (!state)
            state = reply(link, INFER, link->patience, &to);
        if (state == (int)size) {
            *cycles = (uint32_t)number(to.tail, INFER_TAIL);
            return GW_OK;
        }
        if (state == GW_PORT || (state == GW_REFUSED && link->last_error == UNKNOWN_COMMAND))
            return state;
        if (rest(link, time_out(identity)))
            return GW_PORT;
    }
    return state >= 0 ? GW_NO_REPLY : state;
}

int gw_bench(gw_link *link, const gw_identity *identity, uint32_t inferences, uint32_t milliseconds, uint8_t *answer,
             gw_bench_result *result)
{
    uint8_t asked[4];
    uint32_t size = gw_answer_bytes(identity);
    space to = {answer, size, {0}, BENCH_TAIL};
    const piece payload = {asked, sizeof asked}, none = {0, 0};
    store(asked, inferences, sizeof asked);
    int count = ask(link, time_out(identity), BENCH, payload, none, link->patience + milliseconds, &to);
    if (count != (int)size)
        return count < 0 ? count : GW_NO_REPLY;
    result->cycles = number(to.tail, 6);
    result->checksum = (uint32_t)number(to.tail + 6, 4);
    return GW_OK;
}
