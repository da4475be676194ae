/* Earlier answers by the whole input, which is compared whole; the least recently used one goes. */
#include <string.h>

#include "runner.h"

/* `newer` and `older` make a ring through place 0, which holds no answer; `next` chains what has one hash. */
typedef struct {
    uint32_t newer, older, next;
    uint64_t hash;
} Place;

struct Memory {
    size_t places, used, key_bytes, answer_bytes;
    uint64_t mask;
    Place *ring;
    uint32_t *chains;
    uint8_t *keys, *answers, *key;
};

Memory *new_memory(size_t places, size_t key_bytes, size_t answer_bytes) {
    Memory *m = memset(allocate(sizeof *m), 0, sizeof *m);
    size_t chains = 2;
    while (chains < 2 * places) chains *= 2;
    *m = (Memory){.places = places, .key_bytes = key_bytes, .answer_bytes = answer_bytes, .mask = chains - 1};
    m->ring = memset(allocate((places + 1) * sizeof *m->ring), 0, (places + 1) * sizeof *m->ring);
    m->chains = memset(allocate(chains * sizeof *m->chains), 0, chains * sizeof *m->chains);
    m->keys = allocate((places + 1) * key_bytes);
    m->answers = allocate((places + 1) * answer_bytes);
    m->key = allocate(key_bytes);
    return m;
}

uint8_t *key_of(Memory *m) { return m->key; }

/* FNV-1a, eight bytes at a time; http://www.isthe.com/chongo/tech/comp/fnv. */
static uint64_t hash_of(const uint8_t *key, size_t bytes) {
    uint64_t hash = 0xcbf29ce484222325u, word;
    for (; bytes >= sizeof word; bytes -= sizeof word, key += sizeof word) {
        memcpy(&word, key, sizeof word);
        hash = (hash ^ word) * 0x100000001b3u;
        hash ^= hash >> 32;
    }
    for (; bytes; bytes--, key++) hash = (hash ^ *key) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

static void unlink_place(Memory *m, uint32_t place) {
    m->ring[m->ring[place].newer].older = m->ring[place].older;
    m->ring[m->ring[place].older].newer = m->ring[place].newer;
}

static void make_newest(Memory *m, uint32_t place) {
    m->ring[place].newer = 0;
    m->ring[place].older = m->ring[0].older;
    m->ring[m->ring[0].older].newer = place;
    m->ring[0].older = place;
}

const uint8_t *recall(Memory *m) {
    uint64_t hash = hash_of(m->key, m->key_bytes);
    for (uint32_t place = m->chains[hash & m->mask]; place; place = m->ring[place].next)
        if (m->ring[place].hash == hash && memcmp(m->keys + place * m->key_bytes, m->key, m->key_bytes) == 0) {
            unlink_place(m, place);
            make_newest(m, place);
            return m->answers + place * m->answer_bytes;
        }
    return NULL;
}

/* The place that has waited longest, out of its chain. */
static uint32_t oldest(Memory *m) {
    uint32_t place = m->ring[0].newer, *link = &m->chains[m->ring[place].hash & m->mask];
    while (*link != place) link = &m->ring[*link].next;
    *link = m->ring[place].next;
    unlink_place(m, place);
    return place;
}

uint8_t *keep(Memory *m) {
    uint32_t place = m->used < m->places ? (uint32_t)++m->used : oldest(m);
    uint64_t hash = hash_of(m->key, m->key_bytes);
    m->ring[place].hash = hash;
    m->ring[place].next = m->chains[hash & m->mask];
    m->chains[hash & m->mask] = place;
    memcpy(m->keys + place * m->key_bytes, m->key, m->key_bytes);
    make_newest(m, place);
    return m->answers + place * m->answer_bytes;
}
