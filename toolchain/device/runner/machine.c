/* What the figures were measured on. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "runner.h"

void pin(int core) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    if (sched_setaffinity(0, sizeof cores, &cores) != 0) fail("--core %d: %s", core, strerror(errno));
}

/* First line of a file without its end, or false. */
static bool first_line(const char *path, char *text, size_t room) {
    FILE *file = fopen(path, "r");
    if (!file) return false;
    char *line = fgets(text, (int)room, file);
    fclose(file);
    if (line) text[strcspn(text, "\n")] = 0;
    return line && text[0];
}

/* The value of the first "name : value" line of /proc/cpuinfo with this name. */
static bool processor_line(const char *name, char *text, size_t room) {
    FILE *file = fopen("/proc/cpuinfo", "r");
    bool found = false;
    while (file && !found && fgets(text, (int)room, file)) {
        char *colon = strchr(text, ':');
        if (!colon || strncmp(text, name, strlen(name)) != 0) continue;
        memmove(text, colon + 2, strlen(colon + 1));
        text[strcspn(text, "\n")] = 0;
        found = true;
    }
    if (file) fclose(file);
    return found;
}

/* An emulated process sees another architecture than the kernel's own. */
bool is_emulated(void) {
    char kernel[64];
    struct utsname name;
    return first_line("/proc/sys/kernel/arch", kernel, sizeof kernel) && uname(&name) == 0 && strcmp(kernel, name.machine) != 0;
}

static void write_string(FILE *file, const char *key, const char *text, bool known) {
    fprintf(file, "\"%s\": ", key);
    if (known)
        write_text(file, text);
    else
        fprintf(file, "null");
    fprintf(file, ", ");
}

void write_machine(FILE *file, const Options *options) {
    char text[256] = "", path[96];
    struct utsname name;
    uname(&name);
    int core = options->core < 0 ? 0 : options->core;
    fprintf(file, "{");
    write_string(file, "architecture", name.machine, true);
    /* A board tells its own name; a PC the processor's. */
    bool known = first_line("/proc/device-tree/model", text, sizeof text) || processor_line("model name", text, sizeof text) ||
                 processor_line("Model", text, sizeof text);
    write_string(file, "processor", text, known);
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", core);
    known = first_line(path, text, sizeof text);
    write_string(file, "governor", text, known);
    fprintf(file, "\"cores\": %ld, \"core\": ", sysconf(_SC_NPROCESSORS_ONLN));
    if (options->core < 0)
        fprintf(file, "null}");
    else
        fprintf(file, "%d}", options->core);
}
