/* Latency of single calls beside the Identity floor, and loops without pause. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "runner.h"

/* Model and floor take turns in this many blocks, so that a drifting clock touches both alike. */
enum { ROUNDS = 20 };

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double unix_time(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static long involuntary_switches(int whom) {
    struct rusage usage;
    getrusage(whom, &usage);
    return usage.ru_nivcsw;
}

/* `calls` timed calls; the inputs are laid down outside of the timed part. */
static long time_calls(const Model *model, const Buffers *buffers, const Vectors *vectors, int64_t *times, long calls) {
    long before = involuntary_switches(RUSAGE_THREAD);
    for (long i = 0; i < calls; i++) {
        if (vectors) fill(model, buffers, vectors, (size_t)i * (size_t)model->batch % vectors->count);
        int64_t start = now();
        run(model, buffers);
        times[i] = now() - start;
    }
    return involuntary_switches(RUSAGE_THREAD) - before;
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Nearest rank: the least time that `percent` of all calls do not exceed. */
static double percentile(const int64_t *sorted, long count, long percent) {
    return (double)sorted[(count * percent + 99) / 100 - 1] * 1e-3;
}

static Latency summarise(int64_t *times, long calls, long switches) {
    double sum = 0;
    for (long i = 0; i < calls; i++) sum += (double)times[i];
    qsort(times, (size_t)calls, sizeof *times, ascending);
    return (Latency){.calls = calls,
                     .minimum = (double)times[0] * 1e-3,
                     .p50 = percentile(times, calls, 50),
                     .p90 = percentile(times, calls, 90),
                     .p99 = percentile(times, calls, 99),
                     .maximum = (double)times[calls - 1] * 1e-3,
                     .mean = sum / (double)calls * 1e-3,
                     .involuntary_switches = switches};
}

void measure_latency(const Options *options, const Model *model, const Model *floor, const Vectors *vectors,
                     Latency *of_model, Latency *of_floor) {
    const Model *sides[] = {model, floor};
    Latency *results[] = {of_model, of_floor};
    Buffers buffers[2];
    int64_t *times[2];
    long switches[2] = {0, 0};
    int count = floor ? 2 : 1;
    for (int side = 0; side < count; side++) {
        buffers[side] = bind_buffers(sides[side]);
        times[side] = allocate(sizeof(int64_t) * (size_t)options->calls);
        for (long i = 0; i < options->warmup; i++) run(sides[side], &buffers[side]);
    }
    for (long round = 0; round < ROUNDS; round++) {
        long first = options->calls * round / ROUNDS, last = options->calls * (round + 1) / ROUNDS;
        for (int side = 0; side < count; side++) /* the floor is an Identity of zeros: only its call is of interest */
            switches[side] += time_calls(sides[side], &buffers[side], side ? NULL : vectors, times[side] + first, last - first);
    }
    for (int side = 0; side < count; side++) *results[side] = summarise(times[side], options->calls, switches[side]);
}

typedef struct {
    const Model *model;
    const Vectors *vectors;
    pthread_barrier_t *start;
    int64_t nanoseconds, began, ended;
    long warmup, calls;
    size_t first;
} Worker;

static void *work(void *argument) {
    Worker *worker = argument;
    Buffers buffers = bind_buffers(worker->model);
    /* Where the time depends on the input, one input would tell nothing of the others. */
    bool fresh = worker->vectors && (worker->model->decides || worker->model->memory);
    if (worker->vectors) fill(worker->model, &buffers, worker->vectors, worker->first);
    for (long i = 0; i < worker->warmup; i++) run(worker->model, &buffers);
    pthread_barrier_wait(worker->start);
    worker->began = now();
    do {
        if (fresh) fill(worker->model, &buffers, worker->vectors, worker->first += (size_t)worker->model->batch);
        run(worker->model, &buffers);
        worker->calls++;
    } while ((worker->ended = now()) < worker->began + worker->nanoseconds);
    return NULL;
}

Loop measure_loop(const Options *options, const Model *model, const Vectors *vectors) {
    pthread_t threads[1024];
    pthread_barrier_t start;
    Worker *workers = allocate(sizeof(Worker) * (size_t)options->workers);
    Loop loop = {0};
    pthread_barrier_init(&start, NULL, (unsigned)options->workers + 1);
    for (int i = 0; i < options->workers; i++) {
        workers[i] = (Worker){model, vectors, &start, (int64_t)(options->seconds * 1e9), 0, 0, options->warmup, 0, (size_t)i};
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) fail("--workers %d: no more threads", options->workers);
    }
    pthread_barrier_wait(&start);
    long switches = involuntary_switches(RUSAGE_SELF);
    /* The workers know when they began: this thread may wake up well after them. */
    int64_t began = INT64_MAX, ended = 0;
    for (int i = 0; i < options->workers; i++) {
        pthread_join(threads[i], NULL);
        loop.inferences += workers[i].calls * model->batch;
        if (workers[i].began < began) began = workers[i].began;
        if (workers[i].ended > ended) ended = workers[i].ended;
    }
    double unix_zero = unix_time() - (double)now() * 1e-9;
    loop.seconds = (double)(ended - began) * 1e-9;
    loop.started = unix_zero + (double)began * 1e-9;
    loop.ended = unix_zero + (double)ended * 1e-9;
    loop.involuntary_switches = involuntary_switches(RUSAGE_SELF) - switches;
    return loop;
}
