// Drives a core of AXI4-Streams with packed vectors and compares every beat of its tapped streams.
//
// Usage: Vmodel <specification> <result.json>; where the model traces activity, activity.saif lies beside the result, with
// how often every bit changed from clock to clock, until the last answer. The specification is text (hls/simulate_stream.py writes it):
//   vectors in_beats in_words interval watchdog seed stalls(0|1)
//   inputs                                              (a file beside it; files hold 32-bit words)
//   streams, then for each: file carried beats words offset elements bits
// `carried` is a file of a word for each vector, 0 where the stream carries nothing of it, or `-` where it carries all.
// All beats are padded to whole words: `tap_words` carries stream i at word `offset`. The last stream is the output.
#include "Vmodel.h"
#include "verilated.h"
#if VM_TRACE_SAIF
#include "verilated_saif_c.h"
#endif

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace {

// Where the first assertion of the core failed; empty while none has.
std::string failed_assertion;

std::vector<uint32_t> read_words(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) {
        std::fprintf(stderr, "%s: cannot open\n", path.c_str());
        std::exit(2);
    }
    std::vector<uint32_t> words(file.tellg() / sizeof(uint32_t));
    file.seekg(0);
    file.read(reinterpret_cast<char*>(words.data()), words.size() * sizeof(uint32_t));
    return words;
}

// Open and closed by turns, for a few cycles or for up to eight intervals, which fills and drains all buffers of the
// core; always open without stalls.
class Gate {
  public:
    Gate(bool stalls, uint64_t interval, uint64_t seed) : stalls_(stalls), interval_(interval), random_(seed) {}
    bool open() {
        if (!stalls_) return true;
        if (left_ == 0) {
            open_ = !open_;
            left_ = 1 + random_() % (random_() % 4 == 0 ? 8 * interval_ : 4);
        }
        --left_;
        return open_;
    }

  private:
    bool stalls_, open_ = false;
    uint64_t interval_, left_ = 0;
    std::mt19937_64 random_;
};

struct Stream {
    std::vector<uint32_t> expected;
    uint64_t beats, words, offset, elements, bits;
    std::vector<uint64_t> carried;  // the vectors in the order in which they come
    uint64_t vector = 0, beat = 0;  // of the next beat; the vector is counted among those that are carried
};

struct Difference {
    uint64_t vector = UINT64_MAX, stream = 0, element = 0, expected = 0, got = 0;
};

uint64_t field(const uint32_t* words, uint64_t low, uint64_t bits) {
    uint64_t value = 0;
    for (uint64_t i = 0; i < bits; ++i)
        value |= static_cast<uint64_t>((words[(low + i) / 32] >> ((low + i) % 32)) & 1) << i;
    return value;
}

class Bench {
  public:
    explicit Bench(const char* specification) {
        std::ifstream text(specification);
        const std::string path(specification);
        const std::string folder = path.substr(0, path.rfind('/') + 1);
        std::string file;
        uint64_t count = 0;
        text >> vectors_ >> in_beats_ >> in_words_ >> interval_ >> watchdog_ >> seed_ >> stalls_ >> file >> count;
        inputs_ = read_words(folder + file);
        for (uint64_t i = 0; i < count; ++i) {
            Stream stream{};
            std::string which;
            text >> file >> which >> stream.beats >> stream.words >> stream.offset >> stream.elements >> stream.bits;
            stream.expected = read_words(folder + file);
            const std::vector<uint32_t> some = which == "-" ? std::vector<uint32_t>() : read_words(folder + which);
            for (uint64_t at = 0; at < total(); ++at)
                if (some.empty() || some[at % vectors_]) stream.carried.push_back(at);
            streams_.push_back(stream);
        }
        total_ = total();
        wrong_.assign(vectors_, 0);
        arrivals_.assign(total_, 0);
        held_.assign(output().words, 0);
    }

