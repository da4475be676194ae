// The Verilated chip as a board behind a serial port: bytes of a pseudo-terminal go through its UART pins.
//
// Usage: model FD CLOCK_HZ BAUD TIMEOUT_US SEED BITS LOST DOUBLED RESET SILENT_AFTER START
//   FD            master side of the pseudo-terminal; the host's baud is the one that its other side is set to
//   TIMEOUT_US    the chip's time-out inside a frame
//   BITS          probability of an error, for each bit of a byte; LOST, DOUBLED: for each byte, both ways
//   RESET         probability, for each byte from the host, that the chip is configured anew before it
//   SILENT_AFTER  bytes from the host after which the chip says nothing more; negative: never
//   START         clock cycles from configuration until the chip answers
// Ends when standard input does, and then prints what it did as one JSON object.
//
// Simulated time stands still while the line is idle and the chip has nothing to do. A silence of the host of
// kSilenceMs or more is simulated as one a little longer than the chip's time-out.
#include <asm/termbits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "Vmodel.h"
#include "verilated.h"

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kSilenceMs = 100;
constexpr int kBatch = 512;      // clock cycles between two looks at the pseudo-terminal
constexpr int kRestBits = 64;    // silence of a chip that is not busy, after which time stands still
constexpr size_t kAhead = 64;    // bytes that wait for the line; more are left in the pseudo-terminal

struct Faults {
    double bits = 0, lost = 0, doubled = 0, reset = 0;
    long silent_after = -1;
};

struct Done {
    unsigned long long flipped = 0, lost = 0, doubled = 0, resets = 0, swallowed = 0, received = 0, sent = 0, breaks = 0;
};

// Bits of the chip's output, sampled once a clock cycle.
class Listener {
  public:
    explicit Listener(double cycles_per_bit) : bit_(cycles_per_bit) {}
    uint64_t idle = 0;
    std::vector<uint8_t> bytes;

    void sample(bool level) {
        if (position_ < 0) {
            ++idle;
            if (!level) {
                idle = since_ = 0;
                position_ = 0;
            }
            return;
        }
        if (++since_ < static_cast<uint64_t>((position_ + 0.5) * bit_)) return;
        if (position_ == 9) {
            if (level) bytes.push_back(value_);
            position_ = -1;
            return;
        }
        if (position_ > 0) value_ = static_cast<uint8_t>(value_ >> 1 | (level ? 0x80 : 0));
        ++position_;
    }
    void forget() { position_ = -1; }

  private:
    double bit_;
    int position_ = -1;  // bit of the byte: 0 start, 1..8 data, 9 stop; -1 between bytes
    uint8_t value_ = 0;
    uint64_t since_ = 0;
};

class Board {
  public:
    Board(int fd, double clock_hz, double baud, double timeout_us, unsigned long seed, const Faults& faults,
          uint64_t start)
        : fd_(fd), clock_hz_(clock_hz), baud_(baud), start_(start), timeout_(static_cast<uint64_t>(timeout_us * clock_hz / 1e6 * 1.2)),
          faults_(faults), random_(seed), listener_(clock_hz / baud) {
        while ((2ull << heart_) <= static_cast<uint64_t>(clock_hz)) ++heart_;
        if (heart_ > 1) --heart_;
        configure();
    }

    void run() {
        while (!ended_) {
            exchange();
            if (resting()) wait();
            for (int i = 0; i < kBatch; ++i) tick();
        }
        std::printf(
            "{\"flipped\": %llu, \"lost\": %llu, \"doubled\": %llu, \"resets\": %llu, \"swallowed\": %llu, "
            "\"received\": %llu, \"sent\": %llu, \"breaks\": %llu, \"cycles\": %llu}\n",
            done_.flipped, done_.lost, done_.doubled, done_.resets, done_.swallowed, done_.received, done_.sent,
            done_.breaks, static_cast<unsigned long long>(total_));
    }

  private:
    struct Sending {
        unsigned bits;
        double cycles_per_bit;
    };

    void configure() {
        chip_ = std::make_unique<Vmodel>();
        chip_->uart_rx = 1;
        cycles_ = 0;
        listener_.forget();
        for (uint64_t i = 0; i < start_; ++i) tick();
    }

    bool chance(double probability) { return probability > 0 && uniform_(random_) < probability; }

    // Both ways: what the line makes of a byte.
    template <typename Take> void damage(uint8_t value, Take take) {
        if (chance(faults_.lost)) {
            ++done_.lost;
            return;
        }
        for (int bit = 0; faults_.bits > 0 && bit < 8; ++bit) {
            if (!chance(faults_.bits)) continue;
            value ^= static_cast<uint8_t>(1u << bit);
            ++done_.flipped;
        }
        take(value);
        if (chance(faults_.doubled)) {
            ++done_.doubled;
            take(value);
        }
    }

