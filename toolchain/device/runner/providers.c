/* Execution providers, in the order asked for. A missing one is an error unless --fallback. */
#include <stdlib.h>
#include <string.h>

#include "runner.h"

static bool available(const char *name, char *all, size_t room) {
    char **names;
    int count;
    bool found = false;
    check(ort.GetAvailableProviders(&names, &count), "providers");
    all[0] = 0;
    for (int i = 0; i < count; i++) {
        found |= strcmp(names[i], name) == 0;
        snprintf(all + strlen(all), room - strlen(all), "%s%s", i ? ", " : "", names[i]);
    }
    return found;
}

/* Keys and values of one provider's options, from words such as "TensorrtExecutionProvider:trt_fp16_enable=1". */
static size_t options_of(const Options *options, const char *provider, const char **keys, const char **values) {
    size_t count = 0, length = strlen(provider);
    for (int i = 0; i < options->provider_options.count; i++) {
        const char *word = options->provider_options.items[i];
        if (strncmp(word, provider, length) != 0 || word[length] != ':') continue;
        char *key = strdup(word + length + 1), *equals = key ? strchr(key, '=') : NULL;
        if (!equals) fail("--provider-option %s: NAME:KEY=VALUE is needed", word);
        *equals = 0;
        keys[count] = key;
        values[count++] = equals + 1;
    }
    return count;
}

static OrtStatus *append(OrtSessionOptions *settings, const Options *options, const char *name) {
    const char *keys[MAX_LIST], *values[MAX_LIST];
    bool tensorrt = strcmp(name, "TensorrtExecutionProvider") == 0;
    if (!tensorrt && strcmp(name, "CUDAExecutionProvider") != 0)
        fail("provider %s: this runner knows CPU, CUDA and TensorRT; the Python runner takes any", name);
    OrtGpuOptions *gpu;
    OrtStatus *status = (tensorrt ? ort.CreateTensorRTOptions : ort.CreateCUDAOptions)(&gpu);
    if (status) return status;
    size_t count = options_of(options, name, keys, values);
    if (count) {
        status = (tensorrt ? ort.UpdateTensorRTOptions : ort.UpdateCUDAOptions)(gpu, keys, values, count);
        if (status) return status;
    }
    return (tensorrt ? ort.AppendTensorRT : ort.AppendCUDA)(settings, gpu);
}

static void add(OrtSessionOptions *settings, const Options *options, const char *name, Model *model) {
    char all[1024];
    const char *reason = NULL;
    if (!available(name, all, sizeof all)) {
        reason = "not in this ONNX Runtime";
    } else if (strcmp(name, "CPUExecutionProvider") != 0) { /* every session has the CPU already */
        OrtStatus *status = append(settings, options, name);
        if (status) reason = ort.GetErrorMessage(status);
    }
    if (reason && !options->fallback)
        fail("provider %s: %s (it has %s); leave it out, or say --fallback to go on without it", name, reason, all);
    if (reason)
        model->absent.items[model->absent.count++] = name;
    else if (!model->provider)
        model->provider = name;
}

void add_providers(OrtSessionOptions *settings, const Options *options, Model *model) {
    for (int i = 0; i < options->providers.count; i++) add(settings, options, options->providers.items[i], model);
    if (!model->provider) model->provider = "CPUExecutionProvider";
}
