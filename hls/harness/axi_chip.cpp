// Plays a script of accesses and bursts into the AXI ports of the Verilated chip and prints what it answers.
//
// Usage: model VECTOR_BYTES DATA_BITS LIMIT < script, where DATA_BITS is the width of the input stream. One command a
// line, numbers in hexadecimal; no answer in LIMIT cycles (a decimal number) ends the play with exit status 3. The chip
// is reset first.
//   W address value             write a register; prints the response (0: okay, 2: SLVERR)
//   R address                   read a register; prints the response and the value
//   P address mask cycles       read until no bit of the mask is set; prints the response and the value
//   B seed last bytes           send vectors as one burst, each padded to whole words, the last one not; prints the
//                               words of the answers. Pauses on both sides at random, none if the seed is 0. `last` 0: the
//                               packet does not end, and nothing is waited for.
// The last line printed is "cycles N".
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "Vmodel.h"
#include "verilated.h"

namespace {

struct Random {
    uint64_t state;
    // Lets one of two beats pass, in runs; always without a seed.
    bool open() {
        if (state == 0) return true;
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state >> 33 & 1;
    }
};

class Board {
  public:
    Board(size_t vector_bytes, size_t beat_bytes, uint64_t limit)
        : vector_bytes_(vector_bytes), beat_bytes_(beat_bytes), limit_(limit) {
        chip_.s_axi_bready = chip_.s_axi_rready = 1;
        chip_.aresetn = 0;
        for (int i = 0; i < 16; ++i) tick();
        chip_.aresetn = 1;
        tick();
    }

    uint64_t cycles = 0;

    unsigned write(uint32_t address, uint32_t value) {
        chip_.s_axi_awaddr = address;
        chip_.s_axi_wdata = value;
        chip_.s_axi_wstrb = 0xf;
        chip_.s_axi_awvalid = chip_.s_axi_wvalid = 1;
        const uint64_t start = cycles;
        while (!chip_.s_axi_bvalid) {
            const bool address_taken = chip_.s_axi_awready, data_taken = chip_.s_axi_wready;
            tick();
            if (address_taken) chip_.s_axi_awvalid = 0;
            if (data_taken) chip_.s_axi_wvalid = 0;
            watch(start, "write response");
        }
        const unsigned response = chip_.s_axi_bresp;
        tick();
        return response;
    }

    unsigned read(uint32_t address, uint32_t& value) {
        chip_.s_axi_araddr = address;
        chip_.s_axi_arvalid = 1;
        const uint64_t start = cycles;
        while (!chip_.s_axi_rvalid) {
            const bool taken = chip_.s_axi_arready;
            tick();
            if (taken) chip_.s_axi_arvalid = 0;
            watch(start, "read data");
        }
        value = chip_.s_axi_rdata;
        const unsigned response = chip_.s_axi_rresp;
        tick();
        return response;
    }

    void burst(uint64_t seed, bool last, const std::vector<uint8_t>& bytes) {
        Random source{seed}, sink{seed * 0x9e3779b97f4a7c15ull};
        size_t at = 0;
        bool ended = false;
        uint64_t moved = cycles;
        while (last ? !ended : at < bytes.size()) {
            if (!chip_.s_axis_tvalid && at < bytes.size() && source.open()) offer(bytes, at, last);
            chip_.m_axis_tready = sink.open();
            const bool sent = chip_.s_axis_tvalid && chip_.s_axis_tready;
            const bool got = chip_.m_axis_tvalid && chip_.m_axis_tready;
            if (got) std::printf("%x ", static_cast<unsigned>(chip_.m_axis_tdata));
            ended = got && chip_.m_axis_tlast;
            tick();
            if (sent) {
                at += length(bytes, at);
                chip_.s_axis_tvalid = 0;
            }
            if (sent || got) moved = cycles;
            watch(moved, "beat of a burst");
        }
        chip_.m_axis_tready = 0;
        std::puts("");
    }

  private:
    // Bytes of the word that begins at this byte: words do not reach from one vector into the next.
    size_t length(const std::vector<uint8_t>& bytes, size_t at) const {
        size_t left = vector_bytes_ - at % vector_bytes_;
        if (left > bytes.size() - at) left = bytes.size() - at;
        return left < beat_bytes_ ? left : beat_bytes_;
    }
    void offer(const std::vector<uint8_t>& bytes, size_t at, bool last) {
        const size_t count = length(bytes, at);
        const bool final = at + count == bytes.size();
        uint64_t word = 0;
        for (size_t i = 0; i < count; ++i) word |= static_cast<uint64_t>(bytes[at + i]) << 8 * i;
        chip_.s_axis_tdata = word;
        chip_.s_axis_tkeep = (1u << (final ? count : beat_bytes_)) - 1;
        chip_.s_axis_tlast = final && last;
        chip_.s_axis_tvalid = 1;
    }
    void watch(uint64_t start, const char* what) const {
        if (cycles - start <= limit_) return;
        std::fflush(stdout);
        std::fprintf(stderr, "no %s in %llu cycles\n", what, static_cast<unsigned long long>(limit_));
        std::exit(3);
    }
    void tick() {
        chip_.aclk = 0;
        chip_.eval();
        chip_.aclk = 1;
        chip_.eval();
        ++cycles;
    }

    Vmodel chip_;
    size_t vector_bytes_, beat_bytes_;
    uint64_t limit_;
};

uint64_t number() {
    std::string text;
    std::cin >> text;
    return std::stoull(text, nullptr, 16);
}

std::vector<uint8_t> bytes_of(const std::string& text) {
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i + 1 < text.size(); i += 2)
        bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
    return bytes;
}

void read_until(Board& board, uint32_t address, uint32_t mask, uint64_t limit) {
    uint32_t value = 0;
    unsigned response = 0;
    const uint64_t start = board.cycles;
    do response = board.read(address, value);
    while ((value & mask) != 0 && board.cycles - start < limit);
    std::printf("%x %x\n", response, value);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    Board board(std::stoul(argv[1]), std::stoul(argv[2]) / 8, std::stoull(argv[3]));
    std::string command;
    while (std::cin >> command) {
        const auto first = number();
        if (command == "W") {
            std::printf("%x\n", board.write(first, number()));
        } else if (command == "R") {
            read_until(board, first, 0, 0);
        } else if (command == "P") {
            const auto mask = number();
            read_until(board, first, mask, number());
        } else {
            const bool last = number() != 0;
            std::string text;
            std::cin >> text;
            board.burst(first, last, bytes_of(text));
        }
    }
    std::printf("cycles %llu\n", static_cast<unsigned long long>(board.cycles));
    return 0;
}
