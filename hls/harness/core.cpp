// Drives a core with packed vectors and compares every beat of every layer's stream and every class.
//
// Usage: Vmodel <specification> <result.json>. The specification is text (hls/simulate.py writes it):
//   vectors in_beats in_words interval watchdog seed stalls(0|1)
//   inputs classes                                      (files beside it; they hold 32-bit words)
//   layers, then for each: file beats words offset elements bits
// All streams are padded to whole words: `tap_words` carries layer i at word `offset`.
#include "Vmodel.h"
#include "verilated.h"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace {

const uint32_t* map_file(const std::string& path) {
    const int handle = open(path.c_str(), O_RDONLY);
    struct stat status;
    if (handle < 0 || fstat(handle, &status) != 0) {
        std::fprintf(stderr, "%s: cannot open\n", path.c_str());
        std::exit(2);
    }
    void* data = mmap(nullptr, status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, handle, 0);
    close(handle);
    if (data == MAP_FAILED) {
        std::fprintf(stderr, "%s: cannot map\n", path.c_str());
        std::exit(2);
    }
    return static_cast<const uint32_t*>(data);
}

class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ull + 1) {}
    uint64_t below(uint64_t limit) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return (state_ >> 11) % limit;
    }

  private:
    uint64_t state_;
};

// Open and closed by turns, for a few cycles or for up to two intervals; always open without stalls.
class Gate {
  public:
    Gate(bool stalls, uint64_t interval, uint64_t seed) : stalls_(stalls), interval_(interval), random_(seed) {}
    bool open() {
        if (!stalls_) return true;
        if (left_ == 0) {
            open_ = !open_;
            left_ = 1 + random_.below(random_.below(4) == 0 ? 2 * interval_ : 4);
        }
        --left_;
        return open_;
    }

  private:
    bool stalls_, open_ = false;
    uint64_t interval_, left_ = 0;
    Random random_;
};

struct Layer {
    const uint32_t* expected;
    uint64_t beats, words, offset, elements, bits;
    uint64_t vector = 0, beat = 0;  // of the next beat
};

