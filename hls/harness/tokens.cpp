// Works out in which clock each token of a core moves: units between FIFOs, beats without values (hls/token_simulator.py
// writes the specification, hls/units/tokens.py says what a unit does).
//
// Usage: tokens units < runs > result. The file `units` holds 32-bit words, and flags of one byte, filled up to a word:
//   fifos units beats_in beats_out
//   for each unit: latency operations inputs outputs, the FIFOs of its outputs, a flag for each operation: it yields;
//     for each input: FIFO kind, then kind 0 (take): a flag for each operation;
//     kind 1 (hold): capacity ahead words, a flag for each word that is a beat, needs and frees of each operation;
//     `ahead` are the words that an operation frees before they are written, at most;
//     kind 2: the same in a memory of one port, where no operation is issued in a clock that writes.
// Standard input is words, too: vectors lone, and for each FIFO: depth delay.
// FIFO 0 is fed from outside, FIFO 1 feeds the outside (they may be one and the same: then it is FIFO 0 alone).
// With `lone` a lone vector goes in first; when it is out, the others follow as fast as they are taken.
// The result is text: `done`, first beat taken, then the clock of each vector's last beat; then the peak of each FIFO.
//
// No clock is stepped through. A beat may leave a FIFO so many clocks after its push, and a place be taken one clock after
// a beat left it: each unit goes as far as the clocks of its neighbours are known, up to a horizon that all share.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

using Clock = int64_t;

constexpr Clock never = INT64_MAX;
constexpr Clock window = 1024;  // clocks from one horizon to the next

// The file, in place: several runs at a time share its pages.
class Words {
  public:
    explicit Words(const char* path) {
        struct stat about;
        const int file = open(path, O_RDONLY);
        if (file < 0 || fstat(file, &about) || !about.st_size) std::exit(2);
        void* const start = mmap(nullptr, about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (start == MAP_FAILED) std::exit(2);
        at_ = static_cast<const int32_t*>(start);
        end_ = at_ + about.st_size / sizeof *at_;
    }

    int32_t word() { return *words(1); }

    const int32_t* words(size_t count) {
        if (count > size_t(end_ - at_)) std::exit(2);
        const int32_t* const start = at_;
        at_ += count;
        return start;
    }

    const uint8_t* flags(size_t count) { return reinterpret_cast<const uint8_t*>(words((count + 3) / 4)); }

  private:
    const int32_t *at_, *end_;
};

int32_t given() {
    int32_t value = 0;
    if (std::fread(&value, sizeof value, 1, stdin) != 1) std::exit(2);
    return value;
}

// What standard input says.
struct Run {
    const int64_t vectors = given();
    const bool lone = given();
    std::vector<int32_t> fifos;

    Run() {
        for (int32_t value; std::fread(&value, sizeof value, 1, stdin) == 1;) fifos.push_back(value);
    }
};

// The clocks of the last events of a row of them, each by its number.
class Clocks {
  public:
    void hold(size_t count) {
        size_t size = 2;
        while (size < count) size *= 2;
        clocks_.resize(size);
    }
    Clock& operator[](int64_t number) { return clocks_[number & (clocks_.size() - 1)]; }

  private:
    std::vector<Clock> clocks_;
};

struct Unit;

struct Fifo {
    int64_t depth = 0;
    Unit *source = nullptr, *sink = nullptr;  // none where it begins or ends outside
    Clock ready = 0;                          // clocks from a reserved place to its beat's leaving, at least
    int64_t taken = 0, left = 0;              // places reserved, and beats that left, so far
    int64_t old_taken = 0, old_left = 0;      // those too long ago to keep anything waiting
    int64_t in = 0, out = 0, peak = 0;        // those counted for the peak
    Clocks taken_at, left_at;

