/* A session on one model with one input and one output, and buffers bound to it. */
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

static void describe(Model *model, const Options *options) {
    size_t inputs, outputs;
    OrtAllocator *allocator;
    OrtTypeInfo *info;
    const OrtTensorInfo *tensor = NULL;
    check(ort.GetAllocatorWithDefaultOptions(&allocator), "allocator");
    check(ort.SessionGetInputCount(model->session, &inputs), "inputs");
    check(ort.SessionGetOutputCount(model->session, &outputs), "outputs");
    if (inputs != 1 || outputs < 1) fail("%s: %zu inputs and %zu outputs; one of each is needed", options->model, inputs, outputs);
    check(ort.SessionGetInputName(model->session, 0, allocator, &model->input.name), "input");
    check(ort.SessionGetOutputName(model->session, 0, allocator, &model->output.name), "output");
    check(ort.SessionGetInputTypeInfo(model->session, 0, &info), "input");
    check(ort.CastTypeInfoToTensorInfo(info, &tensor), "input");
    if (!tensor) fail("%s: the input is not a tensor", options->model);
    read_shape(tensor, &model->input);
    measure_row(&model->input);
}

static void choose_batch(Model *model, const Options *options) {
    int64_t fixed = model->input.shape[0];
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

/* One call tells the output's shape, which a graph with a free batch need not declare; it warms the session, too. */
static void probe_output(Model *model) {
    void *zeros = allocate(model->input.row_bytes * (size_t)model->batch);
    memset(zeros, 0, model->input.row_bytes * (size_t)model->batch);
    OrtValue *input = tensor_of(&model->input, model->batch, zeros), *output = NULL;
    const char *names[] = {model->input.name, model->output.name};
    OrtTensorInfo *info;
    check(ort.Run(model->session, NULL, names, (const OrtValue *const *)&input, 1, names + 1, 1, &output), "first call");
    check(ort.GetTensorTypeAndShape(output, &info), "output");
    read_shape(info, &model->output);
    measure_row(&model->output);
    if (model->output.shape[0] != model->batch)
        fail("output %s: %ld rows for a batch of %d", model->output.name, (long)model->output.shape[0], model->batch);
    ort.ReleaseValue(output);
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

static OrtSessionOptions *settings_of(const Options *options, Model *model) {
    OrtSessionOptions *settings;
    require_named_passes(options);
    check(ort.CreateSessionOptions(&settings), "session options");
    check(ort.SetSessionExecutionMode(settings, ORT_SEQUENTIAL), "sequential execution");
    check(ort.SetIntraOpNumThreads(settings, options->threads), "--threads");
    check(ort.SetInterOpNumThreads(settings, 1), "inter-op threads");
    check(ort.SetSessionGraphOptimizationLevel(settings, options->level), "--level");
    add_config(settings, options);
    add_providers(settings, options, model);
    return settings;
}

Model open_model(const char *path, const Options *options) {
    static OrtEnv *environment;
    Model model = {0};
    FILE *file = fopen(path, "rb");
    if (!file) fail("%s: no such model, or not readable", path);
    fclose(file);
    if (!environment) check(ort.CreateEnv(ORT_LOG_ERROR, "gateweave", &environment), "environment");
    check(ort.CreateSession(environment, path, settings_of(options, &model), &model.session), path);
    describe(&model, options);
    choose_batch(&model, options);
    probe_output(&model);
    return model;
}

Buffers bind_buffers(const Model *model) {
    Buffers buffers = {.input = allocate(model->input.row_bytes * (size_t)model->batch),
                       .output = allocate(model->output.row_bytes * (size_t)model->batch)};
    memset(buffers.input, 0, model->input.row_bytes * (size_t)model->batch);
    check(ort.CreateIoBinding(model->session, &buffers.binding), "binding");
    check(ort.BindInput(buffers.binding, model->input.name, tensor_of(&model->input, model->batch, buffers.input)), "input");
    check(ort.BindOutput(buffers.binding, model->output.name, tensor_of(&model->output, model->batch, buffers.output)), "output");
    return buffers;
}

void run(const Model *model, const Buffers *buffers) {
    check(ort.RunWithBinding(model->session, NULL, buffers->binding), "call");
}
