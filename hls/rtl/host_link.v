// Host link over UART: takes framed requests, runs inferences on the core, sends framed replies (docs/host-link.md).
//
// One request at a time goes through three phases: LISTEN until a whole frame has been received and checked, RUN
// the core if it asks for inferences, REPLY. Bytes that come meanwhile wait in the receive buffer. The phases share
// one CRC unit. `restart` asks for a reset of everything but the counters: the line has seen a break.
`default_nettype none
module host_link #(
    parameter        CLOCK_HZ      = 25000000,
    parameter        BAUD          = 1000000,
    parameter        VECTOR_BYTES  = 40,
    parameter        IN_WIDTH      = 8,
    parameter        IN_BEATS      = 40,
    parameter        PARTS         = 0,      // of a vector, each with a frame of its own, before the rest
    parameter        PART_BYTES    = 0,
    parameter        OUT_BITS      = 3,      // of an element of the answer
    parameter        OUT_ELEMENTS  = 1,      // of a beat
    parameter        OUT_BEATS     = 1,
    parameter        OUT_SIGNED    = 0,
    parameter [175:0] TYPES        = 0,      // of input and output, as identify tells them
    parameter [63:0] MODEL_HASH    = 0,
    parameter [63:0] BUILD_ID      = 0,
    parameter        BENCH_VECTORS = 16,     // 0: a bench plays the vector that is held
    parameter        BENCH_FILE    = "",
`ifdef SETTINGS
    parameter        SETTINGS      = 1,      // of the core
`endif
    parameter        TIMEOUT_US    = 10000,  // silence that ends a frame
    parameter        BUFFER_DEPTH  = 64,     // a power of 2
    parameter        OUT_WIDTH     = OUT_BITS * OUT_ELEMENTS  // derived
) (
    input  wire                  clk,
    input  wire                  rst,
    input  wire                  uart_rx,
    output wire                  uart_tx,
    output wire [IN_WIDTH-1:0]   in_data,
    output wire                  in_valid,
    input  wire                  in_ready,
    input  wire [OUT_WIDTH-1:0]  out_data,
    input  wire                  out_valid,
    output wire                  out_ready,
`ifdef SETTINGS
    output wire                  setting_write,
    output wire [7:0]            setting_number,
    output wire [31:0]           setting_value,
    input  wire [31:0]           setting_held,
`endif
    output wire                  busy,
    output wire                  restart
);
    localparam ANSWER_BYTES = OUT_BEATS * OUT_ELEMENTS * ((OUT_BITS + 7) / 8);
    localparam INDEX        = ANSWER_BYTES + 10 > 63 ? $clog2(ANSWER_BYTES + 11) : 6;
    localparam INFER_BYTES  = VECTOR_BYTES - PARTS * PART_BYTES;
    localparam LOAD_BYTES   = PARTS != 0 ? PART_BYTES + 2 : 0;
    localparam LONGEST      = INFER_BYTES > LOAD_BYTES ? INFER_BYTES : LOAD_BYTES;
    localparam MAX_PAYLOAD  = (1 << $clog2((LONGEST > 4 ? LONGEST : 4) + 1)) - 1;
    localparam [63:0] TIMEOUT_64 = 64'd1 * BAUD * TIMEOUT_US / 1000000;  // bit times; the product needs 64 bits
    localparam TIMEOUT_BITS = TIMEOUT_64[30:0];
    localparam BEAT         = IN_BEATS > 1 ? $clog2(IN_BEATS) : 1;
    localparam [7:0]  INFER = 2, BENCH = 3, LOAD = 5;
    localparam [31:0] RESIDUE = 32'hDEBB20E3;
    localparam [1:0]  LISTEN = 0, RUN = 1, REPLY = 2;
    reg [1:0] phase = LISTEN;

    // Receive: pin, bytes, buffered bytes, checked request.
    wire       bit_tick, rx_valid, rx_bad, byte_valid, byte_broken, byte_take, gap, line_error;
    wire [7:0] rx_data, byte_data;
    wire       request, answered, payload_valid, payload_busy, serial_bit, receiver_clear, receiver_enable;
    wire       good_frame, crc_error, resync, incomplete, load_begins, playable;
    wire [7:0] command, sequence_number;
    wire [1:0] status;
    wire [31:0] crc;

    uart_rx #(.CLOCK_HZ(CLOCK_HZ), .BAUD(BAUD)) rx (
        .clk(clk), .rx(uart_rx), .bit_tick(bit_tick), .data(rx_data), .valid(rx_valid), .bad(rx_bad),
        .line_break(restart));
    host_link_buffer #(.DEPTH(BUFFER_DEPTH), .TIMEOUT_BITS(TIMEOUT_BITS)) buffer (
        .clk(clk), .rst(rst), .bit_tick(bit_tick), .in_data(rx_data), .in_valid(rx_valid), .in_bad(rx_bad),
        .out_data(byte_data), .out_broken(byte_broken), .out_valid(byte_valid), .out_take(byte_take),
        .gap(gap), .line_error(line_error));
    host_link_receiver #(
        .INFER_BYTES(INFER_BYTES), .LOAD_BYTES(LOAD_BYTES), .MAX_PAYLOAD(MAX_PAYLOAD)
    ) receiver (
        .clk(clk), .rst(rst), .byte_data(byte_data), .byte_broken(byte_broken), .byte_valid(byte_valid),
        .byte_take(byte_take), .gap(gap), .crc_clear(receiver_clear), .crc_enable(receiver_enable),
        .crc_good(crc == RESIDUE), .payload_valid(payload_valid), .payload_busy(payload_busy),
        .incomplete(incomplete), .unplayable(BENCH_VECTORS == 0 && !playable), .load_begins(load_begins),
`ifdef SETTINGS
        .setting_known(setting_known), .setting_given(setting_given),
