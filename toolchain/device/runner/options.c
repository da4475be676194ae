/* The command line. The Python runner takes the same words. */
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

enum { MODEL = 1, FLOOR, LIBRARY, INPUTS, ANSWERS, LABELS, JSON, LEVEL, BATCH, THREADS, WORKERS, CORE, CALLS, WARMUP,
       COUNT, SECONDS, PROVIDER, PROVIDER_OPTION, CONFIG, DISABLE, THRESHOLD, WIDTH, MEMORY, FALLBACK, EMULATED, HELP };

static const struct option words_known[] = {
    {"model", 1, 0, MODEL}, {"floor", 1, 0, FLOOR}, {"library", 1, 0, LIBRARY}, {"inputs", 1, 0, INPUTS},
    {"answers", 1, 0, ANSWERS}, {"labels", 1, 0, LABELS}, {"json", 1, 0, JSON}, {"level", 1, 0, LEVEL},
    {"batch", 1, 0, BATCH}, {"threads", 1, 0, THREADS}, {"workers", 1, 0, WORKERS}, {"core", 1, 0, CORE},
    {"calls", 1, 0, CALLS}, {"warmup", 1, 0, WARMUP}, {"count", 1, 0, COUNT}, {"seconds", 1, 0, SECONDS},
    {"provider", 1, 0, PROVIDER}, {"provider-option", 1, 0, PROVIDER_OPTION}, {"config", 1, 0, CONFIG},
    {"disable", 1, 0, DISABLE}, {"threshold", 1, 0, THRESHOLD}, {"width", 1, 0, WIDTH},
    {"memory", 1, 0, MEMORY}, {"fallback", 0, 0, FALLBACK}, {"emulated", 0, 0, EMULATED}, {"help", 0, 0, HELP},
    {0, 0, 0, 0}};

static const char help[] =
    "runner --model FILE [--library libonnxruntime.so]\n"
    "  answers:   --inputs FILE (raw rows) --answers FILE (raw output rows) --labels FILE (int32, first of equals) [--count N]\n"
    "             a row holds all inputs, or outputs, one after the other in the model's order; labels are of the first output\n"
    "  latency:   --calls N [--warmup 500] [--floor identity.onnx]\n"
    "  loop:      --seconds S [--workers W]   calls without pause: throughput, energy\n"
    "  how:       --batch B --threads T (inside a call) --core K (pins the calling thread)\n"
    "  session:   --level all|extended|basic|none --disable PASS --config KEY=VALUE\n"
    "             --provider NAME --provider-option NAME:KEY=VALUE --fallback (go on without a provider that is absent)\n"
    "  stopping:  --threshold STAGE=LEAD   how far a stage's greatest score must lead the second for the stage to answer\n"
    "             --width PERCENT   of the channels, of a network that runs at several widths\n"
    "             --memory N   keep N answers by their whole inputs, the least recently used goes; batch 1; 0 keeps none;\n"
    "                          without it as many as the model says, such as a recipe's decision.memory\n"
    "  a library of the network's own operator, such as name-x86_64.so, is taken from beside name.onnx\n"
    "  result:    --json FILE (else standard output) --emulated (refuse to time anything)\n";

static long whole(const char *name, const char *text, long least, long most) {
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == 0 || *end != 0 || value < least || value > most)
        fail("--%s %s: a whole number from %ld to %ld is needed", name, text, least, most);
    return value;
}

static void append(List *list, const char *name, const char *item) {
    if (list->count == MAX_LIST) fail("--%s: given more than %d times", name, MAX_LIST);
    list->items[list->count++] = item;
}

static int level_of(const char *text) {
    static const struct { const char *name; int level; } levels[] = {{"none", 0}, {"basic", 1}, {"extended", 2}, {"all", 99}};
    for (size_t i = 0; i < 4; i++)
        if (strcmp(text, levels[i].name) == 0) return levels[i].level;
    fail("--level %s: none, basic, extended or all is needed", text);
}

static double seconds_of(const char *text) {
    char *end;
    double value = strtod(text, &end);
    if (*text == 0 || *end != 0 || !isfinite(value) || value <= 0 || value > 1e6)
        fail("--seconds %s: a time in seconds above 0 is needed", text);
    return value;
}

static Threshold threshold_of(const char *text) {
    char *end;
    Threshold result = {.stage = (int)strtol(text, &end, 10)};
    if (end == text || *end != '=' || result.stage < 1) fail("--threshold %s: STAGE=LEAD is needed, such as 1=300", text);
    result.lead = whole("threshold", end + 1, 0, 1L << 53);
    return result;
}

static void check_together(const Options *o) {
    if (!o->model) fail("--model is missing; see --help");
    if ((o->answers || o->labels) && !o->inputs) fail("--answers and --labels need --inputs");
    if (o->core >= 0 && (o->threads > 1 || o->workers > 1))
        fail("--core pins one thread; leave it out with --threads or --workers above 1");
    if (o->floor && !o->calls) fail("--floor needs --calls");
    if (o->emulated && (o->calls || o->seconds > 0)) fail("an emulated run times nothing; leave out --calls and --seconds");
}

static void take(Options *o, int word, const char *name, const char *value) {
    switch (word) {
    case MODEL: o->model = value; break;
    case FLOOR: o->floor = value; break;
    case LIBRARY: o->library = value; break;
    case INPUTS: o->inputs = value; break;
    case ANSWERS: o->answers = value; break;
    case LABELS: o->labels = value; break;
    case JSON: o->json = value; break;
    case LEVEL: o->level = level_of(value); break;
    case BATCH: o->batch = (int)whole(name, value, 1, 1 << 20); break;
    case THREADS: o->threads = (int)whole(name, value, 1, 1024); break;
    case WORKERS: o->workers = (int)whole(name, value, 1, 1024); break;
    case CORE: o->core = (int)whole(name, value, 0, 1023); break;
    case CALLS: o->calls = whole(name, value, 1, 100000000); break;
    case WARMUP: o->warmup = whole(name, value, 0, 100000000); break;
    case COUNT: o->count = whole(name, value, 1, 1L << 40); break;
    case SECONDS: o->seconds = seconds_of(value); break;
    case PROVIDER: append(&o->providers, name, value); break;
    case PROVIDER_OPTION: append(&o->provider_options, name, value); break;
    case CONFIG: append(&o->config, name, value); break;
    case MEMORY: o->memory = whole(name, value, 0, 1 << 30); break;
    case THRESHOLD:
        if (o->threshold_count == MAX_LIST) fail("--threshold: given more than %d times", MAX_LIST);
        o->thresholds[o->threshold_count++] = threshold_of(value);
        break;
    case WIDTH: o->width = (int)whole(name, value, 1, 100); break;
    case DISABLE: append(&o->disabled, name, value); break;
    case FALLBACK: o->fallback = true; break;
    case EMULATED: o->emulated = true; break;
    case HELP: fputs(help, stdout); exit(0);
    default: fail("%s: unknown, or without its value; see --help", name);
    }
}

Options parse_options(int count, char **words) {
    Options options = {.level = 99, .threads = 1, .workers = 1, .core = -1, .warmup = 500, .memory = -1};
    int index = 0, word;
    opterr = 0;
    while ((word = getopt_long(count, words, "", words_known, &index)) != -1)
        take(&options, word, word == '?' ? words[optind - 1] : words_known[index].name, optarg);
    if (optind < count) fail("%s: not an option; see --help", words[optind]);
    check_together(&options);
    return options;
}
