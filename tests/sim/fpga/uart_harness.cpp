// Sends the bytes of standard input to the chip, one a pause, and prints all that it answers.
#include <cstdio>
#include <vector>
#include "Vmodel.h"
#include "verilated.h"

namespace {
constexpr int kDivider = 12;       // clocks of one bit
constexpr int kPause = 60 * kDivider;  // long enough for the four bytes of an answer

class Uart {
 public:
  explicit Uart(Vmodel& chip) : chip_(chip) {}

  void tick(int line) {
    chip_.uart_rx = line;
    chip_.clk = 0;
    chip_.eval();
    chip_.clk = 1;
    chip_.eval();
    listen();
  }

  void send(int byte) {
    const int frame = (byte << 1) | (1 << 9);
    for (int bit = 0; bit < 10; bit++)
      for (int i = 0; i < kDivider; i++) tick((frame >> bit) & 1);
  }

 private:
  void listen() {
    if (bit_ < 0) {
      if (chip_.uart_tx == 0) bit_ = 0, wait_ = kDivider + kDivider / 2;
      return;
    }
    if (--wait_ > 0) return;
    wait_ = kDivider;
    if (bit_ == 8) {
      printf("%02x\n", value_);
      bit_ = -1;
      value_ = 0;
      return;
    }
    value_ |= chip_.uart_tx << bit_++;
  }

  Vmodel& chip_;
  int bit_ = -1, wait_ = 0, value_ = 0;
};
}  // namespace

int main() {
  Vmodel chip;
  Uart uart(chip);
  for (int i = 0; i < 1000; i++) uart.tick(1);
  for (int byte = getchar(); byte != EOF; byte = getchar()) {
    uart.send(byte);
    for (int i = 0; i < kPause; i++) uart.tick(1);
  }
  return 0;
}
