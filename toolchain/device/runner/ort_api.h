/* The few functions of ONNX Runtime's C API that the runner and a package's operator call: place in the table, and signature.
 *
 * Places are those of `struct OrtApi` in onnxruntime_c_api.h. A shipped version of the table never changes, newer versions
 * only append to it; all that is used here is in version 11 (ONNX Runtime 1.11), so one binary runs on every later runtime.
 * The wheels carry the library but no header, which is why these facts are written down here.
 */
#ifndef ORT_API_H
#define ORT_API_H

#include <stddef.h>
#include <stdint.h>

#define ORT_API_VERSION 11
#define ORT_WITH_SIZES 23  /* ONNX Runtime 1.23, from which on a tensor tells its bytes by one call */
#define ORT_TENSOR_BYTES 318 /* place of GetTensorSizeInBytes in its table */
#define ORT_WITH_STATUS 16 /* version from which on an operator's computation may return a status */

typedef struct OrtStatus OrtStatus;
typedef struct OrtEnv OrtEnv;
typedef struct OrtSession OrtSession;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtValue OrtValue;
typedef struct OrtTypeInfo OrtTypeInfo;
typedef struct OrtTensorInfo OrtTensorInfo; /* OrtTensorTypeAndShapeInfo */
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtAllocator OrtAllocator;
typedef struct OrtIoBinding OrtIoBinding;
typedef struct OrtKernelContext OrtKernelContext;
typedef struct OrtModelMetadata OrtModelMetadata;
typedef struct OrtCustomOpDomain OrtCustomOpDomain;
typedef struct OrtCustomOp OrtCustomOp;
typedef struct OrtGpuOptions OrtGpuOptions; /* OrtTensorRTProviderOptionsV2, OrtCUDAProviderOptionsV2 */

enum { ORT_INVALID_ARGUMENT = 2, ORT_LOG_ERROR = 3, ORT_SEQUENTIAL = 0, ORT_ARENA_ALLOCATOR = 1, ORT_MEMORY_DEFAULT = 0 };

/* ONNXTensorElementDataType */
enum { ORT_FLOAT = 1, ORT_UINT8 = 2, ORT_INT8 = 3, ORT_UINT16 = 4, ORT_INT16 = 5, ORT_INT32 = 6, ORT_INT64 = 7,
       ORT_BOOL = 9, ORT_FLOAT16 = 10, ORT_DOUBLE = 11, ORT_UINT32 = 12, ORT_UINT64 = 13 };

typedef const char *const *Names;