    void run(const std::string& result) {
        open_activity(result.substr(0, result.rfind('/') + 1) + "activity.saif");
        reset();
        model_.watched = 1;
        Gate source(stalls_, interval_, 2 * seed_), sink(stalls_, interval_, 2 * seed_ + 1);
        // A lone vector shows the latency; then the rest follow as fast as they are taken.
        while (done() < 1 && !hung_) step(source.open() && sent_ < 1, sink.open());
        while (done() < total_ && !hung_) step(source.open() && sent_ < total_, sink.open());
        close_activity();
        // What padding makes of a vector that never comes says nothing of how full a FIFO becomes.
        model_.watched = 0;
        for (uint64_t i = 0; i < 2 * interval_ + 16 && !hung_; ++i) step(false, true);
        model_.final();
    }

    void write(const char* path) const {
        uint64_t equal = 0;
        const uint64_t finished = done() < vectors_ ? done() : vectors_;
        for (uint64_t i = 0; i < finished; ++i) equal += !wrong_[i];
        std::FILE* out = std::fopen(path, "w");
        std::fprintf(out, "{\"equal\": %llu, \"cycles\": %llu, \"latency\": %llu, \"interval\": %.4f, \"hung\": %s, ",
                     word(equal), word(cycle_), word(latency_), interval(), hung_ ? "true" : "false");
        std::fprintf(out, "\"surplus\": %lld, \"unstable\": %s, \"vectors\": [", surplus_, unstable_ ? "true" : "false");
        for (size_t i = 0; i < streams_.size(); ++i)
            std::fprintf(out, "%s%llu", i ? ", " : "", word(streams_[i].vector));
        std::fprintf(out, "], \"assertion\": \"%s\", \"difference\": ", failed_assertion.c_str());
        if (first_.vector == UINT64_MAX)
            std::fprintf(out, "null}\n");
        else
            std::fprintf(out, "[%llu, %llu, %llu, %llu, %llu]}\n", word(first_.vector), word(first_.stream),
                         word(first_.element), word(first_.expected), word(first_.got));
        std::fclose(out);
    }

  private:
    uint64_t total() const { return vectors_ < 4 ? 4 : vectors_; }  // an interval needs a few vectors
    static unsigned long long word(uint64_t value) { return value; }
    const Stream& output() const { return streams_.back(); }
    uint64_t done() const { return output().vector; }

    double interval() const {
        const uint64_t from = 1 + (total_ - 1) / 2, to = total_ - 1;
        return done() < total_ || to <= from ? 0 : double(arrivals_[to] - arrivals_[from]) / double(to - from);
    }

    void reset() {
        model_.rst = 1;
        for (int i = 0; i < 16; ++i) {
            model_.eval();
            tick();
        }
        model_.rst = 0;
    }

    void tick() {
        model_.clk = 1;
        model_.eval();
        model_.clk = 0;
    }

    void step(bool offer, bool ready) {
        // An offered beat stays until it is taken.
        model_.in_valid = model_.in_valid || offer;
        if (model_.in_valid && !loaded_) load();
        model_.out_ready = ready;
        model_.eval();
        const bool taken = model_.in_valid && model_.in_ready;
        if (taken) take();
        watch_output();
        note_activity();
        for (size_t word = 0; 32 * word < streams_.size(); ++word)
            for (uint32_t fired = model_.tap_fire[word]; fired; fired &= fired - 1)
                compare(32 * word + __builtin_ctz(fired));
        tick();
        if (taken) model_.in_valid = 0;
        ++cycle_;
        hung_ = cycle_ - moved_ > watchdog_ && done() < total_;
    }

    // Once a clock, when all has settled: a clock that does not change is none, and what settles in several steps counts once.
#if VM_TRACE_SAIF
    void open_activity(const std::string& path) {
        Verilated::traceEverOn(true);
        model_.trace(&activity_, 99);
        activity_.open(path.c_str());
    }
    void note_activity() {
        if (activity_.isOpen()) activity_.dump(cycle_ + 1);
    }
    void close_activity() { activity_.close(); }
#else
    void open_activity(const std::string&) {}
    void note_activity() {}
    void close_activity() {}
#endif

