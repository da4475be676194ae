/* What the runner's files share: what was asked for, a session with its bound buffers, and what was measured. */
#ifndef RUNNER_H
#define RUNNER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ort_api.h"

#define MAX_LIST 64
#define MAX_RANK 16
#define MAX_SIDES 16
#define FIRST_WITH_DISABLED_PASSES 18 /* ONNX Runtime 1.18: first whose library holds the entry that names passes */

typedef struct {
    const char *items[MAX_LIST];
    int count;
} List;

/* How far a stage's greatest score must lead the second, of a network that decides. */
typedef struct {
    int stage;
    int64_t lead;
} Threshold;

typedef struct {
    const char *model, *floor, *library, *inputs, *answers, *labels, *json;
    int level, batch, threads, workers, core; /* core -1: not pinned; batch 0: as the model says, else 1 */
    long calls, warmup, count;                /* calls 0: no latency; count 0: all vectors */
    long memory;                              /* earlier answers that are kept; 0: none, -1: as many as the model says */
    double seconds;                           /* 0: no loop */
    List providers, provider_options, config, disabled;
    Threshold thresholds[MAX_LIST];
    int threshold_count;
    int width;                                /* percent of the channels; 0: as built */
    bool fallback, emulated;
} Options;

/* One side of a model. `row_bytes` are the bytes of one vector: all dimensions but the first. */
typedef struct {
    char *name;
    int type;
    size_t rank, row_elements, row_bytes;
    int64_t shape[MAX_RANK];
} Side;

/* All inputs, or all outputs. `row_bytes` are those of one vector: one side after the other, in the model's order. */
typedef struct {
    Side items[MAX_SIDES];
    size_t count, row_bytes;
} Sides;

typedef struct {
    OrtSession *session;
    Sides inputs, outputs;
    int batch;
    List absent; /* providers that were asked for and went missing, with --fallback */
    const char *provider;
    OrtValue *thresholds[MAX_LIST]; /* what is given for inputs that have a default */
    char *threshold_names[MAX_LIST];
    int threshold_count;
    bool decides; /* its time depends on the input */
    long memory, *asked, *recalled; /* places for earlier answers, and what came of them: all callers count there */
} Model;

typedef struct Memory Memory;

/* Buffers of one caller, bound once; `memory` is NULL where no answer is kept. */
typedef struct {
    OrtIoBinding *binding;
    Memory *memory;
    uint8_t *inputs[MAX_SIDES], *outputs[MAX_SIDES];
} Buffers;

typedef struct {
    uint8_t *data;
    size_t count; /* vectors */
} Vectors;

typedef struct {
    long calls;
    double minimum, p50, p90, p99, maximum, mean; /* microseconds */
    long involuntary_switches;
} Latency;

typedef struct {
    double seconds, started, ended; /* the latter two: Unix time */
    long inferences, involuntary_switches;
} Loop;

/* fail.c */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *allocate(size_t bytes);

/* options.c */
Options parse_options(int count, char **words);

/* library.c */
extern OrtFunctions ort;
extern const OrtApiBase *runtime_base;
extern const char *runtime_version;
void load_library(const char *path);
void check(OrtStatus *status, const char *what);

/* providers.c */
void add_providers(OrtSessionOptions *settings, const Options *options, Model *model);

/* operator.c */
bool add_operator(OrtSessionOptions *settings, const char *model, const Options *options, bool *decides);
void must_have_stage(const char *model, int stage, int count);
void must_have_width(const char *model, int width, const int32_t *narrower, int count);

/* session.c */
Model open_model(const char *path, const Options *options);
Buffers bind_buffers(const Model *model);
void run(const Model *model, const Buffers *buffers);
const char *type_name(int type);

/* memory.c: a caller writes an input where `key_of` says; `recall` gives its answer or NULL, `keep` a place for one. */
Memory *new_memory(size_t places, size_t key_bytes, size_t answer_bytes);
uint8_t *key_of(Memory *memory);
const uint8_t *recall(Memory *memory);
uint8_t *keep(Memory *memory);

/* answers.c */
Vectors read_vectors(const Options *options, const Model *model);
void fill(const Model *model, const Buffers *buffers, const Vectors *vectors, size_t first);
void write_answers(const Options *options, const Model *model, const Vectors *vectors);

/* measure.c */
void measure_latency(const Options *options, const Model *model, const Model *floor, const Vectors *vectors,
                     Latency *of_model, Latency *of_floor);
Loop measure_loop(const Options *options, const Model *model, const Vectors *vectors);

/* machine.c */
void pin(int core);
bool is_emulated(void);
void write_machine(FILE *file, const Options *options);

/* report.c */
void write_text(FILE *file, const char *text);
void write_report(const Options *options, const Model *model, const Vectors *vectors, const Latency *of_model,
                  const Latency *of_floor, const Loop *loop);

#endif
