/* A session on one model, and buffers bound to its inputs and outputs. */
#include <stdlib.h>
#include <string.h>

#include "runner.h"

static const struct { int type; size_t bytes; const char *name; } types[] = {
    {ORT_FLOAT, 4, "float32"}, {ORT_UINT8, 1, "uint8"},   {ORT_INT8, 1, "int8"},       {ORT_UINT16, 2, "uint16"},
    {ORT_INT16, 2, "int16"},   {ORT_INT32, 4, "int32"},   {ORT_INT64, 8, "int64"},     {ORT_BOOL, 1, "bool"},
    {ORT_FLOAT16, 2, "float16"}, {ORT_DOUBLE, 8, "float64"}, {ORT_UINT32, 4, "uint32"}, {ORT_UINT64, 8, "uint64"}};

static size_t type_index(int type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type) return i;
    fail("element type %d of ONNX is not one this runner can feed", type);
}

const char *type_name(int type) { return types[type_index(type)].name; }

static void read_shape(const OrtTensorInfo *info, Side *side) {
    check(ort.GetTensorElementType(info, &side->type), side->name);
    check(ort.GetDimensionsCount(info, &side->rank), side->name);
    if (side->rank == 0 || side->rank > MAX_RANK) fail("%s: rank %zu; 1 to %d are handled", side->name, side->rank, MAX_RANK);
    check(ort.GetDimensions(info, side->shape, side->rank), side->name);
}

/* Sizes of one row, once all dimensions but the first are known. */
static void measure_row(Side *side) {
    side->row_elements = 1;
    for (size_t i = 1; i < side->rank; i++) {
        if (side->shape[i] <= 0) fail("%s: dimension %zu is not fixed; only the first (the batch) may be free", side->name, i);
        side->row_elements *= (size_t)side->shape[i];
    }
    side->row_bytes = side->row_elements * types[type_index(side->type)].bytes;
}

static void measure_rows(Sides *sides) {
    sides->row_bytes = 0;
    for (size_t i = 0; i < sides->count; i++) {
        measure_row(&sides->items[i]);
        sides->row_bytes += sides->items[i].row_bytes;
    }
}

static void describe_input(Model *model, size_t index, OrtAllocator *allocator) {
    Side *side = &model->inputs.items[index];
    OrtTypeInfo *info;
    const OrtTensorInfo *tensor = NULL;
    check(ort.SessionGetInputName(model->session, index, allocator, &side->name), "input");
    check(ort.SessionGetInputTypeInfo(model->session, index, &info), side->name);
    check(ort.CastTypeInfoToTensorInfo(info, &tensor), side->name);
    if (!tensor) fail("input %s is not a tensor", side->name);
    read_shape(tensor, side);
}

static void describe(Model *model, const Options *options) {
    size_t *inputs = &model->inputs.count, *outputs = &model->outputs.count;
    OrtAllocator *allocator;
    check(ort.GetAllocatorWithDefaultOptions(&allocator), "allocator");
    check(ort.SessionGetInputCount(model->session, inputs), "inputs");
    check(ort.SessionGetOutputCount(model->session, outputs), "outputs");
    if (*inputs < 1 || *inputs > MAX_SIDES || *outputs < 1 || *outputs > MAX_SIDES)
        fail("%s: %zu inputs and %zu outputs; 1 to %d of each are handled", options->model, *inputs, *outputs, MAX_SIDES);
    for (size_t i = 0; i < *inputs; i++) describe_input(model, i, allocator);
    for (size_t i = 0; i < *outputs; i++)
        check(ort.SessionGetOutputName(model->session, i, allocator, &model->outputs.items[i].name), "output");
    measure_rows(&model->inputs);
}