    void load() {
        const uint32_t* beat = &inputs_[((sent_ % vectors_) * in_beats_ + in_beat_) * in_words_];
        for (uint64_t i = 0; i < in_words_; ++i) model_.in_words[i] = beat[i];
        loaded_ = true;
    }

    void take() {
        if (sent_ == 0 && in_beat_ == 0) first_taken_ = cycle_;
        loaded_ = false;
        moved_ = cycle_;
        if (++in_beat_ == in_beats_) {
            in_beat_ = 0;
            ++sent_;
        }
    }

    void watch_output() {
        const uint32_t* got = &model_.tap_words[output().offset];
        bool same = true;
        for (uint64_t i = 0; i < output().words; ++i) {
            same &= held_[i] == got[i];
            held_[i] = got[i];
        }
        if (waiting_ && (!model_.out_valid || !same)) unstable_ = true;
        waiting_ = model_.out_valid && !model_.out_ready;
    }

    void compare(size_t index) {
        Stream& stream = streams_[index];
        // Padding may begin a vector before any of its beats has come in; all else is more than was sent.
        const bool early = stream.vector >= stream.carried.size();
        const uint64_t vector = (early ? stream.vector : stream.carried[stream.vector]) % vectors_;
        const uint32_t* expected = &stream.expected[(vector * stream.beats + stream.beat) * stream.words];
        const uint32_t* got = &model_.tap_words[stream.offset];
        bool equal = true;
        for (uint64_t i = 0; i < stream.words; ++i) equal &= expected[i] == got[i];
        if (early && !(equal && stream.beat + 1 < stream.beats)) surplus_ = static_cast<long long>(index);
        if (!early && !equal) differ(index, vector, expected, got);
        moved_ = cycle_;
        if (++stream.beat == stream.beats) finish(index);
    }

    void finish(size_t index) {
        Stream& stream = streams_[index];
        if (index + 1 == streams_.size()) {
            if (stream.vector == 0) latency_ = cycle_ - first_taken_;
            if (stream.vector < total_) arrivals_[stream.vector] = cycle_;
        }
        stream.beat = 0;
        ++stream.vector;
    }

    void differ(size_t index, uint64_t vector, const uint32_t* expected, const uint32_t* got) {
        const Stream& stream = streams_[index];
        wrong_[vector] = 1;
        if (vector > first_.vector || (vector == first_.vector && index >= first_.stream)) return;
        uint64_t element = 0;
        while (field(expected, element * stream.bits, stream.bits) == field(got, element * stream.bits, stream.bits))
            ++element;
        first_ = {vector, index, stream.beat * stream.elements + element,
                  field(expected, element * stream.bits, stream.bits), field(got, element * stream.bits, stream.bits)};
    }

    Vmodel model_;
#if VM_TRACE_SAIF
    VerilatedSaifC activity_;
#endif
    std::vector<Stream> streams_;
    std::vector<uint32_t> inputs_, held_;
    std::vector<uint8_t> wrong_;
    std::vector<uint64_t> arrivals_;
    uint64_t vectors_ = 0, in_beats_ = 0, in_words_ = 0, interval_ = 0, watchdog_ = 0, seed_ = 0, total_ = 0;
    bool stalls_ = false, loaded_ = false, hung_ = false, unstable_ = false, waiting_ = false;
    uint64_t cycle_ = 0, moved_ = 0, sent_ = 0, in_beat_ = 0, first_taken_ = 0, latency_ = 0;
    long long surplus_ = -1;
    Difference first_;
};

}  // namespace

// Verilator calls this in the place of its own, which would end the program (macro VL_USER_STOP).
void vl_stop(const char* file, int line, const char*) {
    const std::string path(file);
    if (failed_assertion.empty()) failed_assertion = path.substr(path.rfind('/') + 1) + ":" + std::to_string(line);
}

int main(int count, char** arguments) {
    if (count != 3) {
        std::fprintf(stderr, "usage: %s specification result.json\n", arguments[0]);
        return 2;
    }
    Bench bench(arguments[1]);
    bench.run(arguments[2]);
    bench.write(arguments[2]);
    return 0;
}
