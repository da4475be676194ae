// Runs the tokens of a core clock by clock: units between FIFOs, beats without values (hls/token_simulator.py writes the
// specification, hls/units/tokens.py says what a unit does).
//
// Usage: tokens < specification > result. The specification is 32-bit words, and flags of one byte:
//   vectors limit fifos units beats_in beats_out
//   for each FIFO: depth delay
//   for each unit: latency operations inputs outputs, the FIFOs of its outputs, a flag for each operation: it yields;
//     for each input: FIFO kind, then kind 0 (take): a flag for each operation;
//     kind 1 (hold): capacity words, a flag for each word that is a beat, needs and frees of each operation;
//     kind 2: the same in a memory of one port, where no operation is issued in a clock that writes.
// FIFO 0 is fed from outside, FIFO 1 feeds the outside (they may be one and the same: then it is FIFO 0 alone).
// A lone vector goes in first; when it is out, the others follow as fast as they are taken.
// The result is text: `done`, first beat taken, then the clock of each vector's last beat; then the peak of each FIFO.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
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

struct Unit;

struct Fifo {
    int64_t depth, delay;
    int64_t taken = 0, pushed = 0, popped = 0, peak = 0;
    int64_t recent[2] = {0, 0};  // beats pushed up to one and two clocks ago
    bool reserve = false, push = false, pop = false, moving = false;
    Unit *source = nullptr, *sink = nullptr;  // none where it begins or ends outside

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
    bool settled() const { return recent[1] == pushed; }
};

struct Input {
    Fifo* fifo;
    bool holds, one_port;
    int64_t capacity;
    Flags takes;
    Words needs, frees;
    size_t at = 0;                                // the next word to write
    int64_t written = 0, freed = 0, before = 0;   // counted over all inferences; those of earlier inferences
    bool write = false;
};

struct Unit {
    int64_t latency;
    size_t operations;
    std::vector<Fifo*> outputs;
    Flags yields;
    std::vector<Input> inputs;
    std::deque<int64_t> due;  // clocks in which results on their way are pushed
    size_t operation = 0;
    bool issue = false, awake = false;
};

// Only what may change is looked at: a unit that neither issues nor writes sleeps until a FIFO beside it has room or a
// beat again, which is all that it can wait for; a FIFO is looked at while beats move in it.
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
        for (Unit& unit : units_) {
            read(unit);
            wake(&unit);
        }
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
        unit.outputs.resize(word());
        for (Fifo*& output : unit.outputs) {
            output = &fifos_[word()];
            output->source = &unit;
        }
        unit.yields = flags(unit.operations);
        for (Input& input : unit.inputs) read(unit, input);
    }

    void read(Unit& unit, Input& input) {
        input.fifo = &fifos_[word()];
        input.fifo->sink = &unit;
        const int32_t kind = word();
        input.holds = kind != 0;
        input.one_port = kind == 2;
        input.capacity = input.holds ? word() : 0;
        input.takes = flags(input.holds ? word() : unit.operations);
        if (!input.holds) return;
        input.needs = words(unit.operations);
        input.frees = words(unit.operations);
    }

    void step() {
        feed();
        drain();
        for (Unit* unit : awake_) decide(*unit);
        size_t kept = 0;
        for (Unit* unit : awake_) {
            unit->awake = advance(*unit);
            if (unit->awake) awake_[kept++] = unit;
        }
        awake_.resize(kept);
        settle();
        ++clock_;
    }

    void wake(Unit* unit) {
        if (!unit || unit->awake) return;
        unit->awake = true;
        awake_.push_back(unit);
    }

    void move(Fifo& fifo, bool Fifo::*what) {
        fifo.*what = true;
        if (!fifo.moving) {
            fifo.moving = true;
            moving_.push_back(&fifo);
        }
    }

    void settle() {
        size_t kept = 0;
        for (Fifo* fifo : moving_) {
            const bool room = fifo->room(), valid = fifo->valid();
            fifo->clock();
            if (!room && fifo->room()) wake(fifo->source);
            if (!valid && fifo->valid()) wake(fifo->sink);
            fifo->moving = !fifo->settled();
            if (fifo->moving) moving_[kept++] = fifo;
        }
        moving_.resize(kept);
    }

    void feed() {
        Fifo& fifo = fifos_.front();
        const int64_t allowed = ends_.empty() ? 1 : vectors_;
        if (sent_ >= allowed * beats_in_ || !fifo.room()) return;
        if (sent_ == 0) first_ = clock_;
        move(fifo, &Fifo::reserve);
        move(fifo, &Fifo::push);
        ++sent_;
        moved_ = clock_;
    }

    void drain() {
        Fifo& fifo = fifos_[fifos_.size() > 1 ? 1 : 0];
        if (!fifo.valid()) return;
        move(fifo, &Fifo::pop);
        moved_ = clock_;
        if (++received_ % beats_out_ == 0) ends_.push_back(clock_);
    }

    // Everything is decided by what was true before the clock.
    void decide(Unit& unit) {
        for (Input& input : unit.inputs)
            if (input.holds) {
                const bool space = input.written - input.freed < input.capacity;
                input.write = space && (!input.takes[input.at] || input.fifo->valid());
            }
        unit.issue = can_issue(unit);
    }

    bool can_issue(const Unit& unit) const {
        if (unit.yields[unit.operation])
            for (const Fifo* output : unit.outputs)
                if (!output->room()) return false;
        for (const Input& input : unit.inputs) {
            if (input.holds) {
                if (input.one_port && input.write) return false;
                if (input.written < input.before + input.needs[unit.operation]) return false;
            } else if (input.takes[unit.operation] && !input.fifo->valid()) {
                return false;
            }
        }
        return true;
    }

    // Whether anything may change in the next clock without a FIFO.
    bool advance(Unit& unit) {
        bool busy = unit.issue;
        for (Input& input : unit.inputs)
            if (input.holds && input.write) {
                write(input);
                busy = true;
            }
        if (unit.issue && unit.yields[unit.operation]) {
            for (Fifo* output : unit.outputs) move(*output, &Fifo::reserve);
            unit.due.push_back(clock_ + unit.latency);
        }
        if (unit.issue) finish(unit);
        if (!unit.due.empty() && unit.due.front() == clock_) {
            unit.due.pop_front();
            for (Fifo* output : unit.outputs) move(*output, &Fifo::push);
        }
        return busy || !unit.due.empty();
    }

    void write(Input& input) {
        if (input.takes[input.at]) move(*input.fifo, &Fifo::pop);
        input.at = input.at + 1 == input.takes.size() ? 0 : input.at + 1;
        ++input.written;
        moved_ = clock_;
    }

    void finish(Unit& unit) {
        moved_ = clock_;
        const bool last = unit.operation + 1 == unit.operations;
        for (Input& input : unit.inputs) {
            if (!input.holds) {
                if (input.takes[unit.operation]) move(*input.fifo, &Fifo::pop);
                continue;
            }
            input.freed = input.before + input.frees[unit.operation];
            if (last) input.before += int64_t(input.takes.size());
        }
        unit.operation = last ? 0 : unit.operation + 1;
    }

    int64_t vectors_, limit_, beats_in_, beats_out_;
    std::vector<Fifo> fifos_;
    std::vector<Unit> units_;
    std::vector<Unit*> awake_;
    std::vector<Fifo*> moving_;
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
