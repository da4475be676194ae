/* The network's own operator: a library beside the graph, "name-x86_64.so" beside "name.onnx". */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "runner.h"

/* Where a graph's library would lie. */
static char *beside(const char *path) {
    struct utsname name;
    uname(&name);
    const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
    size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - path) : strlen(path), room = stem + strlen(name.machine) + 5;
    char *text = allocate(room);
    snprintf(text, room, "%.*s-%s.so", (int)stem, path, name.machine);
    return text;
}

static bool file_holds(const char *path, const char *text) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) fail("%s: cannot be read", path);
    size_t bytes = (size_t)ftell(file);
    rewind(file);
    char *data = allocate(bytes);
    bool found = fread(data, 1, bytes, file) == bytes && memmem(data, bytes, text, strlen(text));
    fclose(file);
    free(data);
    return found;
}

void must_have_stage(const char *model, int stage, int count) {
    if (count == 0) fail("--threshold %d: %s: it decides nothing", stage, model);
    if (stage > count) fail("--threshold %d: %s: it has thresholds of stages 1 to %d", stage, model, count);
}

void must_have_width(const char *model, int width, const int32_t *narrower, int count) {
    char known[16 * MAX_LIST] = "";
    if (width == 100 && count) return;
    for (int i = 0; i < count; i++) {
        if (narrower[i] == width) return;
        snprintf(known + strlen(known), sizeof known - strlen(known), "%d, ", narrower[i]);
    }
    if (count == 0) fail("--width %d: %s: it has no widths to choose from", width, model);
    fail("--width %d: %s: it was trained for %s100 %%", width, model, known);
}

/* All sessions of this process read them there. */
static void set_thresholds(void *library, const char *model, const Options *options) {
    const int32_t *count = dlsym(library, "gateweave_thresholds");
    const int32_t *widths = dlsym(library, "gateweave_widths");
    int64_t *places = dlsym(library, "model_thresholds");
    if (options->width) must_have_width(model, options->width, widths, count && widths ? *count : 0);
    for (int i = 0; options->width && i < *count; i++)
        places[i] = widths[i] < options->width;
    for (int i = 0; i < options->threshold_count; i++) {
        const Threshold *one = &options->thresholds[i];
        must_have_stage(model, one->stage, count && places ? *count : 0);
        places[one->stage - 1] = one->lead;
    }
}

/* Whether there is one. */
bool add_operator(OrtSessionOptions *settings, const char *model, const Options *options, bool *decides) {
    char *path = beside(model);
    FILE *there = fopen(path, "rb");
    if (!there) {
        free(path);
        return false;
    }
    fclose(there);
    /* It stays loaded and its name is kept: sessions use it to the end. A name with a slash is looked for nowhere else. */
    char *place = realpath(path, NULL);
    void *library = place ? dlopen(place, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!library) fail("%s: cannot be loaded: %s", path, dlerror());
    const char *name = dlsym(library, "gateweave_operator");
    OrtStatus *(*add)(OrtSessionOptions *, const OrtApiBase *);
    *(void **)&add = dlsym(library, "RegisterCustomOps");
    if (!name || !add) fail("%s: not the library of a network's operator", path);
    if (!file_holds(model, name)) fail("%s: it holds %s, another network than %s; take both from one package", path, name, model);
    check(add(settings, runtime_base), path);
    *decides = dlsym(library, "gateweave_thresholds") != NULL;
    set_thresholds(library, model, options);
    return true;
}
