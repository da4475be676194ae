/* Runs a model with ONNX Runtime: its answers, its latency, or a loop to measure throughput and energy. */
#include <stddef.h>

#include "runner.h"

int main(int count, char **words) {
    Options options = parse_options(count, words);
    if (is_emulated() && !options.emulated) {
        if (options.calls || options.seconds > 0) fail("this process is emulated: its times mean nothing; leave out --calls and --seconds");
        options.emulated = true;
    }
    if (options.emulated) options.core = -1; /* a board's core need not exist on the emulating machine */
    if (options.core >= 0) pin(options.core);
    load_library(options.library);
    Model model = open_model(options.model, &options), floor = {0};
    if (options.floor) floor = open_model(options.floor, &options);
    Vectors vectors = {0};
    if (options.inputs) vectors = read_vectors(&options, &model);
    const Vectors *given = options.inputs ? &vectors : NULL;
    if (options.answers || options.labels) write_answers(&options, &model, given);
    Latency of_model, of_floor;
    if (options.calls) measure_latency(&options, &model, options.floor ? &floor : NULL, given, &of_model, &of_floor);
    Loop loop;
    if (options.seconds > 0) loop = measure_loop(&options, &model, given);
    write_report(&options, &model, given, options.calls ? &of_model : NULL, options.floor ? &of_floor : NULL,
                 options.seconds > 0 ? &loop : NULL);
    return 0;
}