    void start(int64_t places, Clock delay) {
        depth = places;
        ready += delay;
        const size_t most = std::min<int64_t>(depth + 1, window + ready + 2);
        taken_at.hold(most);
        left_at.hold(most);
    }
    // When there is room for one more, or a beat to take: no earlier than `from`, or never yet.
    Clock room(Clock from) {
        const int64_t before = taken - depth;
        if (before < old_left) return from;
        return before < left ? std::max(from, left_at[before] + 1) : never;
    }
    Clock valid(Clock from) {
        if (left < old_taken) return from;
        return left < taken ? std::max(from, taken_at[left] + ready) : never;
    }
    void take(Clock clock) {
        taken_at[taken++] = clock;
        count();
    }
    void leave(Clock clock) {
        left_at[left++] = clock;
        count();
    }
    // A place is counted once it is known how many beats had left by then.
    void count() {
        while (in < taken && out < left)
            if (left_at[out] <= taken_at[in])
                ++out;
            else
                peak = std::max(peak, ++in - out);
    }
    // All that is to come is later than the horizon.
    void settle(Clock horizon) {
        while (in < taken) peak = std::max(peak, ++in - out);
        out = old_left = left;
        while (old_taken < taken && taken_at[old_taken] + ready <= horizon + 1) ++old_taken;
    }
};

struct Input {
    Fifo* fifo;
    bool holds, one_port;
    int64_t capacity, ahead, size;
    const uint8_t* takes;
    const int32_t *needs, *frees;
    int64_t at = 0, before = 0;      // the next word to write; words of earlier inferences
    int64_t written = 0, freed = 0;  // counted over all inferences
    int64_t old_written = 0;         // those too long ago to keep anything waiting
    Clock last = -1;
    bool starved = false;            // the next word waits for a beat that nobody has pushed yet
    int64_t met = 0;                 // words written up to the clock of the last operation
    Clocks written_at, freed_at;

    // The clock in which the next word is written.
    Clock next() {
        starved = false;
        if (written - freed >= capacity) return never;
        Clock clock = last + 1;
        if (written >= capacity) clock = std::max(clock, freed_at[written - capacity] + 1);
        if (!takes[at]) return clock;
        clock = fifo->valid(clock);
        starved = clock == never;
        return clock;
    }
    void write(Clock clock) {
        if (takes[at]) fifo->leave(clock);
        written_at[written++] = last = clock;
        if (++at == size) at = 0;
    }
    void issued(int64_t operation, bool last_one, Clock clock) {
        while (met < written && written_at[met] <= clock) ++met;
        for (const int64_t now = before + frees[operation]; freed < now; ++freed) freed_at[freed] = clock;
        if (last_one) before += size;
    }
    // From `clock` on, the first clock in which this lets an operation be issued.
    Clock allows(int64_t operation, Clock clock) {
        if (!holds) return takes[operation] ? fifo->valid(clock) : clock;
        const int64_t needed = before + needs[operation];
        if (needed > written) return never;
        return needed > old_written ? std::max(clock, written_at[needed - 1] + 1) : clock;
    }
    // The same for a memory of one port, later than the last operation: no word is written then.
    Clock quiet(Clock clock) {
        for (int64_t word = met; word < written && written_at[word] <= clock; ++word)
            if (written_at[word] == clock) ++clock;
        return clock;
    }
    // As for a FIFO.
    void settle(Clock horizon) {
        old_written = met = written;
        last = horizon;
    }
};

struct Unit {
    Clock latency;
    int64_t operations;
    std::vector<Fifo*> outputs;
    const uint8_t* yields;
    std::vector<Input> inputs;
    int64_t operation = 0;
    Clock last = -1;
    Clock next = never;  // where it only waits for the horizon: the clock
    Clock unsure = never;  // where a word might still be written in the clock of its operation: that clock
    bool one_port = false, queued = false, sure = false;
};

class Core {
  public:
    Core(Words words, const Run& run) : vectors_(run.vectors), lone_(run.lone) {
        fifos_.resize(words.word());
        units_.resize(words.word());
        beats_in_ = words.word();
        beats_out_ = words.word();
        for (Unit& unit : units_) read(unit, words);
        if (run.fifos.size() != 2 * fifos_.size()) std::exit(2);
        for (size_t i = 0; i < fifos_.size(); ++i) fifos_[i].start(run.fifos[2 * i], run.fifos[2 * i + 1]);
    }

