// Runs the tokens of a core clock by clock: units between FIFOs, beats without values (hls/token_simulator.py writes the
// specification, hls/units/tokens.py says what a unit does).
//
// Usage: tokens < specification > result. The specification is 32-bit words, and flags of one byte:
//   vectors limit fifos units beats_in beats_out
//   for each FIFO: depth delay
//   for each unit: latency operations inputs outputs, the FIFOs of its outputs, a flag for each operation: it yields;
//     for each input: FIFO kind, then kind 0 (take): a flag for each operation;
//     kind 1 (hold): capacity words, a flag for each word that is a beat, needs and frees of each operation.
// FIFO 0 is fed from outside, FIFO 1 feeds the outside (they may be one and the same: then it is FIFO 0 alone).
// A lone vector goes in first; when it is out, the others follow as fast as they are taken.
// The result is text: `done`, first beat taken, then the clock of each vector's last beat; then the peak of each FIFO.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace {

using Words = std::vector<int32_t>;

int32_t word() {
    int32_t value = 0;
    if (std::fread(&value, sizeof value, 1, stdin) != 1) std::exit(2);
    return value;
}

Words words(size_t count) {
    Words values(count);
    if (count && std::fread(values.data(), sizeof(int32_t), count, stdin) != count) std::exit(2);
    return values;
}

using Flags = std::vector<uint8_t>;

Flags flags(size_t count) {
    Flags values(count);
    if (count && std::fread(values.data(), 1, count, stdin) != count) std::exit(2);
    return values;
}

struct Fifo {
    int64_t depth, delay;
    int64_t taken = 0, pushed = 0, popped = 0, peak = 0;
    int64_t recent[2] = {0, 0};  // beats pushed up to one and two clocks ago
    bool reserve = false, push = false, pop = false;

    bool room() const { return taken < depth; }
    bool valid() const { return recent[delay - 1] > popped; }
    // What block RAM holds goes by a register, which takes its next beat as the last one leaves.
    void clock() {
        taken += reserve;
        taken -= pop;
        pushed += push;
        popped += pop;
        recent[1] = recent[0];
        recent[0] = pushed;
        peak = std::max(peak, taken);
        reserve = push = pop = false;
    }
};

struct Input {
    int32_t fifo, kind, capacity;
    Flags takes;
    Words needs, frees;
    size_t at = 0;                    // the next word to write
    int64_t written = 0, freed = 0;   // counted over all inferences
    bool write = false;
};

struct Unit {
    size_t latency, operations;
    std::vector<int32_t> outputs;
    Flags yields;
    std::vector<Input> inputs;
    Flags flight;  // results on their way, a ring
    size_t operation = 0, head = 0;
    int64_t inference = 0;
    bool issue = false;
};

class Core {
  public:
    Core() {
        vectors_ = word();
        limit_ = word();
        fifos_.resize(word());
        units_.resize(word());
        beats_in_ = word();
        beats_out_ = word();
        for (Fifo& fifo : fifos_) {
            fifo.depth = word();
            fifo.delay = word();
        }
        for (Unit& unit : units_) read(unit);
    }

    void run() {
        while (int64_t(ends_.size()) < vectors_ && clock_ - moved_ < limit_) step();
    }

    void write() const {
        std::printf("%zu %lld", ends_.size(), static_cast<long long>(first_));
        for (int64_t end : ends_) std::printf(" %lld", static_cast<long long>(end));
        std::printf("\n");
        for (const Fifo& fifo : fifos_)
            std::printf("%lld %lld ", static_cast<long long>(fifo.peak), static_cast<long long>(fifo.taken));
        std::printf("\n");
    }

  private:
    void read(Unit& unit) {
        unit.latency = word();
        unit.operations = word();
        unit.inputs.resize(word());
        unit.outputs = Words(word());
        for (int32_t& output : unit.outputs) output = word();
        unit.yields = flags(unit.operations);
        unit.flight.assign(unit.latency + 1, 0);
        for (Input& input : unit.inputs) {
            input.fifo = word();
            input.kind = word();
            if (input.kind == 0) {
                input.takes = flags(unit.operations);
            } else {
                input.capacity = word();
                input.takes = flags(word());
                input.needs = words(unit.operations);
                input.frees = words(unit.operations);
            }
        }
    }

    void step() {
        feed();
        drain();
        for (Unit& unit : units_) decide(unit);
        for (Unit& unit : units_) advance(unit);
        for (Fifo& fifo : fifos_) fifo.clock();
        ++clock_;
    }

    void feed() {
        Fifo& fifo = fifos_.front();
        const int64_t allowed = ends_.empty() ? 1 : vectors_;
        if (sent_ >= allowed * beats_in_ || !fifo.room()) return;
        if (sent_ == 0) first_ = clock_;
        fifo.reserve = fifo.push = true;
        ++sent_;
        moved_ = clock_;
    }

    void drain() {
        Fifo& fifo = fifos_[fifos_.size() > 1 ? 1 : 0];
        if (!fifo.valid()) return;
        fifo.pop = true;
        moved_ = clock_;
        if (++received_ % beats_out_ == 0) ends_.push_back(clock_);
    }

    // Everything is decided by what was true before the clock.
    void decide(Unit& unit) {
        for (Input& input : unit.inputs)
            if (input.kind == 1) {
                const bool space = input.written - input.freed < input.capacity;
                input.write = space && (!input.takes[input.at] || fifos_[input.fifo].valid());
            }
        unit.issue = can_issue(unit);
    }

    bool can_issue(const Unit& unit) const {
        if (unit.yields[unit.operation])
            for (int32_t output : unit.outputs)
                if (!fifos_[output].room()) return false;
        for (const Input& input : unit.inputs) {
            if (input.kind == 0) {
                if (input.takes[unit.operation] && !fifos_[input.fifo].valid()) return false;
            } else {
                const int64_t before = unit.inference * int64_t(input.takes.size());
                if (input.written < before + input.needs[unit.operation]) return false;
            }
        }
        return true;
    }

    void advance(Unit& unit) {
        for (Input& input : unit.inputs)
            if (input.kind == 1 && input.write) {
                fifos_[input.fifo].pop |= input.takes[input.at] != 0;
                input.at = input.at + 1 == input.takes.size() ? 0 : input.at + 1;
                ++input.written;
                moved_ = clock_;
            }
        const bool yields = unit.issue && unit.yields[unit.operation];
        unit.flight[unit.head] = yields;
        for (int32_t output : unit.outputs) fifos_[output].reserve |= yields;
        if (unit.issue) finish(unit);
        const size_t oldest = unit.head + 1 == unit.flight.size() ? 0 : unit.head + 1;
        if (unit.flight[oldest])
            for (int32_t output : unit.outputs) fifos_[output].push = true;
        unit.head = oldest;
    }

    void finish(Unit& unit) {
        moved_ = clock_;
        for (Input& input : unit.inputs) {
            if (input.kind == 0)
                fifos_[input.fifo].pop |= input.takes[unit.operation] != 0;
            else
                input.freed = unit.inference * int64_t(input.takes.size()) + input.frees[unit.operation];
        }
        if (++unit.operation == unit.operations) {
            unit.operation = 0;
            ++unit.inference;
        }
    }

    int64_t vectors_, limit_, beats_in_, beats_out_;
    std::vector<Fifo> fifos_;
    std::vector<Unit> units_;
    std::vector<int64_t> ends_;
    int64_t clock_ = 0, moved_ = 0, sent_ = 0, received_ = 0, first_ = 0;
};

}  // namespace

int main() {
    Core core;
    core.run();
    core.write();
    return 0;
}