    bool silent() const { return faults_.silent_after >= 0 && done_.received > static_cast<unsigned long long>(faults_.silent_after); }

    void exchange() {
        std::vector<uint8_t> out;
        for (const uint8_t value : listener_.bytes) damage(value, [&](uint8_t v) { out.push_back(v); });
        listener_.bytes.clear();
        if (silent()) {
            done_.swallowed += out.size();
            out.clear();
        }
        done_.sent += out.size();
        for (size_t at = 0; at < out.size();) {
            const ssize_t wrote = write(fd_, out.data() + at, out.size() - at);
            if (wrote <= 0) break;
            at += static_cast<size_t>(wrote);
        }
        look(0);
    }

    // Takes what the host sent; waits that long for something, milliseconds, negative for ever.
    bool look(int milliseconds) {
        pollfd both[2] = {{fd_, POLLIN, 0}, {0, POLLIN, 0}};
        if (queue_.size() >= kAhead) both[0].events = 0;
        if (poll(both, 2, milliseconds) <= 0) return false;
        if (both[1].revents) ended_ = true;
        if (!(both[0].revents & POLLIN)) return false;
        const double bit = clock_hz_ / host_baud();
        uint8_t data[kAhead];
        const ssize_t count = read(fd_, data, sizeof data);
        for (ssize_t i = 0; i < count; ++i) {
            ++done_.received;
            damage(data[i], [&](uint8_t v) { queue_.push_back({static_cast<unsigned>(v) << 1 | 0x200, bit}); });
        }
        return count > 0;
    }

    double host_baud() {
        termios2 settings{};
        if (ioctl(fd_, TCGETS2, &settings) || !settings.c_ospeed) return baud_;
        if (settings.c_ospeed * 5.0 < baud_) ++done_.breaks;
        return settings.c_ospeed;
    }

    bool resting() const {
        const bool busy = chip_->led != (cycles_ >> heart_ & 1);
        return queue_.empty() && position_ < 0 && !busy && listener_.idle > kRestBits * clock_hz_ / baud_;
    }

    void wait() {
        const auto begin = Clock::now();
        while (!ended_ && !look(-1)) continue;
        if (Clock::now() - begin < std::chrono::milliseconds(kSilenceMs)) return;
        std::deque<Sending> held;
        held.swap(queue_);
        for (uint64_t i = 0; i < timeout_ && !ended_; ++i) tick();
        held.swap(queue_);
    }

    void tick() {
        drive();
        chip_->clk = 1;
        chip_->eval();
        chip_->clk = 0;
        chip_->eval();
        ++cycles_;
        ++total_;
        listener_.sample(chip_->uart_tx);
    }

    void drive() {
        if (position_ < 0) {
            if (queue_.empty()) return;
            if (chance(faults_.reset)) {
                ++done_.resets;
                std::deque<Sending> held;
                held.swap(queue_);
                configure();
                held.swap(queue_);
            }
            sending_ = queue_.front();
            queue_.pop_front();
            position_ = 0;
            passed_ = 0;
        }
        chip_->uart_rx = sending_.bits >> position_ & 1;
        if (++passed_ >= static_cast<uint64_t>((position_ + 1) * sending_.cycles_per_bit + 0.5) && ++position_ == 10)
            position_ = -1;
    }

    int fd_;
    double clock_hz_, baud_;
    uint64_t start_, timeout_;
    Faults faults_;
    Done done_;
    std::mt19937_64 random_;
    std::uniform_real_distribution<double> uniform_{0, 1};
    std::unique_ptr<Vmodel> chip_;
    Listener listener_;
    std::deque<Sending> queue_;
    Sending sending_{};
    int position_ = -1, heart_ = 0;
    uint64_t passed_ = 0, cycles_ = 0, total_ = 0;
    bool ended_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 12) return 2;
    Faults faults;
    faults.bits = std::atof(argv[6]);
    faults.lost = std::atof(argv[7]);
    faults.doubled = std::atof(argv[8]);
    faults.reset = std::atof(argv[9]);
    faults.silent_after = std::atol(argv[10]);
    Board board(std::atoi(argv[1]), std::atof(argv[2]), std::atof(argv[3]), std::atof(argv[4]),
                std::strtoul(argv[5], nullptr, 10), faults, std::strtoull(argv[11], nullptr, 10));
    board.run();
    return 0;
}