#define ORT_FUNCTIONS(F)                                                                                               \
    F(0, OrtStatus *, CreateStatus, (int code, const char *message))                                                   \
    F(2, const char *, GetErrorMessage, (const OrtStatus *))                                                           \
    F(3, OrtStatus *, CreateEnv, (int level, const char *name, OrtEnv **))                                             \
    F(7, OrtStatus *, CreateSession, (const OrtEnv *, const char *path, const OrtSessionOptions *, OrtSession **))     \
    F(9, OrtStatus *, Run, (OrtSession *, const OrtRunOptions *, Names inputs, const OrtValue *const *, size_t,        \
                            Names outputs, size_t, OrtValue **))                                                       \
    F(10, OrtStatus *, CreateSessionOptions, (OrtSessionOptions **))                                                   \
    F(13, OrtStatus *, SetSessionExecutionMode, (OrtSessionOptions *, int mode))                                       \
    F(23, OrtStatus *, SetSessionGraphOptimizationLevel, (OrtSessionOptions *, int level))                             \
    F(24, OrtStatus *, SetIntraOpNumThreads, (OrtSessionOptions *, int))                                               \
    F(25, OrtStatus *, SetInterOpNumThreads, (OrtSessionOptions *, int))                                               \
    F(26, OrtStatus *, CreateCustomOpDomain, (const char *name, OrtCustomOpDomain **))                                 \
    F(27, OrtStatus *, CustomOpDomain_Add, (OrtCustomOpDomain *, const OrtCustomOp *))                                 \
    F(28, OrtStatus *, AddCustomOpDomain, (OrtSessionOptions *, OrtCustomOpDomain *))                                  \
    F(30, OrtStatus *, SessionGetInputCount, (const OrtSession *, size_t *))                                           \
    F(31, OrtStatus *, SessionGetOutputCount, (const OrtSession *, size_t *))                                          \
    F(32, OrtStatus *, SessionGetOverridableInitializerCount, (const OrtSession *, size_t *))                          \
    F(33, OrtStatus *, SessionGetInputTypeInfo, (const OrtSession *, size_t index, OrtTypeInfo **))                    \
    F(35, OrtStatus *, SessionGetOverridableInitializerTypeInfo, (const OrtSession *, size_t index, OrtTypeInfo **))   \
    F(36, OrtStatus *, SessionGetInputName, (const OrtSession *, size_t index, OrtAllocator *, char **))               \
    F(37, OrtStatus *, SessionGetOutputName, (const OrtSession *, size_t index, OrtAllocator *, char **))              \
    F(38, OrtStatus *, SessionGetOverridableInitializerName,                                                           \
      (const OrtSession *, size_t index, OrtAllocator *, char **))                                                     \
    F(49, OrtStatus *, CreateTensorWithDataAsOrtValue,                                                                 \
      (const OrtMemoryInfo *, void *data, size_t bytes, const int64_t *shape, size_t rank, int type, OrtValue **))     \
    F(51, OrtStatus *, GetTensorMutableData, (OrtValue *, void **))                                                    \
    F(55, OrtStatus *, CastTypeInfoToTensorInfo, (const OrtTypeInfo *, const OrtTensorInfo **))                        \
    F(60, OrtStatus *, GetTensorElementType, (const OrtTensorInfo *, int *type))                                       \
    F(61, OrtStatus *, GetDimensionsCount, (const OrtTensorInfo *, size_t *))                                          \
    F(62, OrtStatus *, GetDimensions, (const OrtTensorInfo *, int64_t *, size_t))                                      \
    F(64, OrtStatus *, GetTensorShapeElementCount, (const OrtTensorInfo *, size_t *))                                  \
    F(65, OrtStatus *, GetTensorTypeAndShape, (const OrtValue *, OrtTensorInfo **))                                    \
    F(69, OrtStatus *, CreateCpuMemoryInfo, (int allocator, int memory, OrtMemoryInfo **))                             \
    F(78, OrtStatus *, GetAllocatorWithDefaultOptions, (OrtAllocator **))                                              \
    F(90, OrtStatus *, KernelContext_GetInput, (const OrtKernelContext *, size_t, const OrtValue **))                  \
    F(91, OrtStatus *, KernelContext_GetOutput,                                                                        \
      (OrtKernelContext *, size_t, const int64_t *shape, size_t rank, OrtValue **))                                    \
    F(93, void, ReleaseStatus, (OrtStatus *))                                                                          \
    F(96, void, ReleaseValue, (OrtValue *))                                                                            \
    F(99, void, ReleaseTensorTypeAndShapeInfo, (OrtTensorInfo *))                                                      \
    F(111, OrtStatus *, SessionGetModelMetadata, (const OrtSession *, OrtModelMetadata **))                            \
    F(116, OrtStatus *, ModelMetadataLookupCustomMetadataMap,                                                          \
      (const OrtModelMetadata *, OrtAllocator *, const char *key, char **value))                                       \
    F(125, OrtStatus *, GetAvailableProviders, (char ***, int *))                                                      \
    F(130, OrtStatus *, AddSessionConfigEntry, (OrtSessionOptions *, const char *key, const char *value))              \
    F(133, OrtStatus *, RunWithBinding, (OrtSession *, const OrtRunOptions *, const OrtIoBinding *))                   \
    F(134, OrtStatus *, CreateIoBinding, (OrtSession *, OrtIoBinding **))                                              \
    F(136, OrtStatus *, BindInput, (OrtIoBinding *, const char *name, const OrtValue *))                               \
    F(137, OrtStatus *, BindOutput, (OrtIoBinding *, const char *name, const OrtValue *))                              \
    F(170, OrtStatus *, AppendTensorRT, (OrtSessionOptions *, const OrtGpuOptions *))                                  \
    F(171, OrtStatus *, CreateTensorRTOptions, (OrtGpuOptions **))                                                     \
    F(172, OrtStatus *, UpdateTensorRTOptions, (OrtGpuOptions *, Names keys, Names values, size_t))                    \
    F(204, OrtStatus *, AppendCUDA, (OrtSessionOptions *, const OrtGpuOptions *))                                      \
    F(205, OrtStatus *, CreateCUDAOptions, (OrtGpuOptions **))                                                         \
    F(206, OrtStatus *, UpdateCUDAOptions, (OrtGpuOptions *, Names keys, Names values, size_t))

#define ORT_MEMBER(place, result, name, arguments) result(*name) arguments;
typedef struct {
    ORT_FUNCTIONS(ORT_MEMBER)
} OrtFunctions;

/* An operator of one's own. A runtime reads no further than the version that the operator says it has: 11 ends with the
 * characteristics, 16 with what is here. */
struct OrtCustomOp {
    uint32_t version;
    void *(*CreateKernel)(const OrtCustomOp *, const void *api, const void *info);
    const char *(*GetName)(const OrtCustomOp *);
    const char *(*GetExecutionProviderType)(const OrtCustomOp *);
    int (*GetInputType)(const OrtCustomOp *, size_t index);
    size_t (*GetInputTypeCount)(const OrtCustomOp *);
    int (*GetOutputType)(const OrtCustomOp *, size_t index);
    size_t (*GetOutputTypeCount)(const OrtCustomOp *);
    void (*KernelCompute)(void *kernel, OrtKernelContext *);
    void (*KernelDestroy)(void *kernel);
    int (*GetInputCharacteristic)(const OrtCustomOp *, size_t index);
    int (*GetOutputCharacteristic)(const OrtCustomOp *, size_t index);
    int (*GetInputMemoryType)(const OrtCustomOp *, size_t index);
    int (*GetVariadicInputMinArity)(const OrtCustomOp *);
    int (*GetVariadicInputHomogeneity)(const OrtCustomOp *);
    int (*GetVariadicOutputMinArity)(const OrtCustomOp *);
    int (*GetVariadicOutputHomogeneity)(const OrtCustomOp *);
    OrtStatus *(*CreateKernelV2)(const OrtCustomOp *, const void *api, const void *info, void **kernel);
    OrtStatus *(*KernelComputeV2)(void *kernel, OrtKernelContext *);
};

typedef struct {
    const void *const *(*GetApi)(uint32_t version); /* NULL: older than that version */
    const char *(*GetVersionString)(void);
} OrtApiBase;

#endif