static void choose_batch(Model *model, const Options *options) {
    int64_t fixed = 0;
    for (size_t i = 0; i < model->inputs.count; i++) {
        int64_t size = model->inputs.items[i].shape[0];
        if (size > 0 && fixed > 0 && size != fixed)
            fail("%s: inputs of batches of %ld and %ld; one size is needed", options->model, (long)fixed, (long)size);
        if (size > 0) fixed = size;
    }
    if (fixed > 0 && options->batch && options->batch != fixed)
        fail("--batch %d: the model's batch is fixed at %ld", options->batch, (long)fixed);
    model->batch = fixed > 0 ? (int)fixed : options->batch ? options->batch : 1;
}

static OrtValue *tensor_of(const Side *side, int batch, void *data) {
    OrtMemoryInfo *memory;
    OrtValue *value;
    int64_t shape[MAX_RANK];
    memcpy(shape, side->shape, sizeof shape);
    shape[0] = batch;
    check(ort.CreateCpuMemoryInfo(ORT_ARENA_ALLOCATOR, ORT_MEMORY_DEFAULT, &memory), "memory");
    check(ort.CreateTensorWithDataAsOrtValue(memory, data, side->row_bytes * (size_t)batch, shape, side->rank, side->type, &value),
          side->name);
    return value;
}

static OrtValue *zeros_of(const Side *side, int batch) {
    size_t bytes = side->row_bytes * (size_t)batch;
    return tensor_of(side, batch, memset(allocate(bytes), 0, bytes));
}

/* One call tells the outputs' shapes, which a graph with a free batch need not declare; it warms the session, too. */
static void probe_outputs(Model *model) {
    Sides *inputs = &model->inputs, *outputs = &model->outputs;
    OrtValue *given[MAX_SIDES], *found[MAX_SIDES] = {0};
    const char *names[MAX_SIDES], *wanted[MAX_SIDES];
    OrtTensorInfo *info;
    for (size_t i = 0; i < inputs->count; i++) {
        given[i] = zeros_of(&inputs->items[i], model->batch);
        names[i] = inputs->items[i].name;
    }
    for (size_t i = 0; i < outputs->count; i++) wanted[i] = outputs->items[i].name;
    check(ort.Run(model->session, NULL, names, (const OrtValue *const *)given, inputs->count, wanted, outputs->count, found),
          "first call");
    for (size_t i = 0; i < outputs->count; i++) {
        Side *side = &outputs->items[i];
        check(ort.GetTensorTypeAndShape(found[i], &info), side->name);
        read_shape(info, side);
        if (side->shape[0] != model->batch)
            fail("output %s: %ld rows for a batch of %d", side->name, (long)side->shape[0], model->batch);
        ort.ReleaseValue(found[i]);
    }
    measure_rows(outputs);
}

static void add_config(OrtSessionOptions *settings, const Options *options) {
    char passes[1024] = "";
    for (int i = 0; i < options->config.count; i++) {
        char *key = strdup(options->config.items[i]), *equals = key ? strchr(key, '=') : NULL;
        if (!equals) fail("--config %s: KEY=VALUE is needed", options->config.items[i]);
        *equals = 0;
        check(ort.AddSessionConfigEntry(settings, key, equals + 1), options->config.items[i]);
    }
    for (int i = 0; i < options->disabled.count; i++) {
        size_t used = strlen(passes), length = strlen(options->disabled.items[i]);
        if (used + length + 2 > sizeof passes) fail("--disable: the names are longer than %zu characters", sizeof passes);
        snprintf(passes + used, sizeof passes - used, "%s%s", i ? ";" : "", options->disabled.items[i]);
    }
    if (passes[0]) check(ort.AddSessionConfigEntry(settings, "optimization.disable_specified_optimizers", passes), "--disable");
}

static void require_named_passes(const Options *options) {
    int major = 0, minor = 0;
    sscanf(runtime_version, "%d.%d", &major, &minor);
    /* Older runtimes take the entry and ignore it, and so would change answers in silence. */
    if (options->disabled.count && major == 1 && minor < FIRST_WITH_DISABLED_PASSES)
        fail("--disable: ONNX Runtime %s has it in Python only (C: from 1.%d); use --config session.disable_quant_qdq=1",
             runtime_version, FIRST_WITH_DISABLED_PASSES);
}

