/* Every vector's answer, to compare with the reference: raw output rows, and labels. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

static FILE *open_or_fail(const char *path, const char *mode) {
    FILE *file = fopen(path, mode);
    if (!file) fail("%s: %s", path, strerror(errno));
    return file;
}

Vectors read_vectors(const Options *options, const Model *model) {
    FILE *file = open_or_fail(options->inputs, "rb");
    size_t row = model->inputs.row_bytes;
    if (fseek(file, 0, SEEK_END) != 0) fail("%s: %s", options->inputs, strerror(errno));
    size_t bytes = (size_t)ftell(file);
    rewind(file);
    if (bytes == 0 || bytes % row)
        fail("%s: %zu bytes are not whole rows of %zu (%zu inputs, the first of %zu x %s)", options->inputs, bytes, row,
             model->inputs.count, model->inputs.items[0].row_elements, type_name(model->inputs.items[0].type));
    Vectors vectors = {.count = bytes / row};
    if (options->count && (size_t)options->count > vectors.count)
        fail("--count %ld: %s holds %zu vectors", options->count, options->inputs, vectors.count);
    if (options->count) vectors.count = (size_t)options->count;
    vectors.data = allocate(vectors.count * row);
    if (fread(vectors.data, row, vectors.count, file) != vectors.count) fail("%s: cannot be read", options->inputs);
    fclose(file);
    return vectors;
}

/* A batch that starts at vector `first`; past the end it starts over. */
void fill(const Model *model, const Buffers *buffers, const Vectors *vectors, size_t first) {
    for (int i = 0; i < model->batch; i++) {
        const uint8_t *from = vectors->data + (first + (size_t)i) % vectors->count * model->inputs.row_bytes;
        for (size_t side = 0; side < model->inputs.count; side++) {
            size_t row = model->inputs.items[side].row_bytes;
            memcpy(buffers->inputs[side] + (size_t)i * row, from, row);
            from += row;
        }
    }
}

/* NaN, which equals nothing, is never the greatest. */
#define FIRST_OF_GREATEST(TYPE)                                                                           \
    {                                                                                                     \
        const TYPE *values = row;                                                                         \
        for (size_t i = 1; i < count; i++)                                                                \
            if (values[i] > values[best] || (!(values[best] == values[best]) && values[i] == values[i])) best = i; \
        return (int32_t)best;                                                                             \
    }

static int32_t label_of(const void *row, size_t count, int type) {
    size_t best = 0;
    switch (type) {
    case ORT_FLOAT: FIRST_OF_GREATEST(float)
    case ORT_DOUBLE: FIRST_OF_GREATEST(double)
    case ORT_INT8: FIRST_OF_GREATEST(int8_t)
    case ORT_UINT8: FIRST_OF_GREATEST(uint8_t)
    case ORT_INT16: FIRST_OF_GREATEST(int16_t)
    case ORT_INT32: FIRST_OF_GREATEST(int32_t)
    case ORT_INT64: FIRST_OF_GREATEST(int64_t)
    default: fail("--labels: no order is defined here for outputs of %s", type_name(type));
    }
}

static void put(FILE *file, const void *data, size_t bytes, const char *path) {
    if (fwrite(data, 1, bytes, file) != bytes) fail("%s: %s", path, strerror(errno));
}

static void shut(FILE *file, const char *path) {
    if (fclose(file) != 0) fail("%s: %s", path, strerror(errno));
}

void write_answers(const Options *options, const Model *model, const Vectors *vectors) {
    FILE *answers = options->answers ? open_or_fail(options->answers, "wb") : NULL;
    FILE *labels = options->labels ? open_or_fail(options->labels, "wb") : NULL;
    Buffers buffers = bind_buffers(model);
    const Sides *outputs = &model->outputs;
    const Side *scores = &outputs->items[0];
    for (size_t first = 0; first < vectors->count; first += (size_t)model->batch) {
        size_t left = vectors->count - first, rows = left < (size_t)model->batch ? left : (size_t)model->batch;
        fill(model, &buffers, vectors, first);
        run(model, &buffers);
        for (size_t i = 0; answers && i < rows; i++)
            for (size_t side = 0; side < outputs->count; side++) {
                size_t row = outputs->items[side].row_bytes;
                put(answers, buffers.outputs[side] + i * row, row, options->answers);
            }
        for (size_t i = 0; labels && i < rows; i++) {
            int32_t label = label_of(buffers.outputs[0] + i * scores->row_bytes, scores->row_elements, scores->type);
            put(labels, &label, sizeof label, options->labels);
        }
    }
    if (answers) shut(answers, options->answers);
    if (labels) shut(labels, options->labels);
}
