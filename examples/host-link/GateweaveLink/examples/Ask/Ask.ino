/* Asks a Gateweave board for answers. Type one integer an element into the serial monitor, with commas between, then Enter.
 *
 * The FPGA board's host link is at Serial1 (cross RX and TX, join GND, mind 3.3 V). BAUD is that of its board.yaml; a
 * microcontroller may be off by 3 %. MOST_ELEMENTS and MOST_BYTES have to hold a vector and an answer of your network. */
#include <gateweave_link.h>

static const unsigned long BAUD = 1000000;
static const uint32_t MOST_ELEMENTS = 512, MOST_BYTES = 512;

static gw_link board;
static gw_identity identity;
static bool ready = false;
static int32_t values[MOST_ELEMENTS];
static uint8_t vector[MOST_BYTES], answer[MOST_BYTES];
static uint32_t count = 0;

static int writeBoard(void *, const uint8_t *data, size_t bytes)
{
    return Serial1.write(data, bytes) == bytes ? 0 : -1;
}

static int readBoard(void *, uint8_t *byte, uint32_t milliseconds)
{
    const unsigned long began = millis();
    while (!Serial1.available())
        if (millis() - began >= milliseconds)
            return 0;
    *byte = (uint8_t)Serial1.read();
    return 1;
}

static int breakBoard(void *)
{
    Serial1.flush();
    Serial1.begin(BAUD / 8); /* a zero byte is long enough there */
    Serial1.write((uint8_t)0);
    Serial1.flush();
    Serial1.begin(BAUD);
    delay(10);
    while (Serial1.available())
        Serial1.read();
    return 0;
}

static void meet()
{
    const int state = gw_identify(&board, &identity);
    ready = state == GW_OK && gw_elements(&identity.input) <= MOST_ELEMENTS && gw_vector_bytes(&identity) <= MOST_BYTES &&
            gw_answer_bytes(&identity) <= MOST_BYTES;
    if (ready) {
        Serial.print("ready: numbers a line: ");
        Serial.println((unsigned long)gw_elements(&identity.input));
    } else {
        Serial.print(state == GW_OK ? "the network is too large for this sketch: " : "no board: ");
        Serial.println(state);
    }
}

static void infer()
{
    uint32_t cycles;
    if (!ready || count != gw_elements(&identity.input)) {
        Serial.print("another number of values: ");
        Serial.println((unsigned long)count);
    } else if (gw_pack(&identity, values, vector)) {
        Serial.println("a value is outside the input's type");
    } else if (gw_infer(&board, &identity, vector, answer, &cycles) != GW_OK) {
        Serial.println("no answer");
        meet();
    } else {
        for (uint32_t i = 0; i < gw_elements(&identity.output); i++) {
            Serial.print(i ? "," : "answer ");
            Serial.print((long)gw_element(&identity, answer, i));
        }
        Serial.print(" after cycles: ");
        Serial.println((unsigned long)cycles);
    }
}

void setup()
{
    Serial.begin(115200);
    Serial1.begin(BAUD);
    board.write = writeBoard;
    board.read = readBoard;
    board.line_break = breakBoard;
    board.patience = 250;
    meet();
}

void loop()
{
    static char number[12];
    static uint8_t digits = 0;
    if (!Serial.available())
        return;
    const char c = (char)Serial.read();
    if (c != ',' && c != '\n' && c != '\r') {
        if (digits < sizeof number - 1)
            number[digits++] = c;
        return;
    }
    if (digits) {
        number[digits] = 0;
        if (count < MOST_ELEMENTS)
            values[count] = (int32_t)atol(number);
        count++;
        digits = 0;
    }
    if (c == '\n') {
        infer();
        count = 0;
    }
}
