/* The host's side of the host link (docs/host-link.md) in C99: identify a board, ask for answers, run its bench.
 *
 * Nothing is allocated, and the serial port is yours: three functions of `gw_link` write, read and reset it. Boards of the
 * streamed form (version 3, vectors and answers that a board cannot hold) are told apart and not served.
 */
#ifndef GATEWEAVE_LINK_H
#define GATEWEAVE_LINK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GW_OK = 0,
    GW_NO_REPLY = -1,      /* none in time, or only damaged ones, at every try */
    GW_PORT = -2,          /* the port could not be written or read */
    GW_REFUSED = -3,       /* the board reports an error again and again: `last_error` of the link */
    GW_OTHER_VERSION = -4  /* the board speaks another version of the protocol */
};

enum { GW_UNSIGNED = 0, GW_SIGNED = 1, GW_BIPOLAR = 2 };

typedef struct {
    void *port; /* is passed to the functions */
    /* Writes all bytes; 0, or -1 where that failed. */
    int (*write)(void *port, const uint8_t *data, size_t count);
    /* Waits for a byte for so many milliseconds at most: 1 and the byte, 0 without one, -1 where reading failed. */
    int (*read)(void *port, uint8_t *byte, uint32_t milliseconds);
    /* Holds the line low for 40 bit times or more, waits 10 ms, and throws away what had come; 0, or -1. */
    int (*line_break)(void *port);
    uint32_t patience; /* milliseconds without a byte after which no reply is expected any more */
    uint8_t sequence;  /* of the last request; begin anywhere */
    uint8_t last_error;
} gw_link;

typedef struct {
    uint8_t bits, kind; /* of an element; GW_UNSIGNED, GW_SIGNED or GW_BIPOLAR */
    uint32_t shape[3];  /* channels last; dimensions that there are not are 0 */
} gw_tensor;

typedef struct {
    uint8_t version, model_hash[8], build_id[8];
    uint32_t clock_hz, bench_vectors;
    uint16_t max_payload, part_bytes, buffer_bytes;
    uint32_t timeout_us;
    gw_tensor input, output;
    uint16_t classes; /* of how many the answer is one; 0: it is a vector of integers */
} gw_identity;

typedef struct {
    uint64_t cycles;   /* of all inferences, first beat in to last beat out */
    uint32_t checksum; /* CRC-32 of the bytes of all answers */
} gw_bench_result;

/* What the board is, after a break. GW_OTHER_VERSION leaves `version` alone valid. */
int gw_identify(gw_link *link, gw_identity *identity);

/* Elements of a tensor, bytes of a packed vector, bytes of an answer. */
uint32_t gw_elements(const gw_tensor *tensor);
uint32_t gw_vector_bytes(const gw_identity *identity);
uint32_t gw_answer_bytes(const gw_identity *identity);

/* Packs one integer an element into gw_vector_bytes bytes; -1 where a value is outside the input's type, else 0. */
int gw_pack(const gw_identity *identity, const int32_t *values, uint8_t *vector);

/* One element of an answer. */
int64_t gw_element(const gw_identity *identity, const uint8_t *answer, uint32_t index);

/* The answer to a packed vector, gw_answer_bytes bytes, and the clock cycles that it took. */
int gw_infer(gw_link *link, const gw_identity *identity, const uint8_t *vector, uint8_t *answer, uint32_t *cycles);

/* Runs inferences back to back on the board: of its stored vectors, or of the one that was asked last. `milliseconds` is how
 * long they may take. The answer is the last one. */
int gw_bench(gw_link *link, const gw_identity *identity, uint32_t inferences, uint32_t milliseconds, uint8_t *answer,
             gw_bench_result *result);

/* CRC-32/ISO-HDLC of further bytes; begin with 0. */
uint32_t gw_crc32(uint32_t crc, const uint8_t *data, size_t count);

#ifdef __cplusplus
}
#endif

#endif
