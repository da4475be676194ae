// Feeds streams into FIFOs and drains others, each behind a gate that opens and closes, and writes down what happened.
//
// Usage: Vmodel <clocks> <period> <inputs> <outputs>, then the words of a beat of each input and of each output.
// Reads gates.bin (a byte for each clock of a period and each stream, inputs first: 1 is open) and in<i>.bin (beats in
// 32-bit words). Writes take<i>.bin and push<i>.bin (the clocks, 32 bits each) and out<i>.bin (beats). Clock 0 is the
// first without reset.
#include "Vmodel.h"
#include "verilated.h"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using Words = std::vector<uint32_t>;

std::vector<char> read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) std::exit(2);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, const Words& words) {
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(words.data()), words.size() * 4);
}

template <typename Bus>
bool bit(const Bus& bus, size_t i) {
    return bus[i / 32] >> (i % 32) & 1;
}

template <typename Bus>
void set(Bus& bus, size_t i, bool value) {
    bus[i / 32] = (bus[i / 32] & ~(1u << (i % 32))) | uint32_t(value) << (i % 32);
}

struct Stream {
    size_t words, offset;
    Words beats, clocks;
    size_t sent = 0;
};

std::vector<Stream> streams(char** sizes, size_t count) {
    std::vector<Stream> all(count);
    size_t offset = 0;
    for (size_t i = 0; i < count; offset += all[i++].words) {
        all[i].words = std::strtoull(sizes[i], nullptr, 10);
        all[i].offset = offset;
    }
    return all;
}

void feed(Vmodel& model, std::vector<Stream>& inputs, const char* gates) {
    for (size_t i = 0; i < inputs.size(); ++i) {
        Stream& in = inputs[i];
        const bool push = gates[i] && bit(model.in_room, i) && in.sent < in.beats.size();
        set(model.in_push, i, push);
        for (size_t w = 0; push && w < in.words; ++w) model.in_words[in.offset + w] = in.beats[in.sent++];
    }
}

void note(const Vmodel& model, std::vector<Stream>& inputs, std::vector<Stream>& outputs, uint32_t clock) {
    for (size_t i = 0; i < inputs.size(); ++i)
        if (bit(model.taken, i)) inputs[i].clocks.push_back(clock);
    for (size_t i = 0; i < outputs.size(); ++i) {
        Stream& out = outputs[i];
        if (bit(model.pushed, i)) out.clocks.push_back(clock);
        if (bit(model.out_valid, i) && bit(model.out_ready, i))
            for (size_t w = 0; w < out.words; ++w) out.beats.push_back(model.out_words[out.offset + w]);
    }
}

void tick(Vmodel& model) {
    model.clk = 1;
    model.eval();
    model.clk = 0;
    model.eval();
}

}  // namespace

int main(int, char** arguments) {
    const size_t clocks = std::strtoull(arguments[1], nullptr, 10), period = std::strtoull(arguments[2], nullptr, 10);
    const size_t ins = std::strtoull(arguments[3], nullptr, 10), outs = std::strtoull(arguments[4], nullptr, 10);
    auto inputs = streams(arguments + 5, ins), outputs = streams(arguments + 5 + ins, outs);
    const std::vector<char> gates = read("gates.bin");
    for (size_t i = 0; i < ins; ++i) {
        const std::vector<char> bytes = read("in" + std::to_string(i) + ".bin");
        const auto* words = reinterpret_cast<const uint32_t*>(bytes.data());
        inputs[i].beats.assign(words, words + bytes.size() / 4);
    }
    Vmodel model;
    model.rst = 1;
    for (int i = 0; i < 16; ++i) tick(model);
    model.rst = 0;
    model.eval();
    for (size_t clock = 0; clock < clocks; ++clock) {
        const char* open = &gates[clock % period * (ins + outs)];
        feed(model, inputs, open);
        for (size_t i = 0; i < outs; ++i) set(model.out_ready, i, open[ins + i]);
        model.eval();
        note(model, inputs, outputs, clock);
        tick(model);
    }
    for (size_t i = 0; i < ins; ++i) write("take" + std::to_string(i) + ".bin", inputs[i].clocks);
    for (size_t i = 0; i < outs; ++i) {
        write("push" + std::to_string(i) + ".bin", outputs[i].clocks);
        write("out" + std::to_string(i) + ".bin", outputs[i].beats);
    }
    return 0;
}