static OrtSessionOptions *settings_of(const char *path, const Options *options, Model *model, bool *compiled) {
    OrtSessionOptions *settings;
    require_named_passes(options);
    check(ort.CreateSessionOptions(&settings), "session options");
    check(ort.SetSessionExecutionMode(settings, ORT_SEQUENTIAL), "sequential execution");
    check(ort.SetIntraOpNumThreads(settings, options->threads), "--threads");
    check(ort.SetInterOpNumThreads(settings, 1), "inter-op threads");
    check(ort.SetSessionGraphOptimizationLevel(settings, options->level), "--level");
    add_config(settings, options);
    *compiled = add_operator(settings, path, options, &model->decides);
    add_providers(settings, options, model);
    return settings;
}

/* The input with a default that a threshold is, its value laid down; its type is the graph's own. */
static void give_threshold(Model *model, size_t index, const Threshold *one, OrtAllocator *allocator) {
    Side side = {.rank = 1, .shape = {1}};
    OrtTypeInfo *info;
    const OrtTensorInfo *tensor = NULL;
    double *place = allocate(sizeof(double));
    check(ort.SessionGetOverridableInitializerName(model->session, index, allocator, &side.name), "threshold");
    check(ort.SessionGetOverridableInitializerTypeInfo(model->session, index, &info), side.name);
    check(ort.CastTypeInfoToTensorInfo(info, &tensor), side.name);
    check(ort.GetTensorElementType(tensor, &side.type), side.name);
    if (side.type == ORT_FLOAT)
        *(float *)(void *)place = (float)one->lead;
    else if (side.type == ORT_DOUBLE)
        *place = (double)one->lead;
    else
        fail("%s: elements of %s are none of a threshold", side.name, type_name(side.type));
    side.row_bytes = types[type_index(side.type)].bytes;
    model->threshold_names[model->threshold_count] = side.name;
    model->thresholds[model->threshold_count++] = tensor_of(&side, 1, place);
}

/* A chosen width: inputs width25, width50 and so on, 1 where the network is wider than that. */
static void give_width(Model *model, const char *path, int width, size_t count, OrtAllocator *allocator) {
    int32_t narrower[MAX_LIST];
    int found = 0;
    char *name;
    for (size_t index = 0; index < count && index < MAX_LIST; index++) {
        check(ort.SessionGetOverridableInitializerName(model->session, index, allocator, &name), "width");
        if (strncmp(name, "width", 5) != 0) continue;
        narrower[found] = atoi(name + 5);
        Threshold one = {.lead = narrower[found++] < width};
        give_threshold(model, index, &one, allocator);
    }
    must_have_width(path, width, narrower, found);
}

/* Thresholds of a graph of ONNX's own operators: inputs threshold1, threshold2 and so on, in any order. */
static void give_thresholds(Model *model, const char *path, const Options *options) {
    OrtAllocator *allocator;
    size_t count;
    check(ort.GetAllocatorWithDefaultOptions(&allocator), "allocator");
    check(ort.SessionGetOverridableInitializerCount(model->session, &count), "thresholds");
    model->decides = count > 0;
    if (options->width) give_width(model, path, options->width, count, allocator);
    for (int i = 0; i < options->threshold_count; i++) {
        const Threshold *one = &options->thresholds[i];
        char wanted[32], *name;
        must_have_stage(path, one->stage, (int)count);
        snprintf(wanted, sizeof wanted, "threshold%d", one->stage);
        for (size_t index = 0; index < count; index++) {
            check(ort.SessionGetOverridableInitializerName(model->session, index, allocator, &name), "threshold");
            if (strcmp(name, wanted) == 0) give_threshold(model, index, one, allocator);
        }
    }
}