    // Up to a clock, or the last beat.
    void run(Clock end) {
        horizon_ = std::min(window, end);
        do {
            for (Unit& unit : units_) queue(&unit);
            to_horizon();
            settle();
        } while (!whole() && advance(end));
    }

    bool whole() const { return int64_t(ends_.size()) == vectors_; }
    Clock end() const { return ends_.back(); }

    int write() const {
        std::printf("%zu %lld", ends_.size(), static_cast<long long>(first_));
        for (Clock end : ends_) std::printf(" %lld", static_cast<long long>(end));
        std::printf("\n");
        for (const Fifo& fifo : fifos_)
            std::printf("%lld %lld ", static_cast<long long>(fifo.peak), static_cast<long long>(fifo.taken - fifo.left));
        std::printf("\n");
        return 0;
    }

  private:
    void settle() {
        for (Fifo& fifo : fifos_) fifo.settle(horizon_);
        for (Unit& unit : units_) {
            for (Input& input : unit.inputs) input.settle(horizon_);
            unit.last = horizon_;
        }
        fed_at_ = drained_at_ = horizon_;
    }

    void read(Unit& unit, Words& words) {
        unit.latency = words.word();
        unit.operations = words.word();
        unit.inputs.resize(words.word());
        unit.outputs.resize(words.word());
        for (Fifo*& output : unit.outputs) {
            output = &fifos_[words.word()];
            output->source = &unit;
            output->ready = unit.latency;
        }
        unit.yields = words.flags(unit.operations);
        for (Input& input : unit.inputs) {
            read(unit, input, words);
            unit.one_port = unit.one_port || input.one_port;
        }
    }

    void read(Unit& unit, Input& input, Words& words) {
        input.fifo = &fifos_[words.word()];
        input.fifo->sink = &unit;
        const int32_t kind = words.word();
        input.holds = kind != 0;
        input.one_port = kind == 2;
        input.capacity = input.holds ? words.word() : 0;
        input.ahead = input.holds ? words.word() : 0;
        input.size = input.holds ? words.word() : unit.operations;
        input.takes = words.flags(input.size);
        if (!input.holds) return;
        input.needs = words.words(unit.operations);
        input.frees = words.words(unit.operations);
        input.written_at.hold(window + 2);
        input.freed_at.hold(input.capacity + input.ahead + 1);
    }

    void queue(Unit* unit) {
        if (!unit || unit->queued) return;
        unit->queued = true;
        queue_.push_back(unit);
    }

    // Let everything go on until all wait for the horizon, or for each other.
    void to_horizon() {
        bool moved = true;
        while (moved || !queue_.empty()) {
            moved = feed();
            std::vector<Unit*> now;
            now.swap(queue_);
            for (Unit* unit : now) {
                unit->queued = false;
                moved = go_on(*unit) || moved;
            }
            moved = drain() || moved;
            if (!moved && queue_.empty()) queue(first_unsure());
        }
    }

    // What is not known yet comes of what is known, a clock later at least: the first of all may be issued.
    Unit* first_unsure() {
        const auto first = std::min_element(
            units_.begin(), units_.end(), [](const Unit& a, const Unit& b) { return a.unsure < b.unsure; });
        if (first == units_.end() || first->unsure == never) return nullptr;
        first->sure = true;
        return &*first;
    }

    // Whether there is anything left to do beyond the horizon, which is moved there.
    bool advance(Clock end) {
        Clock next = std::min(feeds_, drains_);
        for (const Unit& unit : units_) next = std::min(next, unit.next);
        if (next == never) return false;
        horizon_ = std::min(next + window, end);
        return true;
    }

    bool feed() {
        Fifo& fifo = fifos_.front();
        const int64_t before = fed_, allowed = beats_in_ * (lone_ && ends_.empty() ? 1 : vectors_);
        while (fed_ < allowed && (feeds_ = fifo.room(may_feed())) <= horizon_) {
            if (fed_++ == 0) first_ = feeds_;
            fifo.take(fed_at_ = feeds_);
            queue(fifo.sink);
        }
        if (fed_ == allowed) feeds_ = never;
        return fed_ > before;
    }

