// As much of Arduino's core as the sketch uses: two ports that are files, and the time of a computer.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <time.h>
#include <unistd.h>

class HardwareSerial {
public:
    int in = -1, out = -1;
    bool ended = false;

    void begin(unsigned long) {}
    void flush() {}
    int available()
    {
        pollfd wait = {in, POLLIN, 0};
        return poll(&wait, 1, 1) > 0 && !ended;
    }
    int read()
    {
        uint8_t byte;
        ended = ::read(in, &byte, 1) != 1;
        return ended ? -1 : byte;
    }
    size_t write(uint8_t byte) { return write(&byte, 1); }
    size_t write(const uint8_t *data, size_t count) { return (size_t)::write(out, data, count); }
    void print(const char *text) { text_out(text); }
    void print(int value) { text_out(std::to_string(value)); }
    void print(long value) { text_out(std::to_string(value)); }
    void print(unsigned long value) { text_out(std::to_string(value)); }
    template <typename T> void println(T value)
    {
        print(value);
        text_out("\n");
    }

private:
    void text_out(const std::string &text) { write((const uint8_t *)text.data(), text.size()); }
};

extern HardwareSerial Serial, Serial1;
unsigned long millis();
void delay(unsigned long milliseconds);
void setup();
void loop();
