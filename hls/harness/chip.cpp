// Plays a script of line events into the UART of the Verilated chip and prints what it sends.
//
// Usage: model CLOCK_HZ BAUD < script. One command a line, times in clock cycles:
//   S hex         send bytes          B hex         send bytes whose stop bit is low
//   P cycles      hold the line high  L cycles      hold the line low
//   R first idle  wait `first` cycles at most for a byte to begin, and from then on until the line has been idle
//                 for `idle` cycles; print all bytes received since the last R in hexadecimal, or "-"
// The last line printed is "cycles N". A received byte with a low stop bit is an error: the chip never sends one.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "Vmodel.h"
#include "verilated.h"

namespace {

// Receives what the chip sends; sampled once a clock cycle.
class Listener {
  public:
    explicit Listener(double cycles_per_bit) : bit_(cycles_per_bit) {}

    // Cycles since the last byte (0 while one is on the line).
    uint64_t idle = 0;
    std::vector<uint8_t> bytes;

    void sample(bool level) {
        if (position_ < 0) {
            ++idle;
            if (!level) start();
        } else if (++since_start_ == due_) {
            take(level);
        }
    }

  private:
    void start() {
        idle = 0;
        position_ = 0;
        since_start_ = 0;
        schedule();
    }
    void schedule() { due_ = static_cast<uint64_t>((position_ + 0.5) * bit_); }
    void take(bool level) {
        if (position_ == 9) {
            if (!level) {
                std::fprintf(stderr, "the chip sent a byte without a stop bit\n");
                std::exit(1);
            }
            bytes.push_back(value_);
            position_ = -1;
            return;
        }
        if (position_ > 0) value_ = static_cast<uint8_t>(value_ >> 1 | (level ? 0x80 : 0));
        ++position_;
        schedule();
    }

    double bit_;
    int position_ = -1;  // bit of the byte: 0 start, 1..8 data, 9 stop; -1 between bytes
    uint8_t value_ = 0;
    uint64_t since_start_ = 0, due_ = 0;
};

class Board {
  public:
    Board(double cycles_per_bit) : bit_(cycles_per_bit), listener_(cycles_per_bit) { chip_.uart_rx = 1; }

    uint64_t cycles = 0;

    void hold(bool level, uint64_t count) {
        chip_.uart_rx = level;
        while (count--) tick();
    }

    void send(uint8_t value, bool stop) {
        const unsigned bits = value << 1 | (stop ? 0x200 : 0);
        uint64_t passed = 0;
        for (int i = 0; i < 10; ++i) {
            const auto end = static_cast<uint64_t>((i + 1) * bit_ + 0.5);
            hold(bits >> i & 1, end - passed);
            passed = end;
        }
        chip_.uart_rx = 1;
    }

    void receive(uint64_t first, uint64_t idle) {
        chip_.uart_rx = 1;
        bool begun = listener_.idle == 0;
        for (uint64_t i = 0; i < first && !begun; ++i) {
            tick();
            begun = listener_.idle == 0;
        }
        while (begun && listener_.idle < idle) tick();
        print();
    }

  private:
    void tick() {
        chip_.clk = 1;
        chip_.eval();
        chip_.clk = 0;
        chip_.eval();
        ++cycles;
        listener_.sample(chip_.uart_tx);
    }
    void print() {
        for (const uint8_t value : listener_.bytes) std::printf("%02x", value);
        std::puts(listener_.bytes.empty() ? "-" : "");
        std::fflush(stdout);
        listener_.bytes.clear();
    }

    Vmodel chip_;
    double bit_;
    Listener listener_;
};

void send_hex(Board& board, const std::string& text, bool stop) {
    for (size_t i = 0; i + 1 < text.size(); i += 2)
        board.send(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)), stop);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    Board board(std::stod(argv[1]) / std::stod(argv[2]));
    std::string command, text;
    uint64_t first = 0, idle = 0;
    while (std::cin >> command) {
        if (command == "R") {
            std::cin >> first >> idle;
            board.receive(first, idle);
        } else if (command == "P" || command == "L") {
            std::cin >> first;
            board.hold(command == "P", first);
        } else {
            std::cin >> text;
            send_hex(board, text, command == "S");
        }
    }
    std::printf("cycles %llu\n", static_cast<unsigned long long>(board.cycles));
    return 0;
}