    Clock may_feed() const {
        const Clock next = fed_at_ + 1;
        return lone_ && fed_ == beats_in_ ? std::max(next, ends_.front() + 1) : next;
    }

    bool drain() {
        Fifo& fifo = fifos_[fifos_.size() > 1 ? 1 : 0];
        const int64_t before = drained_;
        while ((drains_ = fifo.valid(drained_at_ + 1)) <= horizon_) {
            fifo.leave(drained_at_ = drains_);
            queue(fifo.source);
            if (++drained_ % beats_out_ == 0) ends_.push_back(drains_);
        }
        return drained_ > before;
    }

    // Issue and write as long as it is known when.
    bool go_on(Unit& unit) {
        unit.unsure = never;
        bool moved = false;
        for (bool more = true; more; moved = moved || more) {
            more = false;
            unit.next = never;
            for (Input& input : unit.inputs)
                if (input.holds) more = writes(unit, input) || more;
            more = issues(unit) || more;
        }
        if (!moved) return false;
        for (Fifo* output : unit.outputs) queue(output->sink);
        for (Input& input : unit.inputs) queue(input.fifo->source);
        return true;
    }

    bool writes(Unit& unit, Input& input) {
        bool moved = false;
        Clock clock;
        while ((clock = input.next()) <= horizon_) {
            input.write(clock);
            moved = true;
        }
        unit.next = std::min(unit.next, clock);
        return moved;
    }

    bool issues(Unit& unit) {
        bool moved = false;
        for (Clock clock; (clock = issue(unit)) != never; moved = true) {
            if (clock > horizon_) {
                unit.next = std::min(unit.next, clock);
                break;
            }
            if (!is_sure(unit, clock)) break;
            unit.sure = false;
            finish(unit, clock);
            // What it freed may let a word be written, which goes before the next operation.
            if (unit.one_port) return true;
        }
        return moved;
    }

    // The clock of the next operation, as far as it is known.
    Clock issue(Unit& unit) {
        Clock clock = unit.last + 1;
        if (unit.yields[unit.operation])
            for (Fifo* output : unit.outputs)
                if ((clock = output->room(clock)) == never) return never;
        for (Input& input : unit.inputs)
            if ((clock = input.allows(unit.operation, clock)) == never) return never;
        for (Clock before = -1; before != clock;) {
            before = clock;
            for (Input& input : unit.inputs)
                if (input.one_port) clock = input.quiet(clock);
        }
        return clock;
    }

    // Whether no word can still come to be written in that clock, where there is one port for both.
    bool is_sure(Unit& unit, Clock clock) const {
        if (unit.sure) return true;
        for (const Input& input : unit.inputs)
            if (input.one_port && input.starved && input.last < clock) {
                unit.unsure = clock;
                return false;
            }
        return true;
    }

    void finish(Unit& unit, Clock clock) {
        const bool last = unit.operation + 1 == unit.operations;
        for (Input& input : unit.inputs)
            if (input.holds)
                input.issued(unit.operation, last, clock);
            else if (input.takes[unit.operation])
                input.fifo->leave(clock);
        if (unit.yields[unit.operation])
            for (Fifo* output : unit.outputs) output->take(clock);
        unit.operation = last ? 0 : unit.operation + 1;
        unit.last = clock;
    }

    int64_t vectors_, beats_in_, beats_out_;
    bool lone_;
    std::vector<Fifo> fifos_;
    std::vector<Unit> units_;
    std::vector<Unit*> queue_;
    std::vector<Clock> ends_;
    Clock horizon_ = window, first_ = 0, fed_at_ = -1, drained_at_ = -1, feeds_ = never, drains_ = never;
    int64_t fed_ = 0, drained_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    const Words words(arguments[1]);
    const Run run;
    Core core(words, run);
    core.run(never);
    if (!run.lone || !core.whole()) return core.write();
    // What still moves after the last beat is part of no inference: the peaks are those of a run up to there.
    Core again(words, run);
    again.run(core.end());
    return again.write();
}
