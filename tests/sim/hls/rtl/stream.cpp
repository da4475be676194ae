// Streams hexadecimal beats from a file through a module with random pauses and stalls, and prints what comes out.
// Usage: Vmodel <beats.txt> <seed>. Ends when nothing has come out for 300 cycles. Checks that data stays while stalled.
#include "Vmodel.h"
#include "verilated.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

int main(int, char** arguments) {
    std::ifstream file(arguments[1]);
    std::vector<uint64_t> beats;
    uint64_t beat = 0;
    while (file >> std::hex >> beat) beats.push_back(beat);
    std::srand(std::atoi(arguments[2]));
    const bool stalls = std::atoi(arguments[2]) != 0;
    Vmodel model;
    model.rst = 1;
    size_t next = 0;
    bool waiting = false;
    uint64_t waiting_data = 0;
    for (int cycle = 0, idle = 0; idle < 300; ++cycle) {
        model.rst = cycle < 3;
        model.clk = 0;
        const bool offer = cycle >= 3 && next < beats.size() && (model.in_valid || !stalls || std::rand() % 3 != 0);
        model.in_valid = offer;
        model.in_data = offer ? beats[next] : 0;
        model.out_ready = !stalls || std::rand() % 3 == 0;
        model.eval();
        const bool taken = model.in_valid && model.in_ready && cycle >= 3;
        const bool valid = model.out_valid && cycle >= 3;
        if (waiting && (!valid || model.out_data != waiting_data)) std::printf("unstable\n");
        waiting = valid && !model.out_ready;
        waiting_data = model.out_data;
        idle = valid || taken ? 0 : idle + 1;
        if (valid && model.out_ready) std::printf("%llx\n", static_cast<unsigned long long>(model.out_data));
        model.clk = 1;
        model.eval();
        if (taken) ++next, model.in_valid = 0;
    }
    return 0;
}
