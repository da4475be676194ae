/* The result as JSON. */
#include <errno.h>
#include <string.h>

#include "runner.h"

void write_text(FILE *file, const char *text) {
    fputc('"', file);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\') fputc('\\', file);
        if (*c < 32)
            fprintf(file, "\\u%04x", *c);
        else
            fputc(*c, file);
    }
    fputc('"', file);
}

static void write_side(FILE *file, const Side *side) {
    fprintf(file, "{\"name\": ");
    write_text(file, side->name);
    fprintf(file, ", \"type\": \"%s\", \"row\": [", type_name(side->type));
    for (size_t i = 1; i < side->rank; i++) fprintf(file, "%s%ld", i > 1 ? ", " : "", (long)side->shape[i]);
    fprintf(file, "]}");
}

static void write_sides(FILE *file, const char *key, const Sides *sides) {
    fprintf(file, ",\n  \"%s\": [", key);
    for (size_t i = 0; i < sides->count; i++) {
        fprintf(file, "%s", i ? ", " : "");
        write_side(file, &sides->items[i]);
    }
    fprintf(file, "]");
}

static void write_latency(FILE *file, const char *key, const Latency *l, const Model *model, const Options *options) {
    fprintf(file,
            ",\n  \"%s\": {\"calls\": %ld, \"warmup\": %ld, \"batch\": %d, \"min_us\": %.3f, \"p50_us\": %.3f, \"p90_us\": %.3f, "
            "\"p99_us\": %.3f, \"max_us\": %.3f, \"mean_us\": %.3f, \"involuntary_switches\": %ld}",
            key, l->calls, options->warmup, model->batch, l->minimum, l->p50, l->p90, l->p99, l->maximum, l->mean,
            l->involuntary_switches);
}

static void write_loop(FILE *file, const Loop *loop, const Model *model, const Options *options) {
    fprintf(file,
            ",\n  \"loop\": {\"seconds\": %.6f, \"inferences\": %ld, \"per_second\": %.1f, \"batch\": %d, \"workers\": %d, "
            "\"started_unix\": %.6f, \"ended_unix\": %.6f, \"involuntary_switches\": %ld}",
            loop->seconds, loop->inferences, (double)loop->inferences / loop->seconds, model->batch, options->workers,
            loop->started, loop->ended, loop->involuntary_switches);
}

static void write_absent(FILE *file, const List *absent) {
    fprintf(file, ",\n  \"absent_providers\": [");
    for (int i = 0; i < absent->count; i++) {
        fprintf(file, "%s", i ? ", " : "");
        write_text(file, absent->items[i]);
    }
    fprintf(file, "]");
}

void write_report(const Options *options, const Model *model, const Vectors *vectors, const Latency *of_model,
                  const Latency *of_floor, const Loop *loop) {
    FILE *file = options->json ? fopen(options->json, "w") : stdout;
    if (!file) fail("%s: %s", options->json, strerror(errno));
    const char *slash = strrchr(options->model, '/');
    fprintf(file, "{\n  \"runner\": \"c\",\n  \"kind\": \"%s\",\n  \"runtime\": ", options->emulated ? "emulated" : "measured");
    write_text(file, runtime_version);
    fprintf(file, ",\n  \"model\": ");
    write_text(file, slash ? slash + 1 : options->model);
    fprintf(file, ",\n  \"provider\": ");
    write_text(file, model->provider);
    write_absent(file, &model->absent);
    fprintf(file, ",\n  \"machine\": ");
    write_machine(file, options);
    fprintf(file, ",\n  \"threads\": %d", options->threads);
    write_sides(file, "inputs", &model->inputs);
    write_sides(file, "outputs", &model->outputs);
    if (vectors) fprintf(file, ",\n  \"vectors\": %zu", vectors->count);
    if (of_model) write_latency(file, "latency", of_model, model, options);
    if (of_floor) write_latency(file, "floor", of_floor, model, options);
    if (loop) write_loop(file, loop, model, options);
    if (model->memory)
        fprintf(file, ",\n  \"memory\": {\"places\": %ld, \"asked\": %ld, \"recalled\": %ld}", model->memory, *model->asked,
                *model->recalled);
    fprintf(file, "\n}\n");
    if (fclose(file) != 0) fail("%s: %s", options->json ? options->json : "standard output", strerror(errno));
}