`endif
        .request(request), .command(command),
        .sequence_number(sequence_number), .status(status), .answered(answered), .count_good(good_frame),
        .count_crc_error(crc_error), .count_resync(resync));

`ifdef SETTINGS
    // A setting of the core, which has no vector in it: one request is served at a time.
    localparam [7:0] SETTING = 8;
    wire setting_given;
    wire setting_known   = {24'd0, setting_number} < SETTINGS;
    assign setting_write = phase == LISTEN && request && status == 0 && command == SETTING && setting_given;
    host_link_setting setting (
        .clk(clk), .byte_data(byte_data), .byte_valid(payload_valid), .number(setting_number), .value(setting_value));

`endif
    // Run: the vector received, once or as often as a bench asks, or the stored ones, through the core.
    wire accept      = phase == LISTEN && request;
    wire start_infer = accept && status == 0 && command == INFER;
    wire start_bench = accept && status == 0 && command == BENCH;
    wire start       = start_infer || start_bench;
    wire feeding, vector_ends, read, done;
    wire last_beat, answer_valid, answer_last, holds, out_of_core;
    wire [7:0] answer_byte;
    wire [BEAT-1:0]       address;
    wire [IN_WIDTH-1:0]   host_data;
    wire [47:0]           cycles;
    wire [31:0]           inferences;
    wire [15:0]           held;
    reg                   leaving = 0;  // all answers are out of the core, the last bytes are not yet out of `results`

    host_link_vector #(
        .IN_WIDTH(IN_WIDTH), .IN_BEATS(IN_BEATS), .PARTS(PARTS), .PART_BEATS(8 * PART_BYTES / IN_WIDTH)
    ) vector (
        .clk(clk), .rst(rst), .clear(receiver_clear), .byte_data(byte_data), .byte_valid(payload_valid), .busy(payload_busy),
        .serial_bit(serial_bit), .kept(command == INFER || (PARTS != 0 && command == LOAD)), .part_begins(load_begins),
        .part_came(accept && status == 0 && PARTS != 0 && command == LOAD), .used(start_infer), .held(held),
        .incomplete(incomplete), .playable(playable), .read(read), .address(address), .data(host_data));
    bench_feeder #(
        .IN_WIDTH(IN_WIDTH), .IN_BEATS(IN_BEATS), .BENCH_VECTORS(BENCH_VECTORS), .FILE(BENCH_FILE)
    ) feeder (
        .clk(clk), .rst(rst), .count_bit(serial_bit), .count_shift(payload_busy), .start_host(start_infer),
        .start_bench(start_bench), .active(feeding), .vector_ends(vector_ends), .read(read), .address(address),
        .host_data(host_data), .out_data(in_data), .out_valid(in_valid), .out_ready(in_ready));
    // The cycles of a run end with the last beat out of the core; the run does with the last byte of the last answer.
    result_bytes #(.BITS(OUT_BITS), .ELEMENTS(OUT_ELEMENTS), .BEATS(OUT_BEATS), .SIGNED(OUT_SIGNED)) results (
        .clk(clk), .rst(rst), .in_data(out_data), .in_valid(out_valid), .in_ready(out_ready), .ends(last_beat),
        .out_data(answer_byte), .out_last(answer_last), .out_valid(answer_valid), .out_ready(1'b1), .holds(holds));
    bench_meter meter (
        .clk(clk), .rst(rst), .start(start), .feeding(feeding), .vector_ends(vector_ends),
        .beat_moves(in_valid && in_ready), .answer_ends(out_valid && out_ready && last_beat), .cycles(cycles),
        .inferences(inferences), .done(out_of_core));
    assign done = (out_of_core || leaving) && !holds;

    // Reply.
    wire [7:0] reply_command, payload, counter, responder_data, tx_data;
    wire [7:0] answer;
    wire [INDEX-1:0] reply_length, index;
    wire       in_payload, responder_enable, tx_valid, tx_ready;
    wire [3:0] counter_index = index[3:0] - 4'd4;
    reg [31:0] checksum = 0;

    host_link_answer #(.BYTES(ANSWER_BYTES), .INDEX(INDEX)) last (
        .clk(clk), .rst(rst), .in_data(answer_byte), .in_valid(answer_valid), .in_last(answer_last), .index(index),
        .data(answer));
    host_link_counters counters (
        .clk(clk), .hold(in_payload), .good_frame(good_frame), .crc_error(crc_error), .line_error(line_error),
        .resync(resync), .index(counter_index), .data(counter));
    host_link_payload #(
        .CLOCK_HZ(CLOCK_HZ), .ANSWER_BYTES(ANSWER_BYTES), .PARTS(PARTS), .PART_BYTES(PART_BYTES),
        .MODEL_HASH(MODEL_HASH), .BUILD_ID(BUILD_ID), .TYPES(TYPES), .BENCH_VECTORS(BENCH_VECTORS),
        .MAX_PAYLOAD(MAX_PAYLOAD), .BUFFER_BYTES(BUFFER_DEPTH - 1), .TIMEOUT_US(TIMEOUT_US), .INDEX(INDEX)
    ) payloads (
`ifdef SETTINGS
        .setting_held(setting_held),
`endif
        .status(status), .command(command), .index(index), .answer(answer), .cycles(cycles), .checksum(checksum),
        .inferences(inferences), .held(held), .counter(counter), .reply_command(reply_command),
        .length(reply_length), .data(payload));
    host_link_responder #(.INDEX(INDEX)) responder (
        .clk(clk), .rst(rst), .active(phase == REPLY), .command(reply_command), .sequence_number(sequence_number),
        .length(reply_length), .in_payload(in_payload), .index(index), .payload(payload),
        .crc_enable(responder_enable), .crc_data(responder_data), .crc_low(crc[7:0]), .tx_data(tx_data),
        .tx_valid(tx_valid), .tx_ready(tx_ready), .done(answered));
    uart_tx #(.CLOCK_HZ(CLOCK_HZ), .BAUD(BAUD)) tx (
        .clk(clk), .rst(rst), .data(tx_data), .valid(tx_valid), .ready(tx_ready), .tx(uart_tx));

    // One CRC unit: over the request, then over the answers, then over the reply.
    crc32 check (
        .clk(clk), .clear(receiver_clear || accept || done),
        .enable(receiver_enable || answer_valid || responder_enable),
        .data(phase == LISTEN ? byte_data : phase == RUN ? answer_byte : responder_data), .crc(crc));

    always @(posedge clk) begin
        case (phase)
            LISTEN: if (accept) phase <= start ? RUN : REPLY;
            RUN: if (done) phase <= REPLY;
            default: if (answered) phase <= LISTEN;
        endcase
        if (done) checksum <= ~crc;
        leaving <= (out_of_core || leaving) && !done && !rst;
        if (rst) phase <= LISTEN;
    end
    assign busy = phase != LISTEN;
endmodule
`default_nettype wire
