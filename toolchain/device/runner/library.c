/* Finds ONNX Runtime at run time, so that one binary serves every version on the device. */
#include <dlfcn.h>
#include <string.h>

#include "runner.h"

OrtFunctions ort;
const OrtApiBase *runtime_base;
const char *runtime_version = "";

void check(OrtStatus *status, const char *what) {
    if (status) fail("%s: %s", what, ort.GetErrorMessage(status));
}

static void *open_library(const char *path) {
    static const char *const usual[] = {"libonnxruntime.so", "libonnxruntime.so.1"};
    if (path) return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; i < 2; i++) {
        void *library = dlopen(usual[i], RTLD_NOW | RTLD_LOCAL);
        if (library) return library;
    }
    return NULL;
}

void load_library(const char *path) {
    void *library = open_library(path);
    if (!library) fail("ONNX Runtime cannot be loaded: %s; name its file with --library", dlerror());
    const OrtApiBase *(*get_base)(void);
    *(void **)&get_base = dlsym(library, "OrtGetApiBase");
    if (!get_base) fail("%s: not an ONNX Runtime library (no OrtGetApiBase)", path ? path : "libonnxruntime.so");
    runtime_base = get_base();
    runtime_version = runtime_base->GetVersionString();
    const void *const *table = runtime_base->GetApi(ORT_API_VERSION);
    if (!table) fail("ONNX Runtime %s is too old; 1.%d or newer is needed", runtime_version, ORT_API_VERSION);
#define LOAD(place, result, name, arguments) memcpy(&ort.name, &table[place], sizeof ort.name);
    ORT_FUNCTIONS(LOAD)
}