/* Earlier answers to keep: as many as were asked for, else as the model says, where single vectors come. */
static long places_for(const Model *model, const Options *options) {
    OrtModelMetadata *metadata;
    OrtAllocator *allocator;
    char *told = NULL;
    if (options->memory >= 0) {
        if (options->memory && model->batch != 1)
            fail("--memory %ld: a batch of 1 is needed, not of %d", options->memory, model->batch);
        return options->memory;
    }
    check(ort.GetAllocatorWithDefaultOptions(&allocator), "allocator");
    check(ort.SessionGetModelMetadata(model->session, &metadata), "metadata");
    check(ort.ModelMetadataLookupCustomMetadataMap(metadata, allocator, "gateweave.memory", &told), "metadata");
    return told && model->batch == 1 ? strtol(told, NULL, 10) : 0;
}

Model open_model(const char *path, const Options *options) {
    static OrtEnv *environment;
    Model model = {0};
    bool compiled;
    FILE *file = fopen(path, "rb");
    if (!file) fail("%s: no such model, or not readable", path);
    fclose(file);
    if (!environment) check(ort.CreateEnv(ORT_LOG_ERROR, "gateweave", &environment), "environment");
    check(ort.CreateSession(environment, path, settings_of(path, options, &model, &compiled), &model.session), path);
    describe(&model, options);
    if (!compiled && path == options->model) give_thresholds(&model, path, options);
    choose_batch(&model, options);
    probe_outputs(&model);
    if (path == options->model) model.memory = places_for(&model, options);
    if (model.memory) {
        model.asked = memset(allocate(2 * sizeof(long)), 0, 2 * sizeof(long));
        model.recalled = model.asked + 1;
    }
    return model;
}

Buffers bind_buffers(const Model *model) {
    Buffers buffers = {0};
    check(ort.CreateIoBinding(model->session, &buffers.binding), "binding");
    for (size_t i = 0; i < model->inputs.count; i++) {
        const Side *side = &model->inputs.items[i];
        size_t bytes = side->row_bytes * (size_t)model->batch;
        buffers.inputs[i] = memset(allocate(bytes), 0, bytes);
        check(ort.BindInput(buffers.binding, side->name, tensor_of(side, model->batch, buffers.inputs[i])), side->name);
    }
    for (int i = 0; i < model->threshold_count; i++)
        check(ort.BindInput(buffers.binding, model->threshold_names[i], model->thresholds[i]), model->threshold_names[i]);
    for (size_t i = 0; i < model->outputs.count; i++) {
        const Side *side = &model->outputs.items[i];
        buffers.outputs[i] = allocate(side->row_bytes * (size_t)model->batch);
        check(ort.BindOutput(buffers.binding, side->name, tensor_of(side, model->batch, buffers.outputs[i])), side->name);
    }
    if (model->memory) buffers.memory = new_memory((size_t)model->memory, model->inputs.row_bytes, model->outputs.row_bytes);
    return buffers;
}

static void call(const Model *model, const Buffers *buffers) {
    check(ort.RunWithBinding(model->session, NULL, buffers->binding), "call");
}

/* One vector, or what its earlier answer was. */
static void remember(const Model *model, const Buffers *buffers) {
    uint8_t *key = key_of(buffers->memory), *place;
    for (size_t i = 0; i < model->inputs.count; key += model->inputs.items[i++].row_bytes)
        memcpy(key, buffers->inputs[i], model->inputs.items[i].row_bytes);
    const uint8_t *known = recall(buffers->memory);
    __atomic_fetch_add(model->asked, 1, __ATOMIC_RELAXED);
    if (known) {
        __atomic_fetch_add(model->recalled, 1, __ATOMIC_RELAXED);
        for (size_t i = 0; i < model->outputs.count; known += model->outputs.items[i++].row_bytes)
            memcpy(buffers->outputs[i], known, model->outputs.items[i].row_bytes);
        return;
    }
    call(model, buffers);
    place = keep(buffers->memory);
    for (size_t i = 0; i < model->outputs.count; place += model->outputs.items[i++].row_bytes)
        memcpy(place, buffers->outputs[i], model->outputs.items[i].row_bytes);
}

void run(const Model *model, const Buffers *buffers) {
    if (buffers->memory)
        remember(model, buffers);
    else
        call(model, buffers);
}
