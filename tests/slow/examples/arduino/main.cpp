// Runs a sketch until its monitor's input ends; Serial1 is the port that the command names.
#include "Arduino.h"

HardwareSerial Serial, Serial1;

unsigned long millis()
{
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)now.tv_sec * 1000 + (unsigned long)now.tv_nsec / 1000000;
}

void delay(unsigned long milliseconds) { usleep((useconds_t)(1000 * milliseconds)); }

int main(int, char **words)
{
    Serial.in = 0;
    Serial.out = 1;
    Serial1.in = Serial1.out = open(words[1], O_RDWR | O_NOCTTY);
    if (Serial1.in < 0)
        return 1;
    for (setup(); !Serial.ended;)
        loop();
    return 0;
}
