// Host link over UART in its streamed form: neither a vector nor an answer is held (docs/host-link.md, version 3).
//
// Requests are served as in host_link, one at a time, in three phases: LISTEN until a whole frame has been received and
// checked, RUN a bench if it asks for one, REPLY. The core goes on meanwhile: it takes parts of vectors as they come, and
// fills parts of answers until two wait for the host. A bench is played only where nothing was pushed since the last reset:
// then nothing is in the core, and nothing waits. Its answers are only counted and checked.
`default_nettype none
module stream_link #(
    parameter         CLOCK_HZ     = 25000000,
    parameter         BAUD         = 1000000,
    parameter         IN_WIDTH     = 8,
    parameter         IN_BEATS     = 4096,
    parameter         PART_BYTES   = 1024,   // of a vector: whole beats; of an answer: at most
    parameter         MAX_PAYLOAD  = 2047,   // 2**n - 1, PART_BYTES + 4 at least
    parameter         OUT_BITS     = 8,      // of an element of the answer
    parameter         OUT_ELEMENTS = 1,      // of a beat
    parameter         OUT_BEATS    = 4096,
    parameter         OUT_SIGNED   = 0,
    parameter [455:0] IDENTITY     = 0,      // the reply to identify, first byte in the low bits
`ifdef SETTINGS
    parameter         SETTINGS     = 1,      // of the core
`endif
    parameter         TIMEOUT_US   = 10000,  // silence that ends a frame
    parameter         BUFFER_DEPTH = 64,     // a power of 2
    parameter         OUT_WIDTH    = OUT_BITS * OUT_ELEMENTS  // derived
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
    localparam INDEX = PART_BYTES > 32 ? $clog2(PART_BYTES) + 1 : 6;  // of a payload's length, PART_BYTES + 4 or 57 at most
    localparam [63:0] TIMEOUT_64 = 64'd1 * BAUD * TIMEOUT_US / 1000000;  // bit times; the product needs 64 bits
    localparam TIMEOUT_BITS = TIMEOUT_64[30:0];
    localparam [7:0]  BENCH = 3, PUSH = 6, TAKE = 7;
    localparam [31:0] RESIDUE = 32'hDEBB20E3;
    localparam [1:0]  LISTEN = 0, RUN = 1, REPLY = 2;
    reg [1:0] phase = LISTEN;

    // Receive: pin, bytes, buffered bytes, checked request.
    wire       bit_tick, rx_valid, rx_bad, byte_valid, byte_broken, byte_take, gap, line_error;
    wire [7:0] rx_data, byte_data;
    wire       request, answered, payload_valid, payload_busy, receiver_clear, receiver_enable, load_begins;
    wire       good_frame, crc_error, resync;
    wire [7:0] command, sequence_number;
    wire [1:0] status;
    wire [31:0] crc, parts, number;

    uart_rx #(.CLOCK_HZ(CLOCK_HZ), .BAUD(BAUD)) rx (
        .clk(clk), .rx(uart_rx), .bit_tick(bit_tick), .data(rx_data), .valid(rx_valid), .bad(rx_bad),
        .line_break(restart));
    host_link_buffer #(.DEPTH(BUFFER_DEPTH), .TIMEOUT_BITS(TIMEOUT_BITS)) buffer (
        .clk(clk), .rst(rst), .bit_tick(bit_tick), .in_data(rx_data), .in_valid(rx_valid), .in_bad(rx_bad),
        .out_data(byte_data), .out_broken(byte_broken), .out_valid(byte_valid), .out_take(byte_take),
        .gap(gap), .line_error(line_error));
    host_link_receiver #(
        .INFER(TAKE), .INFER_BYTES(4), .LOAD(PUSH), .LOAD_BYTES(PART_BYTES + 4), .BENCH_BYTES(PART_BYTES + 4),
        .MAX_PAYLOAD(MAX_PAYLOAD)
    ) receiver (
        .clk(clk), .rst(rst), .byte_data(byte_data), .byte_broken(byte_broken), .byte_valid(byte_valid),
        .byte_take(byte_take), .gap(gap), .crc_clear(receiver_clear), .crc_enable(receiver_enable),
        .crc_good(crc == RESIDUE), .payload_valid(payload_valid), .payload_busy(payload_busy),
`ifdef SETTINGS
        .setting_known(setting_known), .setting_given(setting_given),