struct Difference {
    uint64_t vector = UINT64_MAX, layer = 0, element = 0, expected = 0, got = 0;
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
        std::string inputs, classes;
        uint64_t count = 0;
        text >> vectors_ >> in_beats_ >> in_words_ >> interval_ >> watchdog_ >> seed_ >> stalls_ >> inputs >> classes
            >> count;
        for (uint64_t i = 0; i < count; ++i) {
            std::string file;
            Layer layer{};
            text >> file >> layer.beats >> layer.words >> layer.offset >> layer.elements >> layer.bits;
            layer.expected = map_file(folder + file);
            layers_.push_back(layer);
        }
        inputs_ = map_file(folder + inputs);
        classes_ = map_file(folder + classes);
        total_ = vectors_ < 4 ? 4 : vectors_;  // an interval needs a few vectors
        wrong_.assign(vectors_, 0);
        arrivals_.assign(total_, 0);
    }

    void run() {
        reset();
        Gate source(stalls_, interval_, 2 * seed_), sink(stalls_, interval_, 2 * seed_ + 1);
        // A lone vector shows the latency; then the rest follow as fast as they are taken.
        while (done_ < 1 && !hung_) step(source.open() && sent_ < 1, sink.open());
        while (done_ < total_ && !hung_) step(source.open() && sent_ < total_, sink.open());
        for (uint64_t i = 0; i < 2 * interval_ + 16 && !hung_; ++i) step(false, true);
    }

    void write(const char* path) const {
        uint64_t equal = 0;
        const uint64_t finished = done_ < vectors_ ? done_ : vectors_;
        for (uint64_t i = 0; i < finished; ++i) equal += !wrong_[i];
        std::FILE* out = std::fopen(path, "w");
        std::fprintf(out, "{\"equal\": %llu, \"cycles\": %llu, \"latency\": %llu, \"interval\": %.4f, \"hung\": %s, ",
                     word(equal), word(cycle_), word(latency_), interval(), hung_ ? "true" : "false");
        std::fprintf(out, "\"surplus\": %lld, \"unstable\": %s, \"done\": %llu, \"sent\": %llu, \"vectors\": [",
                     surplus_, unstable_ ? "true" : "false", word(done_), word(sent_));
        for (size_t i = 0; i < layers_.size(); ++i)
            std::fprintf(out, "%s%llu", i ? ", " : "", word(layers_[i].vector));
        std::fprintf(out, "], \"difference\": ");
        if (first_.vector == UINT64_MAX)
            std::fprintf(out, "null}\n");
        else
            std::fprintf(out, "[%llu, %llu, %llu, %llu, %llu]}\n", word(first_.vector), word(first_.layer),
                         word(first_.element), word(first_.expected), word(first_.got));
        std::fclose(out);
    }

  private:
    static unsigned long long word(uint64_t value) { return value; }

    double interval() const {
        const uint64_t from = 1 + (total_ - 1) / 2, to = total_ - 1;
        return done_ < total_ || to <= from ? 0 : double(arrivals_[to] - arrivals_[from]) / double(to - from);
    }

    void reset() {
        model_.rst = 1;
        for (int i = 0; i < 4; ++i) {
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
        if (model_.in_valid && model_.in_ready) take();
        if (const uint64_t fired = model_.tap_fire)
            for (size_t i = 0; i < layers_.size(); ++i)
                if (fired >> i & 1) compare(i);
        watch_output();
        tick();
        if (taken_) model_.in_valid = 0;
        taken_ = false;
        ++cycle_;
        hung_ = cycle_ - moved_ > watchdog_ && done_ < total_;
    }

    void load() {
        const uint32_t* beat = inputs_ + ((sent_ % vectors_) * in_beats_ + in_beat_) * in_words_;
        for (uint64_t i = 0; i < in_words_; ++i) model_.in_words[i] = beat[i];
        loaded_ = true;
    }

    void take() {
        if (sent_ == 0 && in_beat_ == 0) first_taken_ = cycle_;
        loaded_ = false;
        taken_ = true;
        moved_ = cycle_;
        if (++in_beat_ == in_beats_) {
            in_beat_ = 0;
            ++sent_;
        }
    }

    void compare(size_t index) {
        Layer& layer = layers_[index];
        if (layer.vector >= total_) {
            surplus_ = static_cast<long long>(index);
            return;
        }
        const uint64_t vector = layer.vector % vectors_;
        const uint32_t* expected = layer.expected + (vector * layer.beats + layer.beat) * layer.words;
        const uint32_t* got = &model_.tap_words[layer.offset];
        bool equal = true;
        for (uint64_t i = 0; i < layer.words; ++i) equal &= expected[i] == got[i];
        if (!equal) differ(index, vector, expected, got);
        moved_ = cycle_;
        if (++layer.beat == layer.beats) {
            layer.beat = 0;
            ++layer.vector;
        }
    }

    void differ(size_t index, uint64_t vector, const uint32_t* expected, const uint32_t* got) {
        const Layer& layer = layers_[index];
        wrong_[vector] = 1;
        if (vector > first_.vector || (vector == first_.vector && index >= first_.layer)) return;
        uint64_t element = 0;
        while (field(expected, element * layer.bits, layer.bits) == field(got, element * layer.bits, layer.bits))
            ++element;
        first_ = {vector, index, layer.beat * layer.elements + element,
                  field(expected, element * layer.bits, layer.bits), field(got, element * layer.bits, layer.bits)};
    }

    void watch_output() {
        const bool valid = model_.out_valid;
        const uint32_t data = model_.out_class;
        if (waiting_ && (!valid || data != waiting_data_)) unstable_ = true;
        waiting_ = valid && !model_.out_ready;
        waiting_data_ = data;
        if (!valid || !model_.out_ready) return;
        moved_ = cycle_;
        if (done_ >= total_) {
            surplus_ = static_cast<long long>(layers_.size());
            return;
        }
        const uint64_t vector = done_ % vectors_;
        if (data != classes_[vector]) {
            wrong_[vector] = 1;
            if (vector < first_.vector) first_ = {vector, layers_.size(), 0, classes_[vector], data};
        }
        if (done_ == 0) latency_ = cycle_ - first_taken_;
        arrivals_[done_++] = cycle_;
    }

    Vmodel model_;
    std::vector<Layer> layers_;
    std::vector<uint8_t> wrong_;
    std::vector<uint64_t> arrivals_;
    const uint32_t *inputs_, *classes_;
    uint64_t vectors_ = 0, in_beats_ = 0, in_words_ = 0, interval_ = 0, watchdog_ = 0, seed_ = 0, total_ = 0;
    bool stalls_ = false;
    uint64_t cycle_ = 0, moved_ = 0, sent_ = 0, in_beat_ = 0, done_ = 0, first_taken_ = 0, latency_ = 0;
    bool loaded_ = false, taken_ = false, hung_ = false, unstable_ = false, waiting_ = false;
    uint32_t waiting_data_ = 0;
    long long surplus_ = -1;
    Difference first_;
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::fprintf(stderr, "usage: %s specification result.json\n", arguments[0]);
        return 2;
    }
    Bench bench(arguments[1]);
    bench.run();
    bench.write(arguments[2]);
    return 0;
}