`endif
        .incomplete(1'b0), .unplayable(parts != 0), .load_begins(load_begins), .request(request),
        .command(command), .sequence_number(sequence_number), .status(status), .answered(answered),
        .count_good(good_frame), .count_crc_error(crc_error), .count_resync(resync));

`ifdef SETTINGS
    // A setting of the core, which changes only where nothing was pushed since the last reset: no vector is in the core then.
    localparam [7:0] SETTING = 8;
    wire setting_given;
    wire setting_known   = {24'd0, setting_number} < SETTINGS && (parts == 0 || !setting_given);
    assign setting_write = phase == LISTEN && request && status == 0 && command == SETTING && setting_given;
    host_link_setting setting (
        .clk(clk), .byte_data(byte_data), .byte_valid(payload_valid), .number(setting_number), .value(setting_value));

`endif
    // Parts of vectors into the core.
    wire accept      = phase == LISTEN && request;
    wire acted       = accept && status == 0;
    wire start_bench = acted && command == BENCH;
    wire playing, vector_ends;

    stream_link_parts #(.IN_WIDTH(IN_WIDTH), .IN_BEATS(IN_BEATS), .PART_BEATS(8 * PART_BYTES / IN_WIDTH)) vectors (
        .clk(clk), .rst(rst), .clear(receiver_clear), .byte_data(byte_data), .byte_valid(payload_valid),
        .busy(payload_busy), .kept(command == PUSH || command == BENCH), .number(number),
        .came(acted && command == PUSH), .parts(parts), .play(start_bench), .playing(playing),
        .vector_ends(vector_ends), .out_data(in_data), .out_valid(in_valid), .out_ready(in_ready));

    // Answers out of it: to the host, or in a bench into its checksum. A bench is over with the last byte of the last answer.
    localparam PAYLOAD_BEGIN = 4;  // bytes of a reply to TAKE before those of the answer
    wire [7:0]  answer_byte, answer;
    wire        answer_valid, answer_last, last_beat, holds, out_of_core, answer_room, sends;
    wire        benching = phase == RUN;
    wire [47:0] cycles;
    wire [31:0] inferences, taken;
    wire [INDEX-1:0] size, reply_length, index;
    reg         leaving = 0;  // all answers are out of the core, the last bytes are not yet out of `results`
    wire        done = benching && (out_of_core || leaving) && !holds;

    result_bytes #(.BITS(OUT_BITS), .ELEMENTS(OUT_ELEMENTS), .BEATS(OUT_BEATS), .SIGNED(OUT_SIGNED)) results (
        .clk(clk), .rst(rst), .in_data(out_data), .in_valid(out_valid), .in_ready(out_ready), .ends(last_beat),
        .out_data(answer_byte), .out_last(answer_last), .out_valid(answer_valid),
        .out_ready(benching || answer_room), .holds(holds));
    stream_link_answer #(.PART_BYTES(PART_BYTES), .INDEX(INDEX)) answers (
        .clk(clk), .rst(rst), .in_data(answer_byte), .in_last(answer_last), .in_valid(answer_valid && !benching),
        .in_ready(answer_room), .asked(acted && command == TAKE), .number(number), .taken(taken), .sends(sends),
        .size(size), .index(index - PAYLOAD_BEGIN[INDEX-1:0]), .data(answer));
    bench_meter meter (
        .clk(clk), .rst(rst), .start(start_bench), .feeding(playing), .vector_ends(vector_ends),
        .beat_moves(in_valid && in_ready), .answer_ends(out_valid && out_ready && last_beat), .cycles(cycles),
        .inferences(inferences), .done(out_of_core));

    // Reply.
    wire [7:0] reply_command, payload, counter, responder_data, tx_data;
    wire       in_payload, responder_enable, tx_valid, tx_ready;
    wire [3:0] counter_index = index[3:0] - 4'd4;
    reg [31:0] checksum = 0;

    host_link_counters counters (
        .clk(clk), .hold(in_payload), .good_frame(good_frame), .crc_error(crc_error), .line_error(line_error),
        .resync(resync), .index(counter_index), .data(counter));
    stream_link_payload #(.IDENTITY(IDENTITY), .INDEX(INDEX)) payloads (
`ifdef SETTINGS
        .setting_held(setting_held),
`endif
        .status(status), .command(command), .index(index), .cycles(cycles), .checksum(checksum),
        .inferences(inferences), .parts(parts), .taken(taken), .sends(sends), .size(size), .answer(answer),
        .counter(counter), .reply_command(reply_command), .length(reply_length), .data(payload));
    host_link_responder #(.INDEX(INDEX)) responder (
        .clk(clk), .rst(rst), .active(phase == REPLY), .command(reply_command), .sequence_number(sequence_number),
        .length(reply_length), .in_payload(in_payload), .index(index), .payload(payload),
        .crc_enable(responder_enable), .crc_data(responder_data), .crc_low(crc[7:0]), .tx_data(tx_data),
        .tx_valid(tx_valid), .tx_ready(tx_ready), .done(answered));
    uart_tx #(.CLOCK_HZ(CLOCK_HZ), .BAUD(BAUD)) tx (
        .clk(clk), .rst(rst), .data(tx_data), .valid(tx_valid), .ready(tx_ready), .tx(uart_tx));

    // One CRC unit: over the request, then over the answers of a bench, then over the reply.
    crc32 check (
        .clk(clk), .clear(receiver_clear || accept || done),
        .enable(receiver_enable || (answer_valid && benching) || responder_enable),
        .data(phase == LISTEN ? byte_data : benching ? answer_byte : responder_data), .crc(crc));

    always @(posedge clk) begin
        case (phase)
            LISTEN: if (accept) phase <= start_bench ? RUN : REPLY;
            RUN: if (done) phase <= REPLY;
            default: if (answered) phase <= LISTEN;
        endcase
        if (done) checksum <= ~crc;
        leaving <= benching && (out_of_core || leaving) && !done && !rst;
        if (rst) phase <= LISTEN;
    end
    assign busy = phase != LISTEN;

    wire unused = &{1'b0, load_begins};
endmodule
`default_nettype wire
